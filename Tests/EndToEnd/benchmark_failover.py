"""How long viewers wait for a channel's other input when the one on the air fails: real encoders, of which one is killed, ends
its connection, or stands still."""

import random
import shutil
import signal
import statistics
import time

from conftest import Publisher, Server, channel, wait_for
from follower import Follower
from measuring import progress
from relay import LossyRelay

# From the end of one input to the first part of the other; behind the time for which one may be silent in `low`.
GOAL, THRESHOLD = 0.3, 1.5
# Seconds between key frames, and frames in a second.
GROUPS, RATE = [1, 2], 30
# The control packet of SRT that ends a connection (draft-sharabayko-srt §3.2.7).
SHUTDOWN = b"\x80\x05"
SEED = 1


class Input:
    """One input of a channel, with an encoder that can be replaced."""

    def __init__(self, server, protocol, key, group):
        self.server, self.protocol, self.key, self.group = server, protocol, key, group
        self.ended = self.relay = None
        self.start()

    def start(self):
        url = f"rtmp://127.0.0.1:{self.server.rtmp_port}/live/{self.key}"
        if self.protocol == "srt":
            # The encoder's own end comes later than that of its connection.
            self.ended = None
            self.relay = LossyRelay(0, ("127.0.0.1", self.server.srt_port), loss=0, reorder=0, watch=self.look)
            url = f"srt://127.0.0.1:{self.relay.port}?streamid={self.key}"
        self.encoder = Publisher(url, fps=str(RATE), gop=self.group * RATE, seconds=3600)

    def look(self, datagram):
        if datagram[:2] == SHUTDOWN:
            self.ended = self.ended or time.monotonic()

    def fail(self, is_silent):
        """Ends the connection, or lets nothing more come of it; says when that was."""
        if self.protocol == "srt":
            self.encoder.process.send_signal(signal.SIGTERM)
            return wait_for(lambda: self.ended, what="the end of the SRT connection")
        now = time.monotonic()
        self.encoder.process.send_signal(signal.SIGSTOP if is_silent else signal.SIGKILL)
        return now

    def stop(self):
        self.encoder.process.kill()
        self.encoder.wait()
        if self.relay:
            self.relay.close()
            self.relay = None


def on_air(server):
    """Which input is, and why."""
    changes = server.events("channel.input_switched")
    return (changes[-1]["to"] == "backup", changes[-1]["reason"]) if changes else (False, None)


def turns(root, protocols, group, count, is_silent=False):
    """Seconds from the end of an input to the first part of the other, so many times of each input."""
    folder = root / "failover"
    folder.mkdir()
    keys = [f"key-of-{name}-1234" for name in ("primary", "backup")]
    # Then each is left as the other is.
    news = {**channel("news", latency="low"), "streamKey": keys[0], "backup": {"streamKey": keys[1], "prefer": "either"}}
    server = Server(folder, [news])
    inputs, follower, choices, times = [], None, random.Random(SEED), ([], [])
    try:
        inputs = [Input(server, *one, group) for one in zip(protocols, keys)]
        follower = Follower(server, server.renditions("news")["video"])
        for turn in range(4 * count):
            wait_for(lambda: len(server.events("ingest.accepted")) == turn + 2, what="both inputs")
            # It may end anywhere in the other's group of pictures.
            time.sleep(3 + choices.uniform(0, group))
            before, place = follower.count(), on_air(server)[0]
            began = inputs[place].fail(is_silent)
            taken = follower.first_after(before) - began
            # A machine that stands still has silent inputs, too.
            if on_air(server) == (not place, "silent" if is_silent else "closed"):
                times[place].append(taken)
            if min(map(len, times)) >= count:
                return times
            inputs[place].stop()
            inputs[place].start()
        raise AssertionError(f"too few of {4 * count} failures were what they should be")
    finally:
        if follower:
            follower.stop()
        for one in inputs:
            one.stop()
        server.stop()
        shutil.rmtree(folder)


def row(name, group, times, threshold=0.0):
    progress(f"{name}, key frames every {group} s: {' '.join(f'{(one - threshold) * 1000:.0f}' for one in times)} ms")
    median, worst = ((one - threshold) * 1000 for one in (statistics.median(times), max(times)))
    return (f"{name}, key frames every {group} s: median, worst of {len(times)}; goal",
            f"{median:.0f}, {worst:.0f} ms; {GOAL * 1000:.0f} ms")


def failover(root, times):
    """The rows of the table."""
    rows = []
    for group in GROUPS:
        # Both inputs are alike, and each gives half of the figures.
        first, second = turns(root, ["rtmp", "rtmp"], group, (times + 1) // 2)
        rows.append(row("RTMP killed → first part of RTMP", group, (first + second)[:times]))
        to_srt, to_rtmp = turns(root, ["rtmp", "srt"], group, times)
        rows.append(row("RTMP killed → first part of SRT", group, to_srt))
        rows.append(row("SRT ended → first part of RTMP", group, to_rtmp))
        first, second = turns(root, ["rtmp", "rtmp"], group, (times + 1) // 2, is_silent=True)
        rows.append(row(f"RTMP silent → first part of RTMP, less {THRESHOLD} s", group, (first + second)[:times], THRESHOLD))
    return rows
