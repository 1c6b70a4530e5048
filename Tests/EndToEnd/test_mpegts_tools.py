"""What the tests of transport streams stand on: the rewriter, as ffprobe sees its work, and the relay."""

import contextlib
import json
import random
import socket
import subprocess
import threading
import time

import pytest

from conftest import wait_for
from mpegts import AUDIO, CLOCK, MESSAGE, PACKET, VIDEO, Packet, Rewriter, between, chance, crc32, pump
from ports import free_ports
from relay import LossyRelay
from scte35 import OPPORTUNITY_START, cancel_insert, segmentation, splice_insert, splice_null, time_signal

SPLICES = 0x1F0


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Six seconds of pictures with B-frames, and of sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.ts"
    subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25",
         "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "6", "-c:v", "libx264", "-preset", "veryfast",
         "-threads", "1", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mpegts", str(path)], check=True)
    return path


def rewritten(clip, *edits, piece=1000):
    """The clip after edits, given to the rewriter in pieces that do not end where packets do."""
    rewriter, data = Rewriter(), clip.read_bytes()
    for edit in edits:
        edit(rewriter)
    pieces = [rewriter.feed(data[start:start + piece]) for start in range(0, len(data), piece)]
    return b"".join(pieces) + rewriter.finish()


def packets(data):
    return [Packet(data[start:start + PACKET]) for start in range(0, len(data), PACKET)]


def probe(data, *flags):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", *flags, "-i", "pipe:0"], input=data,
                          capture_output=True, check=True)
    return json.loads(done.stdout)


def times(data, stream, name="pts"):
    """The times of a stream's packets, in ticks of 90 kHz, as ffprobe has them."""
    read = probe(data, "-show_packets", "-select_streams", stream)["packets"]
    return [int(packet[name]) for packet in read if name in packet]


def shown(data, stream):
    """The presentation time and the bytes of a stream's packets, as ffprobe has them."""
    read = probe(data, "-show_packets", "-show_data", "-select_streams", stream)["packets"]
    lines = [one["data"].strip().split("\n") for one in read]
    return [(one.get("pts"), bytes.fromhex("".join(line.split(": ")[1][:40] for line in dump)))
            for one, dump in zip(read, lines)]


def test_a_stream_without_edits_is_the_same(clip):
    assert rewritten(clip) == clip.read_bytes()
    # Times that are read and written again are the same.
    assert rewritten(clip, lambda rewriter: rewriter.shift(0)) == clip.read_bytes()
    # They are what ffprobe reads.
    pictures = [packet for packet in packets(clip.read_bytes()) if packet.pid == VIDEO and packet.starts]
    assert [packet.pts for packet in pictures] == times(clip.read_bytes(), "v")
    assert [packet.dts for packet in pictures] == times(clip.read_bytes(), "v", "dts")


def test_packets_get_lost_come_twice_and_overtake_one_another(clip):
    source = packets(clip.read_bytes())
    tenth = lambda packet: packet.number % 10 == 5  # noqa: E731
    kept = rewritten(clip, lambda rewriter: rewriter.drop(tenth))
    assert kept == b"".join(bytes(packet.bytes) for number, packet in enumerate(source) if number % 10 != 5)
    assert len(times(kept, "v")) <= len(times(clip.read_bytes(), "v"))
    twice = packets(rewritten(clip, lambda rewriter: rewriter.duplicate(tenth)))
    assert twice[5].bytes == twice[6].bytes == source[5].bytes and len(twice) == len(source) + len(source[5::10])
    moved = packets(rewritten(clip, lambda rewriter: rewriter.reorder(tenth, by=3)))
    assert [packet.bytes for packet in moved[5:9]] == [source[number].bytes for number in (6, 7, 8, 5)]
    assert sorted(bytes(packet.bytes) for packet in moved) == sorted(bytes(packet.bytes) for packet in source)
    # What waits when the stream ends is not lost.
    last = len(source) - 1
    held = rewritten(clip, lambda rewriter: rewriter.reorder(lambda packet: packet.number == last, by=3))
    assert held == clip.read_bytes()


def test_packets_are_damaged_where_it_is_said(clip):
    source = packets(clip.read_bytes())
    damaged = packets(rewritten(clip, lambda rewriter: rewriter.corrupt(chance(0.1, [VIDEO]), seed=3)))
    different = [(old, new) for old, new in zip(source, damaged) if old.bytes != new.bytes]
    pictures = sum(packet.pid == VIDEO for packet in source)
    assert 0.05 * pictures < len(different) < 0.2 * pictures
    for old, new in different:
        assert old.pid == new.pid == VIDEO and old.bytes[:4] == new.bytes[:4]
        assert sum(a != b for a, b in zip(old.bytes, new.bytes)) == 1
    flagged = rewritten(clip, lambda rewriter: rewriter.corrupt(between(2, 3), place=1, mask=0x80))
    assert all(packet.bytes[1] < 0x80 for packet in source)
    assert 0 < sum(packet.bytes[1] >= 0x80 for packet in packets(flagged)) < len(source) / 3


