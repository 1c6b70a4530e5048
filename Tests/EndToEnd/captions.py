"""Closed captions of CEA-608 in H.264, as ATSC A/53 part 4 §6.2.3 has them: put into pictures, and read from them."""

from ladders import kind, units

# What a message of user data that ITU-T T.35 registers to ATSC begins with when it has captions.
ATSC = b"\xB5\0\x31GA94\3"
REGISTERED = 4


def _odd(value):
    """Seven bits with odd parity."""
    return value | (0x80 if bin(value).count("1") % 2 == 0 else 0)


def pairs(number):
    """The captions of the picture of that number: two bytes for each field, and no others have them."""
    high, low = _odd(0x20 + number // 64 % 64), _odd(0x20 + number % 64)
    return bytes([0xFC, high, low, 0xFD, low, high])


def message(captions):
    """An SEI unit with captions, of three bytes for each pair."""
    payload = ATSC + bytes([0x40 | len(captions) // 3, 0xFF]) + captions + b"\xFF"
    assert b"\0\0" not in payload, "nothing has to be escaped"
    return bytes([6, REGISTERED, len(payload)]) + payload + b"\x80"


def captioned(tags):
    """The tags of an FLV file, each picture of which has the captions of its number in the order of showing."""
    tags = list(tags)
    shown = sorted(time + _offset(payload) for kind, time, payload in tags if _is_picture(kind, payload))
    for tag, time, payload in tags:
        if _is_picture(tag, payload):
            unit = message(pairs(shown.index(time + _offset(payload))))
            payload = payload[:5] + len(unit).to_bytes(4, "big") + unit + payload[5:]
        yield tag, time, payload


def _is_picture(kind, payload):
    return kind == 9 and payload[1] == 1


def _offset(payload):
    """By how much it is shown later than it is decoded, in milliseconds."""
    return int.from_bytes(payload[2:5], "big", signed=True)


def read(picture):
    """The captions that a picture has, without pairs that are said to mean nothing."""
    found = b""
    for unit in units(picture.data):
        if kind(unit, picture.codec) != 6:
            continue
        data, place = unit[1:].replace(b"\0\0\3", b"\0\0"), 0
        while place + 2 < len(data):
            numbers = []
            for _ in range(2):
                value = 0
                while data[place] == 0xFF:
                    value, place = value + 255, place + 1
                numbers.append(value + data[place])
                place += 1
            payload = data[place:place + numbers[1]]
            place += numbers[1]
            if numbers[0] == REGISTERED and payload.startswith(ATSC):
                start, count = len(ATSC) + 2, payload[len(ATSC)] & 31
                triplets = [payload[start + 3 * number:start + 3 * number + 3] for number in range(count)]
                found += b"".join(one for one in triplets if one[0] & 4)
    return found
