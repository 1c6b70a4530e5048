"""Every playlist, part and segment served obeys the rules of HLS and Low-Latency HLS, as an independent prober reads them."""

import os
import subprocess

from conftest import ROOT, channel

PROBER = os.environ.get("E2E_PROBER", str(ROOT / ".build/release/hls-prober"))
SECONDS = 600 if os.environ.get("SOAK") == "1" else 36
FEEDS = [
    ("standard", "25", 50, 2, 48000), ("low", "30", 60, 0, 48000), ("low", "24000/1001", 48, 2, 44100),
    ("ultra", "60", 120, 0, 48000), ("ultra", "30000/1001", 60, 2, 44100), ("ultra", "24", 24, 0, 44100),
]


def test_a_minute_of_playlists_breaks_no_rule(serve, publish):
    server = serve([channel(f"c{index}", latency=feed[0]) for index, feed in enumerate(FEEDS)])
    for index, (_, fps, gop, bframes, rate) in enumerate(FEEDS):
        publish(server, f"c{index}", fps=fps, gop=gop, bframes=bframes, rate=rate, seconds=SECONDS + 60)
    for index in range(len(FEEDS)):
        server.renditions(f"c{index}")
    probers = [
        subprocess.Popen(
            [PROBER, "--seconds", str(SECONDS), server.url(f"/live/c{index}/index.m3u8")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for index in range(len(FEEDS))]
    reports = [prober.communicate(timeout=SECONDS + 90) for prober in probers]
    for feed, prober, (report, errors) in zip(FEEDS, probers, reports):
        assert prober.returncode == 0, f"{feed}\n{report}{errors}"
        assert "No violation in" in report


def test_the_prober_says_what_is_wrong_with_a_url(serve):
    server = serve([channel("silent")])
    silent = subprocess.run([PROBER, "--seconds", "2", server.url("/live/silent/index.m3u8")], capture_output=True,
                            text=True, timeout=30)
    assert silent.returncode == 1 and "is the channel on air?" in silent.stderr
    assert subprocess.run([PROBER], capture_output=True, timeout=30).returncode == 2