def test_splices_reach_whoever_reads_the_stream(clip):
    segments = [segmentation(number, OPPORTUNITY_START, upid_type=0xF, upid=b"x" * 90) for number in range(3)]
    sections = [splice_null(), splice_insert(7, True, 123456, 900000), splice_insert(7, False), cancel_insert(8),
                time_signal(5, *segments)]
    first = []

    def edit(rewriter):
        for number, section in enumerate(sections):
            rewriter.splice(1 + number / 2, section)
        rewriter.splice(4, lambda pts: first.append(pts) or splice_insert(9, True, pts + 90000))

    data = rewritten(clip, edit)
    assert first == [times(clip.read_bytes(), "v")[0]]
    sections.append(splice_insert(9, True, first[0] + 90000))
    streams = probe(data, "-show_streams")["streams"]
    assert [(stream["codec_name"], int(stream["id"], 16)) for stream in streams][2] == ("scte_35", SPLICES)
    assert [section for _, section in shown(data, "d")] == sections
    assert len(sections[4]) > PACKET
    for pid in 0, 0x1000, SPLICES:
        counters = [packet.bytes[3] & 15 for packet in packets(data) if packet.pid == pid]
        assert counters == [(counters[0] + number) % 16 for number in range(len(counters))]
    rest = [packet for packet in packets(data) if packet.pid not in (SPLICES, 0x1000)]
    assert [bytes(packet.bytes) for packet in rest] == [
        bytes(packet.bytes) for packet in packets(clip.read_bytes()) if packet.pid != 0x1000]
    # The program map says who the splices are registered to, and is another version.
    maps = [packet.bytes for packet in packets(data) if packet.pid == 0x1000]
    before = next(packet.bytes for packet in packets(clip.read_bytes()) if packet.pid == 0x1000)
    assert all(b"\5\4CUEI" in one for one in maps)
    assert all(crc32(one[5:5 + 3 + ((one[6] & 15) << 8 | one[7])]) == 0 for one in maps)
    assert {one[10] >> 1 & 31 for one in maps} == {(before[10] >> 1 & 31) + 1}


def test_metadata_reach_whoever_reads_the_stream(clip):
    start, registration = times(clip.read_bytes(), "v")[0], b"\5\4KLVA"
    # Up to where a PES packet fills a packet, and beyond.
    units = {at: bytes([at]) * size for at, size in enumerate([1, 168, 169, 170, 171, 2000])}

    def edit(rewriter):
        for at, unit in units.items():
            rewriter.metadata(at, unit, 0x1F1, 0x06, registration)
        rewriter.metadata(3.5, b"elsewhere", 0x1F2, 0x06, registration)

    data = rewritten(clip, edit)
    streams = probe(data, "-show_streams")["streams"]
    assert [(one["codec_name"], int(one["id"], 16)) for one in streams][2:] == [("klv", 0x1F1), ("klv", 0x1F2)]
    assert shown(data, "d:0") == [(start + at * 90000, unit) for at, unit in units.items()]
    assert shown(data, "d:1") == [(start + 315000, b"elsewhere")]
    counters = [packet.bytes[3] & 15 for packet in packets(data) if packet.pid == 0x1F1]
    assert counters == [number % 16 for number in range(len(counters))]
    # Nobody is told of splices.
    assert all(b"CUEI" not in packet.bytes for packet in packets(data) if packet.pid == 0x1000)


def test_the_samples_of_the_standard_are_written_as_they_stand_there():
    avail = bytes.fromhex("0008 43554549 00000135")
    insert = splice_insert(0x4800008F, True, 0x7369C02E, 0x52CCF5, returns=True, descriptors=[avail])
    assert insert.hex() == ("fc302f000000000000fffff014054800008f7feffe7369c02efe0052ccf500000000000a"
                            "0008435545490000013562dba30a")
    # Whether it ends by itself is the first bit of the duration; times begin again with the clock.
    waits = splice_insert(0x4800008F, True, 0x7369C02E + CLOCK, 0x52CCF5, descriptors=[avail])
    differences = [(place, new ^ old) for place, (new, old) in enumerate(zip(insert[:-4], waits)) if new != old]
    assert differences == [(25, 0x80)]
    airing = bytes.fromhex("000000002ca0a18a")
    placement = bytearray(segmentation(0x4800008E, OPPORTUNITY_START, 27630000, 8, airing, 2))
    # The sample restricts delivery, which this writer never does.
    placement[11] = 0xCF
    assert time_signal(0x72BD0050, placement).hex() == (
        "fc3034000000000000fffff00506fe72bd0050001e021c435545494800008e7fcf0001a599b0"
        "0808000000002ca0a18a3402009ac9d17e")


