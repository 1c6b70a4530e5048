"""What it costs to show a slate on channels that pass through what comes, and how long viewers wait for it."""

import shutil
import signal
import statistics
import time

from conftest import Publisher, Server, channel, wait_for
from follower import Follower
from measuring import Publishers, cpu_seconds, progress

# How much a channel may take, in CPU seconds per second; how long after it is to be shown its first part may come.
COST, WAIT = 0.005, 0.3
CHANNELS = 10
# Half a second after the end of a connection, as it is where nothing is said; two after the last frame else.
PATIENCE = {"closed": 0.5, "silent": 2}


def cost(root, source, seconds):
    """CPU seconds per channel-second while ten channels of 1080p30 show their slates."""
    folder = root / "slate"
    folder.mkdir()
    server = Server(folder, [channel(f"c{number}", slate={}) for number in range(CHANNELS)])
    try:
        publishers = Publishers(source, [server.rtmp_url(name) for name in server.keys])
        try:
            for name in server.keys:
                server.renditions(name)
            time.sleep(10)
        finally:
            publishers.stop()
        wait_for(lambda: len(server.events("channel.slate_began")) == CHANNELS, what="the slates")
        time.sleep(5)
        before, start = cpu_seconds(server.process.pid), time.monotonic()
        time.sleep(seconds)
        return (cpu_seconds(server.process.pid) - before) / (time.monotonic() - start) / CHANNELS
    finally:
        server.stop()
        shutil.rmtree(folder)


def waits(root, way, count):
    """Seconds from when the slate is due to its first part, so many times."""
    folder = root / "slate"
    folder.mkdir()
    server = Server(folder, [channel("news", latency="low", slate={})])
    follower, found = None, []
    try:
        for turn in range(count):
            encoder = Publisher(server.rtmp_url("news"), fps="30", gop=30, seconds=600)
            follower = follower or Follower(server, server.renditions("news")["video"])
            wait_for(lambda: len(server.events("channel.slate_ended")) == turn, what="the feed")
            # Anywhere in a part.
            time.sleep(4 + 0.13 * turn)
            before, began = follower.count(), time.monotonic()
            encoder.process.send_signal(signal.SIGSTOP if way == "silent" else signal.SIGKILL)
            found.append(follower.first_after(before) - began - PATIENCE[way])
            encoder.process.kill()
            encoder.wait()
            wait_for(lambda: len(server.events("channel.slate_began")) == turn + 1, what="the slate")
        return found
    finally:
        if follower:
            follower.stop()
        server.stop()
        shutil.rmtree(folder)


def slate(root, source, seconds, count):
    """The rows of the table."""
    taken = cost(root, source, seconds)
    rows = [(f"slate of {CHANNELS} channels of 1080p30, CPU-s per channel-second; goal", f"{taken:.5f}; {COST}")]
    for way in PATIENCE:
        found = waits(root, way, count)
        progress(f"slate, {way}: {' '.join(f'{one * 1000:.0f}' for one in found)} ms")
        rows.append((f"  input {way} → first part of the slate, behind the {PATIENCE[way]} s until it is due: median, worst of "
                     f"{count}; goal", f"{statistics.median(found) * 1000:.0f}, {max(found) * 1000:.0f} ms; {WAIT * 1000:.0f} ms"))
    return rows
