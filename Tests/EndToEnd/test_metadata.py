"""Timed metadata of transport streams, in the published segments."""

import random

import pytest

from conftest import channel, wait_for
from mpegts import Rewriter
from sending import AAC, H264, PICTURES, Listing, Sender, on_air, tone

SCHEME = "https://aomedia.org/emsg/ID3"


def boxes(data):
    """The boxes of a file, by their types: ISO/IEC 14496-12 §4.2."""
    place = 0
    while place < len(data):
        size = int.from_bytes(data[place:place + 4], "big")
        assert size >= 8
        yield data[place + 4:place + 8], data[place + 8:place + size]
        place += size


def messages(body):
    """The moment and the data of each event message, version 1, of ID3: ISO/IEC 23009-1 §5.10.3.3."""
    found = []
    for name, box in boxes(body):
        if name != b"emsg":
            continue
        assert box[:4] == b"\1\0\0\0"
        scheme, value, data = box[24:].split(b"\0", 2)
        assert (scheme.decode(), value) == (SCHEME, b"")
        found.append((int.from_bytes(box[8:16], "big") / int.from_bytes(box[4:8], "big"), data))
    return found


def item(size, seed):
    """An item of SMPTE ST 336: the label of a local set of MISB ST 0601, the length in BER, and any value."""
    label = bytes.fromhex("060E2B34020B01010E01030101000000")
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return label + length + random.Random(seed).randbytes(size)


def private(owner, data):
    """A tag with one PRIV frame. ID3v2.4.0."""
    def syncsafe(value):
        return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))

    body = owner.encode() + b"\0" + data
    frame = b"PRIV" + syncsafe(len(body)) + b"\0\0" + body
    return b"ID3\4\0\0" + syncsafe(len(frame)) + frame


def expect(sent, rewriter, serve, send):
    """That these tags, by their moments, are all that the segments of the first seconds have."""
    server = serve([channel("news", latency="ultra")])
    send(Sender, server.srt_url("news"), *PICTURES, *tone(440), *H264, *AAC, rewriter=rewriter)
    folder = on_air(server, "news")["video"]

    def whole():
        listing = Listing(server, folder)
        return sum(length for _, _, length, _ in listing.segments) > 6.5 and listing

    listing, start, found = wait_for(whole, what="segments up to the last moment"), 0, []
    for segment, _, length, _ in listing.segments:
        told = messages(server.get(f"{folder}/{segment}").body)
        # Each is in the segment of its time.
        assert all(start <= time < start + length for time, _ in told)
        found, start = found + told, start + length
    assert [time for time, _ in found] == pytest.approx(list(sent), abs=0.001)
    assert [data for _, data in found] == list(sent.values())


# How MISB ST 1402 has the program map tell of KLV: by its registration where it stands alone, and as metadata in cells.
ASYNCHRONOUS = 0x06, b"\5\4KLVA", 0xBD
SYNCHRONOUS = 0x15, b"\x26\x09\1\0\xFFKLVA\0\x0F", 0xFC


def cell(number, unit):
    """A whole metadata access unit: ISO/IEC 13818-1 §2.12.4."""
    return bytes([0, number, 0xDF]) + len(unit).to_bytes(2, "big") + unit


def test_klv_is_in_the_segments_at_its_moment(serve, send):
    rewriter, sent = Rewriter(), {}
    # In turns one of each kind. Some fill several packets, some have a length of several bytes.
    for number, (at, size) in enumerate([(3, 20), (3.1, 300), (4.017, 127), (4.5, 128), (5.96, 2000)]):
        is_synchronous = number % 2 == 1
        kind, descriptors, stream_id = SYNCHRONOUS if is_synchronous else ASYNCHRONOUS
        # An access unit may hold several items.
        unit = item(size, seed=number) + (item(5, seed=100) if number > 2 else b"")
        rewriter.metadata(at, cell(number, unit) if is_synchronous else unit, 0x1F1 + is_synchronous, kind,
                          descriptors, stream_id)
        sent[at] = private("urn:misb:KLV:bin:1910.1", unit)
    expect(sent, rewriter, serve, send)


# As "Timed Metadata for HTTP Live Streaming" has the program map tell of it.
ID3 = 0x15, b"\x26\x0D\xFF\xFFID3 \xFFID3 \0\x0F"


def test_id3_is_in_the_segments_at_its_moment_as_it_was_sent(serve, send):
    rewriter, sent = Rewriter(), {}
    for at in (3, 4.02, 5.5):
        sent[at] = private("de.example", f"it is {at} s".encode())
        rewriter.metadata(at, sent[at], 0x1F1, *ID3)
    expect(sent, rewriter, serve, send)
