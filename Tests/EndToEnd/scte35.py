"""Writes splice_info_sections, ANSI/SCTE 35 §9 and §10. Times and durations are ticks of 90 kHz."""

from mpegts import CLOCK, crc32

BREAK_START, BREAK_END = 0x22, 0x23
PROGRAM_START, PROGRAM_END = 0x10, 0x11
OPPORTUNITY_START, OPPORTUNITY_END = 0x34, 0x35


def splice_insert(event, out, time=None, duration=None, returns=False, **options):
    """A break that begins (`out`) or ends; at once without a time. With `returns` it ends by itself."""
    flags = 0x4F | (0x80 if out else 0) | (0x20 if duration is not None else 0) | (0x10 if time is None else 0)
    body = event.to_bytes(4, "big") + bytes([0x7F, flags])
    if time is not None:
        body += _time(time)
    if duration is not None:
        body += bytes([0x7E | (0x80 if returns else 0) | duration >> 32]) + (duration & 0xFFFFFFFF).to_bytes(4, "big")
    return section(5, body + bytes(4), **options)


def cancel_insert(event, **options):
    """A break that was announced does not come."""
    return section(5, event.to_bytes(4, "big") + b"\xFF", **options)


def time_signal(time, *segments, **options):
    """A moment at which segments begin or end; at once without a time."""
    return section(6, _time(time), segments, **options)


def segmentation(event, kind, duration=None, upid_type=0, upid=b"", number=0, expected=0):
    """A segment that begins or ends, for a time_signal."""
    body = b"CUEI" + event.to_bytes(4, "big") + bytes([0x7F, 0xBF if duration is None else 0xFF])
    if duration is not None:
        body += duration.to_bytes(5, "big")
    body += bytes([upid_type, len(upid)]) + upid + bytes([kind, number, expected])
    return bytes([2, len(body)]) + body


def splice_null():
    """That there may be splices."""
    return section(0, b"")


def section(kind, command, descriptors=(), adjustment=0):
    """A whole section; `adjustment` is added to its times by who reads it."""
    loop = b"".join(descriptors)
    body = bytes([0, adjustment >> 32]) + (adjustment & 0xFFFFFFFF).to_bytes(4, "big") + b"\xFF"
    body += (0xFFF000 | len(command)).to_bytes(3, "big") + bytes([kind]) + command + len(loop).to_bytes(2, "big") + loop
    whole = b"\xFC" + (0x3000 | len(body) + 4).to_bytes(2, "big") + body
    return whole + crc32(whole).to_bytes(4, "big")


def _time(ticks):
    if ticks is None:
        return b"\x7F"
    ticks %= CLOCK
    return bytes([0xFE | ticks >> 32]) + (ticks & 0xFFFFFFFF).to_bytes(4, "big")