def test_a_track_or_all_of_them_begin_their_clock_anew(clip):
    before, sound = times(clip.read_bytes(), "v", "dts"), times(clip.read_bytes(), "a")
    data = rewritten(clip, lambda rewriter: rewriter.shift(100, at=3, pids=[AUDIO]))
    assert times(data, "v", "dts") == before
    jumps = [new - old for old, new in zip(sound, times(data, "a"))]
    place = jumps.index(100 * 90000)
    assert jumps == [0] * place + [100 * 90000] * (len(jumps) - place)
    assert 2 * 90000 < sound[place] - sound[0] < 4.5 * 90000
    # All of them, and the clock too, beyond its end.
    data = rewritten(clip, lambda rewriter: rewriter.shift(CLOCK / 90000 - 3))
    pictures = [packet for packet in packets(data) if packet.pid == VIDEO and packet.starts]
    assert [packet.dts for packet in pictures] == [(time - 270000) % CLOCK for time in before]
    assert pictures[0].dts > CLOCK - 270000 and pictures[-1].dts < 6 * 90000
    clocks = [[packet.pcr for packet in packets(one) if packet.pcr is not None] for one in (clip.read_bytes(), data)]
    assert clocks[1] == [(time - 3 * 27000000) % (CLOCK * 300) for time in clocks[0]] and len(clocks[0]) > 20
    assert all(new > old for old, new in zip(times(data, "v", "dts"), times(data, "v", "dts")[1:]))
    # The program's clock goes on where only its pictures begin anew.
    data = rewritten(clip, lambda rewriter: rewriter.shift(7, pids=[VIDEO], pcr=False))
    assert [packet.pcr for packet in packets(data) if packet.pcr is not None] == clocks[0]
    assert times(data, "v", "dts") == [time + 630000 for time in before]


def test_a_clock_runs_at_another_speed(clip):
    before = times(clip.read_bytes(), "a")
    after = times(rewritten(clip, lambda rewriter: rewriter.scale(1.001)), "a")
    # What ffprobe says of the last frames of a PES packet, it reckons from the first.
    assert (after[-1] - after[0]) / (before[-1] - before[0]) == pytest.approx(1.001, abs=1e-4)
    clocks = [packet.pcr for packet in packets(rewritten(clip, lambda rewriter: rewriter.scale(0.999)))
              if packet.pcr is not None]
    unscaled = [packet.pcr for packet in packets(clip.read_bytes()) if packet.pcr is not None]
    assert clocks[0] == unscaled[0]
    assert (clocks[-1] - clocks[0]) / (unscaled[-1] - unscaled[0]) == pytest.approx(0.999, abs=1e-6)
    # From the middle on, and only the sound.
    half = times(rewritten(clip, lambda rewriter: rewriter.scale(1.01, at=3, pids=[AUDIO])), "a")
    changed = [new - old for old, new in zip(before, half)]
    assert changed[0] == 0 and 0 < changed[-1] < 0.01 * 3.5 * 90000
    assert changed == sorted(changed)


def test_a_track_comes_late_stops_or_is_kept_back(clip):
    sound = times(clip.read_bytes(), "a")
    late = times(rewritten(clip, lambda rewriter: rewriter.mute([AUDIO], until=2)), "a")
    assert late == sound[-len(late):] and 1 < (late[0] - sound[0]) / 90000 < 3.5
    stopped = times(rewritten(clip, lambda rewriter: rewriter.mute([AUDIO], since=2)), "a")
    assert stopped == sound[:len(stopped)] and 1 < (stopped[-1] - sound[0]) / 90000 < 3.5
    data = rewritten(clip, lambda rewriter: rewriter.mute([AUDIO], since=2))
    assert times(data, "v") == times(clip.read_bytes(), "v")

    def places(data):
        return {bytes(packet.bytes): number for number, packet in enumerate(packets(data)) if packet.pid == AUDIO}

    data = rewritten(clip, lambda rewriter: rewriter.hold([AUDIO], 1, 4))
    before, after = places(clip.read_bytes()), places(data)
    assert len(data) == len(clip.read_bytes()) and list(before) == list(after)
    assert times(data, "a") == sound and times(data, "v") == times(clip.read_bytes(), "v")
    moved = [after[one] - before[one] for one in before]
    assert moved[0] == 0 and max(moved) > 0.3 * len(packets(data)) and moved[-1] == 0
    silent = [packet for packet in packets(data)[list(after.values())[moved.index(max(moved)) - 1] + 1:]]
    assert silent[0].pid != AUDIO


