"""Encoders that come, publish a moment and leave, again and again, by each protocol and in every way to leave: what they took
of the server comes back."""

import collections
import concurrent.futures
import os
import pathlib
import ssl
import statistics
import subprocess
import threading
import time

import pytest

import flv
from conftest import channel, wait_for
from follower import Follower
from mpegts import MESSAGE
from relay import LossyRelay
from rtmp import RTMPSender
from srt import SRTSender
from test_rtmps import Certificate, port as rtmps_port

CYCLES = int(os.environ.get("CYCLES", 10_000 if os.environ.get("SOAK") == "1" else 200))
IS_LONG = CYCLES >= 1000
# How many publish at a time.
PUBLISHERS = 4
# They take turns, so that nobody waits until the last one's connection is over; and each sees every way to leave.
CHANNELS = 31
# Cycles before those that count: what channels, protocols and the allocator take once is taken, libsrt has the sockets that it
# keeps for some seconds, and in a long run, after so many seconds, playlists and their media are as long as they get.
WARM_UP, WINDOW = 150, 240
# Of how many cycles the memory at the end is compared, with that of as many behind the first of them.
SPAN = min(500, CYCLES // 4)
# A publisher that is silent for two seconds gives way.
SILENCE = 3


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten small pictures and their sound, as FLV and as a transport stream: less is not published."""
    path = tmp_path_factory.mktemp("clip") / "clip.flv"
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin"]
    subprocess.run(
        [*ffmpeg, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25", "-f", "lavfi", "-i", "sine=sample_rate=48000",
         "-t", "0.4", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "40", "-pix_fmt", "yuv420p", "-c:a", "aac",
         "-b:a", "16k", path], check=True)
    subprocess.run([*ffmpeg, "-i", path, "-c", "copy", "-f", "mpegts", path.with_suffix(".ts")], check=True)
    return path


class RTMP:
    """Encoders of RTMP."""

    # How many begin in a second.
    pace = 50
    # How much more memory there may be at the end. In a short run playlists grow by a thirtieth meanwhile.
    growth = 1.05 if IS_LONG else 1.1

    def __init__(self, server, clip, tls=None):
        self.server, self.tls = server, tls
        self.port = rtmps_port(server) if tls else server.rtmp_port
        self.tags = list(flv.tags(clip.read_bytes()))

    def cycle(self, name, number, awaited):
        """Publishes to the channel of that name, and leaves; says whether the server could notice."""
        sender = RTMPSender(self.port, self.server.keys[name], tls=self.tls, drains=False)
        for tag in self.tags:
            sender.send(*tag)
        sender.settle()
        match number % 4:
            case 0:
                sender.unpublish()
                sender.settle()
                if self.tls:
                    sender.socket.unwrap().close()
            case 1: sender.reset()
            # The end comes inside a message.
            case 2: sender.socket.sendall(b"\6\0\0")
        sender.close()
        return True


class SRT:
    """Callers of SRT."""

    pace = 35
    # For its sockets, which are large, the allocator takes memory in steps: in a short run by a fifth. One that is kept is
    # a hundredth.
    growth = 1.05 if IS_LONG else 1.3

    def __init__(self, server, clip):
        self.server = server
        data = clip.with_suffix(".ts").read_bytes()
        self.messages = [data[place:place + MESSAGE] for place in range(0, len(data), MESSAGE)]

    def cycle(self, name, number, awaited):
        if number % 8:
            self.publish(name, self.server.srt_port, awaited)
            return True
        # What the caller says in the end, like all else from there on, gets lost.
        with LossyRelay(0, ("127.0.0.1", self.server.srt_port), loss=0, reorder=0) as relay:
            self.publish(name, relay.port, awaited, lambda: setattr(relay, "loss", 1))
        return False

    def publish(self, name, port, awaited, leave=lambda: None):
        sender = SRTSender(port, self.server.keys[name])
        for message in self.messages:
            sender.send(message)
        sender.settle()
        awaited()
        leave()
        sender.close()


class Stage:
    """A server's channels, which publishers take in turn, and what the server says of them."""

    def __init__(self, server):
        self.server, self.pid = server, server.process.pid
        self.free = [(name, 0) for name in server.keys]
        self.seen, self.counts = 0, collections.Counter()
        self.lock, self.pace = threading.RLock(), threading.Lock()

    def count(self, event, name=None):
        """How often the log has that event, of one channel or of all."""
        with self.lock:
            log = self.server.log[self.seen:]
            self.seen += len(log)
            for one in log:
                self.counts[one["event"], one.get("channel.id")] += 1
                self.counts[one["event"], None] += 1
            return self.counts[event, name]

    def has_left(self, name=None):
        return self.count("ingest.closed", name) == self.count("ingest.accepted", name)

    def take(self):
        """The channel that nobody has published to for longest, where the last one has left, or is silent for so long that it
        gives way."""
        with self.lock:
            for place, (name, silent_since) in enumerate(self.free):
                if self.has_left(name) or silent_since and time.monotonic() > silent_since + SILENCE:
                    del self.free[place]
                    return name

    def cycle(self, encoders, number):
        name = wait_for(self.take, what="a free channel")
        before = self.count("ingest.accepted", name)

        def awaited():
            wait_for(lambda: self.count("ingest.accepted", name) > before, what=f"{name} being let in")

        is_noticed = encoders.cycle(name, number, awaited)
        awaited()
        with self.lock:
            self.free.append((name, 0 if is_noticed else time.monotonic()))
        return self.resident

    @property
    def resident(self):
        """Bytes in memory."""
        pages = pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def held(self):
        """How many descriptors and how many threads the server has, once that stays so: a connection over which metrics were
        read is closed a moment later."""
        def count():
            return tuple(len(os.listdir(f"/proc/{self.pid}/{one}")) for one in ["fd", "task"])

        def steady():
            found = [count()]
            for _ in range(5):
                time.sleep(0.1)
                found.append(count())
            return len(set(found)) == 1 and found[0]

        return wait_for(steady, what="an end of changes")

    def run(self, encoders, count):
        """Has so many publish, one beginning after the other and some at a time, until all have left; returns the memory at
        the end of each cycle."""
        # A machine that stood still does not make up for it: more at a time would take more memory.
        def cycle(number):
            with self.pace:
                time.sleep(1 / encoders.pace)
            return self.cycle(encoders, number)

        with concurrent.futures.ThreadPoolExecutor(PUBLISHERS) as pool:
            resident = list(pool.map(cycle, range(count)))
        wait_for(self.has_left, what="the end of all connections")
        wait_for(lambda: "headwater_ingest_connections 0\n" in self.server.metrics(), what="no connection")
        return resident

    def discontinuities(self):
        """How often channels went on with another encoder's pictures."""
        playlists = (self.server.renditions(name)["video"] + "/index.m3u8" for name in self.server.keys)
        return sum(Follower.discontinuities(self.server.get(one).text) for one in playlists)


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps", "srt"])
def test_encoders_that_come_and_go_leave_nothing(serve, tmp_path, clip, scheme):
    certificate = Certificate(tmp_path, "localhost")
    names = [f"c{number}" for number in range(CHANNELS)]
    # What can be gone back to would grow for as long as the test runs.
    server = serve([channel(name, latency="low", dvrWindow="0s") for name in names], "--rtmps-port", "0",
                   settings=certificate.settings)
    stage = Stage(server)
    encoders = SRT(server, clip) if scheme == "srt" else RTMP(
        server, clip, ssl.create_default_context(cafile=str(certificate.path)) if scheme == "rtmps" else None)
    first = max(WARM_UP, WINDOW * encoders.pace if IS_LONG else 0)
    stage.run(encoders, first)
    held = stage.held()
    began = time.monotonic()
    resident = stage.run(encoders, CYCLES)
    seconds = time.monotonic() - began

    assert f"headwater_ingest_accepted_total {first + CYCLES}\n" in server.metrics()
    assert stage.count("ingest.accepted") == stage.count("ingest.closed") == first + CYCLES
    assert not server.events("ingest.refused") and "headwater_ingest_refused_total{" not in server.metrics()
    # Each brought pictures with a key frame, which the channel went on with.
    assert stage.discontinuities() == first + CYCLES - CHANNELS
    wait_for(lambda: stage.held() == held, what=f"the descriptors and threads there were ({held})")
    early, late = (statistics.median(part) / 1e6 for part in (resident[SPAN:2 * SPAN], resident[-SPAN:]))
    print(f"{CYCLES} cycles of {scheme} in {seconds:.1f} s; {early:.1f} MB, in the end {late:.1f} MB;",
          f"{held[0]} descriptors, {held[1]} threads")
    assert late <= early * encoders.growth, (early, late)
