"""Encoders that get half of the time they need: viewers stay where they are, sizes go in a known order and come back, and all
is well soon afterwards."""

import datetime
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

from conftest import channel, wait_for
from ladders import WHENEVER, heights, make, publish_file
from prober import Prober

SOAK = os.environ.get("SOAK") == "1"
# How long there is too little time, and how long it is looked at before and afterwards.
OVERLOAD, BEFORE, AFTER = (60 if SOAK else 20), 8, 10
PART = {"ultra": 0.215, "low": 0.535}
# How many parts viewers may be further behind. Other tests beside this one take their share of the machine.
MORE = 2 if SOAK else 4
# Takes a core from everybody else for so much of each fiftieth of a second.
BURNER = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
part, end = float(sys.argv[2]), time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    start = time.monotonic()
    while time.monotonic() - start < part / 50:
        pass
    time.sleep((1 - part) / 50)
"""


def encoders(server):
    """The threads that decode, scale and encode pictures."""
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith(("encode", "transcode")) and name != "encode sound":
            yield task


def used(server):
    """The processor time that they have had, in seconds."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in encoders(server)) / 1e9


def edge(server, folder):
    """How far the end of what is published is behind the clock, in seconds."""
    text = server.get(f"{folder}/index.m3u8").text
    now = time.time()
    date, place = re.findall(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)", text)[-1], text.rindex("#EXT-X-PROGRAM-DATE-TIME")
    tail = text[place:]
    whole = [float(one) for one in re.findall(r"#EXTINF:([\d.]+)", tail)]
    # Parts of a segment that is listed as a whole count once.
    open_parts = tail[tail.rindex("#EXTINF"):] if whole else tail
    parts = [float(one) for one in re.findall(r"#EXT-X-PART:[^\n]*DURATION=([\d.]+)", open_parts)]
    return now - (datetime.datetime.fromisoformat(date).timestamp() + sum(whole) + sum(parts))


def watch(server, folder, seconds):
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        found.append(edge(server, folder))
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("latency", ["ultra", "low"])
def test_half_of_the_time_is_enough_to_stay_live(serve, send, tmp_path, latency):
    path = make(tmp_path / "news.flv", OVERLOAD + 90, size="1280x720", video=["-bf", "0", "-g", "50"])
    server = serve([channel("news", latency=latency, output=heights(720, 480, 360, rate="1500k"))])
    send(publish_file, server, "news", path)
    folder = server.renditions("news")["video"]
    time.sleep(6)
    core = max(os.sched_getaffinity(0))
    for task in encoders(server):
        os.sched_setaffinity(int(task.name), {core})
    time.sleep(4)
    began, spent = time.monotonic(), used(server)
    before = watch(server, folder, BEFORE)
    needed = (used(server) - spent) / (time.monotonic() - began)
    assert 0.1 < needed < 0.9, needed
    burner = subprocess.Popen([sys.executable, "-c", BURNER, str(core), str(1 - needed / 2), str(OVERLOAD)])
    prober = Prober(server.url("/live/news/index.m3u8"), OVERLOAD + AFTER)
    try:
        during = watch(server, folder, OVERLOAD)
        assert server.events("transcoder.shedding")
    finally:
        burner.kill()
        burner.wait()
    back = watch(server, folder, AFTER)
    limit = max(before) + MORE * PART[latency]
    print(f"{latency}: needs {needed:.2f} cores; behind at most {max(before):.2f} s before, {max(during):.2f} s during, "
          f"{max(back[len(back) // 2:]):.2f} s afterwards; {[one['level'] for one in server.events('transcoder.shedding')]}")
    assert max(during) < limit
    assert max(back[len(back) // 2:]) < max(before) + PART[latency] / 2
    # Sizes that are suspended have holes, and no other rule is broken.
    prober.check(late=WHENEVER)
    wait_for(lambda: server.events("transcoder.recovered"), seconds=90, what="all measures being taken back")
    assert 'headwater_transcoder_shedding_level{channel="news"} 0' in server.metrics()
    left = {rendition: int(count) for rendition, count in re.findall(
        r'left_out_pictures_total\{channel="news",rendition="(\w+)"\} (\d+)', server.metrics())}
    assert sum(left.values()) > 0, left