def test_the_pump_keeps_the_pace_of_the_clock(clip):
    sent, start = [], time.monotonic()
    pump(clip, lambda data: sent.append((time.monotonic() - start, data)), is_over=lambda: sent and sent[-1][0] > 2)
    # A clock that shows later moments than have passed would have been waited for.
    rewriter = Rewriter()
    for moment, data in sent:
        rewriter.feed(data)
        assert rewriter.seconds <= moment + 0.01
    assert 1.8 < rewriter.seconds
    assert all(0 < len(data) <= MESSAGE for _, data in sent)
    whole = []
    with subprocess.Popen(["cat", str(clip)], stdout=subprocess.PIPE) as source:
        pump(source.stdout, whole.append, realtime=False)
    assert b"".join(whole) == clip.read_bytes()


def test_the_relay_loses_and_reorders_both_ways():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM) as near:
        far.bind(("127.0.0.1", 0))
        for end in near, far:
            end.settimeout(0.4)

        def send(relay, count):
            """What comes back of so many datagrams, and in which order they arrived at the far end."""
            arrived, returned = [], []
            for number in range(count):
                near.sendto(number.to_bytes(2, "big"), ("127.0.0.1", relay.port))
                time.sleep(0.0005)
            for end, numbers in (far, arrived), (near, returned):
                try:
                    while True:
                        data, sender = end.recvfrom(100)
                        numbers.append(int.from_bytes(data, "big"))
                        if end is far:
                            far.sendto(data, sender)
                except TimeoutError:
                    pass
            return arrived, returned

        with LossyRelay(0, far.getsockname(), loss=0, reorder=0) as relay:
            assert send(relay, 200) == (list(range(200)), list(range(200)))
            assert (relay.passed, relay.lost, relay.reordered) == (400, 0, 0)
        with LossyRelay(0, far.getsockname(), loss=0.1, reorder=0.1, seed=2) as relay:
            arrived, returned = send(relay, 200)
            assert 0 < len(returned) < len(arrived) < 200
            assert relay.lost == 200 - len(returned) and relay.passed == len(arrived) + len(returned)
        assert arrived != sorted(arrived) and set(returned) < set(arrived)
        # Which ones, the seed says: a number for whether, one for how late.
        fates = random.Random(2)
        assert set(arrived) == {number for number in range(200) if (fates.random(), fates.random())[0] >= 0.1}


def test_srt_brings_all_of_a_stream_through_the_relay(clip):
    entry, port = free_ports(2)
    empty = (b"\x47\x1f\xff\x10" + bytes(184)) * 7
    with contextlib.ExitStack() as stack:
        end = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        end.bind(("127.0.0.1", 0))
        relay = stack.enter_context(LossyRelay(0, ("127.0.0.1", port), loss=0.05, reorder=0.05))
        for ways in (
                [f"srt://:{port}?mode=listener&latency=2000", f"udp://127.0.0.1:{end.getsockname()[1]}"],
                [f"udp://127.0.0.1:{entry}", f"srt://127.0.0.1:{relay.port}?mode=caller&latency=2000"]):
            process = subprocess.Popen(["srt-live-transmit", "-q", "-a:no", *ways])
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)

        def receive():
            with contextlib.suppress(TimeoutError):
                return end.recv(2 * MESSAGE)

        def arrives():
            end.sendto(empty, ("127.0.0.1", entry))
            return receive()

        end.settimeout(0.1)
        wait_for(arrives, what="a connection")
        sent, received = [], []

        def sink(data):
            end.sendto(data, ("127.0.0.1", entry))
            sent.append(data)

        pumping = threading.Thread(target=pump, args=(clip, sink), kwargs={"is_over": lambda: len(sent) > 100})
        pumping.start()

        def is_there():
            data = receive()
            received.extend([data] if data and data != empty else [])
            return not pumping.is_alive() and len(received) >= len(sent)

        wait_for(is_there, what="all of it")
    assert received == sent and len(sent) > 100
    assert relay.lost > 0 and relay.reordered > 0
