"""How much memory an encoded channel takes: as much in the end as at the beginning. In the soak for an hour, with the pictures
that people send: 1080 lines, encoded in three sizes."""

import os
import re
import statistics
import time

from benchmark_ladder import LADDER, SIZES
from conftest import channel, wait_for
from ladders import heights
from measuring import Publishers, make_source, progress, resident_megabytes

SOAK = os.environ.get("SOAK") == "1"
# How long it is watched, after the first viewers' window is full and all buffers have been used; and of how many seconds at
# either end the median is compared.
SECONDS, WARM_UP, SPAN = (3600, 120, 60) if SOAK else (20, 35, 5)
SOURCE = ("5M", "1920x1080", SIZES[0][0]) if SOAK else ("800k", "640x360", 360)
OUTPUT = LADDER if SOAK else heights(360, 240, 180)
# Of that ladder, in megabytes.
LIMIT = 400


def taken(server):
    """Its memory in megabytes, how many files it has open, and how many threads it has."""
    process = f"/proc/{server.process.pid}"
    return resident_megabytes(server.process.pid), len(os.listdir(f"{process}/fd")), len(os.listdir(f"{process}/task"))


def test_an_encoded_channel_takes_no_more_memory_in_time(serve, tmp_path):
    rate, size, lines = SOURCE
    source = make_source(tmp_path, rate, size)
    server = serve([channel("news", latency="ultra", output=OUTPUT)])
    publisher = Publishers(source, [server.rtmp_url("news")])
    try:
        wait_for(lambda: len(server.renditions("news")) >= 4, what="all sizes")
        time.sleep(WARM_UP)
        looks, begin = [], time.monotonic()
        while (passed := time.monotonic() - begin) < SECONDS:
            looks.append((passed, *taken(server)))
            if SOAK and len(looks) % 300 == 0:
                progress(f"{passed:.0f} s: {looks[-1][1]:.1f} MB, {looks[-1][2]} files, {looks[-1][3]} threads")
            time.sleep(1)
        first = statistics.median(memory for moment, memory, *_ in looks if moment < SPAN)
        last = statistics.median(memory for moment, memory, *_ in looks if moment > SECONDS - SPAN)
        assert last <= first * 1.05, looks[:: max(len(looks) // 40, 1)]
        assert max(memory for _, memory, *_ in looks) <= LIMIT
        for place, what in [(2, "files"), (3, "threads")]:
            numbers = [look[place] for look in looks]
            assert max(numbers[-SPAN:]) <= max(numbers[:SPAN]) + 2, what
        # All that time it kept up with its source.
        name = r'headwater_transcoder_pictures_total{channel="news",rendition="video3"}'
        assert int(re.search(rf"^{re.escape(name)} (\d+)", server.metrics(), re.MULTILINE)[1]) > 29 * (WARM_UP + SECONDS)
        progress(f"{lines} lines: {first:.1f} → {last:.1f} MB in {SECONDS} s")
    finally:
        publisher.stop()
