"""What a DVR window of hours costs beside one of a minute, and how long a server takes that begins with it."""

import statistics
import struct
import threading
import time
import urllib.request

from conftest import Server, channel
from measuring import Publishers, cpu_seconds, progress, resident_megabytes

CHANNELS = 10
HOURS = 4
# Of a channel with `low`: segments of 2 s, as they are with a key frame every two seconds, of four parts.
SEGMENT, PARTS = 2000, 4


def record(kind, *fields):
    """A record of a journal, as PresentationRecord+Bytes.swift describes it."""
    body = bytes([kind]) + b"".join(fields)
    check = 0x811C9DC5
    for byte in body:
        check = (check ^ byte) * 0x01000193 & 0xFFFFFFFF
    return struct.pack(">II", len(body), check) + body


def text(value):
    return struct.pack(">I", len(value)) + value.encode()


def optional(number):
    return b"\0" if number is None else b"\1" + struct.pack(">Q", number)


def track(rendition):
    if rendition == "video":
        return (text("h264") + struct.pack(">I", 0) + b"\0\0" + text("avc1.64001f")
                + struct.pack(">I", 7) + bytes([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]) + b"\0"
                + struct.pack(">IIII", 1280, 720, 1, 1) + b"\0")
    return (text("aac") + struct.pack(">I", 0) + b"\0\0" + text("mp4a.40.2")
            + struct.pack(">I", 2) + b"\x11\x90" + b"\1" + struct.pack(">III", 48000, 2, 1024))


def write_journals(data, name):
    """What a channel that was on the air for hours left, but for the media, when its server was killed just now."""
    count = HOURS * 3_600_000 // SEGMENT
    start = int((time.time() - 2 - count * SEGMENT / 1000) * 1e6)
    folder = data / "live" / name / f"hours-of-{name}"
    for rendition in ("video", "audio"):
        (folder / rendition).mkdir(parents=True)
        for first in range(0, count, 256):
            part = first * PARTS
            rows = [record(5, text(rendition), struct.pack(">QQQQ", first, part, 0, first)),
                    record(2, text(rendition), struct.pack(">I", 1), track(rendition))]
            for segment in range(first, min(first + 256, count)):
                for number in range(PARTS):
                    begin = segment * SEGMENT + number * SEGMENT // PARTS
                    frame = (optional(50), optional(100)) if rendition == "video" and number == 0 else (optional(None),) * 2
                    rows.append(record(
                        3, text(rendition), struct.pack(">QIQI", begin, 1000, begin + SEGMENT // PARTS, 1000),
                        bytes([number == 0 or rendition == "audio"]), optional(100_000), *frame))
                rows.append(record(4, text(rendition)))
            (folder / rendition / f"journal-{first}").write_bytes(b"".join(rows))
    (folder / "head").write_bytes(
        record(1, text(folder.name), text("low"), struct.pack(">IQ", 4, start), optional(HOURS * 3_600_000))
        + record(6, struct.pack(">d", 30.0)))


class Viewer(threading.Thread):
    """Reloads a channel's DVR playlist when a new segment is due, as a player does that has gone back."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        folder = server.get(f"/live/{name}/dvr.m3u8").text.split('URI="')[1].split("/")[0]
        self.url = server.url(f"/live/{name}/{folder}/video/dvr.m3u8")
        self.stopping, self.size = threading.Event(), 0
        self.start()

    def run(self):
        while not self.stopping.wait(SEGMENT / 1000):
            request = urllib.request.Request(self.url, headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.size = len(answer.read())


def cost(root, source, seconds, hours):
    """CPU seconds per channel-second, the size of a playlist, and how long the server took to be there."""
    name = "hours" if hours else "minute"
    folder = root / f"dvr-{name}-{time.monotonic_ns()}"
    folder.mkdir()
    names = [f"c{number}" for number in range(CHANNELS)]
    if hours:
        for one in names:
            write_journals(folder / "server-data", one)
    window = f"{HOURS}h" if hours else "60s"
    began = time.monotonic()
    server = Server(folder, [{**channel(one, latency="low"), "dvrWindow": window} for one in names])
    ready = time.monotonic() - began
    assert len(server.events("channel.presentation_restored")) == (CHANNELS if hours else 0), server.log
    publishers = Publishers(source, [f"rtmp://127.0.0.1:{server.rtmp_port}/live/{key}" for key in server.keys.values()])
    viewers = []
    try:
        time.sleep(10)
        viewers = [Viewer(server, one) for one in names]
        # What stays of the long playlist is compressed when it is asked for first.
        time.sleep(10)
        before, start = cpu_seconds(server.process.pid), time.monotonic()
        time.sleep(seconds)
        spent = (cpu_seconds(server.process.pid) - before) / (time.monotonic() - start) / CHANNELS
        return spent, statistics.median(viewer.size for viewer in viewers), ready, resident_megabytes(server.process.pid)
    finally:
        for viewer in viewers:
            viewer.stopping.set()
            viewer.join()
        publishers.stop()
        server.stop()


def dvr(root, source, seconds, pairs):
    """The rows of the table."""
    pairs = [(cost(root, source, seconds, True), cost(root, source, seconds, False)) for _ in range(pairs)]
    for (ours, size, ready, resident), (reference, *_) in pairs:
        progress(f"DVR window of {HOURS} h: {ours:.5f} CPU-s/channel-s, of 60 s: {reference:.5f}; playlist {size:.0f} B; "
                 f"there after {ready:.2f} s; {resident:.0f} MB")
    ratios = [ours[0] / reference[0] for ours, reference in pairs]
    return [
        (f"{CHANNELS} channels with a DVR window of {HOURS} h, each with a viewer of its playlist, CPU-s per channel-second",
         f"{statistics.median(ours[0] for ours, _ in pairs):.5f}"),
        ("  ÷ the same with 60 s, median (range)",
         f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"),
        ("  killed → playlists served again, with what they had", f"{max(ours[2] for ours, _ in pairs):.2f} s at most"),
    ]
