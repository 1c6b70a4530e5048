"""Every playlist, part and segment served obeys the rules of HLS and Low-Latency HLS, as an independent prober reads them."""

import os
import subprocess

from conftest import channel
from prober import PROBER, Prober

SECONDS = 600 if os.environ.get("SOAK") == "1" else 36
FEEDS = [
    ("standard", "25", 50, 2, 48000), ("low", "30", 60, 0, 48000), ("low", "24000/1001", 48, 2, 44100),
    ("ultra", "60", 120, 0, 48000), ("ultra", "30000/1001", 60, 2, 44100), ("ultra", "24", 24, 0, 44100),
]


def test_a_minute_of_playlists_breaks_no_rule(serve, publish):
    server = serve([channel(f"c{index}", latency=feed[0]) for index, feed in enumerate(FEEDS)])
    for index, (_, fps, gop, bframes, rate) in enumerate(FEEDS):
        publish(server, f"c{index}", fps=fps, gop=gop, bframes=bframes, rate=rate, seconds=SECONDS + 600)
    for index in range(len(FEEDS)):
        server.renditions(f"c{index}")
    probers = [Prober(server.url(f"/live/c{index}/index.m3u8"), SECONDS) for index in range(len(FEEDS))]
    for prober in probers:
        assert len(prober.check()) > 30


def test_the_prober_says_what_is_wrong_with_a_url(serve):
    server = serve([channel("silent")])
    silent = subprocess.run([PROBER, "--seconds", "2", server.url("/live/silent/index.m3u8")], capture_output=True,
                            text=True, timeout=60)
    assert silent.returncode == 1 and "is the channel on air?" in silent.stderr
    assert subprocess.run([PROBER], capture_output=True, timeout=60).returncode == 2
