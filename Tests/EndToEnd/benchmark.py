"""Measures Headwater beside nginx, its reference, in the same minutes on the same machine, and prints a table."""

import argparse
import pathlib
import re
import shutil
import socket
import statistics
import tempfile
import threading
import time

from benchmark_dvr import dvr
from benchmark_failover import failover
from benchmark_ingest import ingest
from benchmark_ladder import ladder, ladder_delay
from benchmark_load import load
from benchmark_slate import slate
from conftest import Server, channel, wait_for
from measuring import BROWSER_HEADERS, Nginx, Publishers, cpu_seconds, make_source, progress, request_cost, \
    resident_megabytes

CHANNELS = 10
# Seconds until what a channel keeps has its place in memory: from then on it costs what it will for days.
WARM_UP = 75

def passthrough(root, source, seconds, name, profile="low"):
    """CPU seconds per channel-second of ten channels that have run for a while; memory at the end; the server for more."""
    folder = root / name
    folder.mkdir()
    if name.startswith("nginx"):
        server = Nginx(folder)
        urls = [f"rtmp://127.0.0.1:{server.rtmp_port}/live/c{number}" for number in range(CHANNELS)]
    else:
        server = Server(folder, [channel(f"c{number}", latency=profile) for number in range(CHANNELS)])
        urls = [f"rtmp://127.0.0.1:{server.rtmp_port}/live/{key}" for key in server.keys.values()]
    publishers = Publishers(source, urls)
    try:
        time.sleep(WARM_UP)
        before, start = cpu_seconds(server.process.pid), time.monotonic()
        time.sleep(seconds)
        cpu = (cpu_seconds(server.process.pid) - before) / (time.monotonic() - start) / CHANNELS
        metrics = server.metrics() if isinstance(server, Server) else ""
        return cpu, resident_megabytes(server.process.pid), metrics
    finally:
        publishers.stop()
        server.stop()
        shutil.rmtree(folder)


def delay_quantiles(metrics, *quantiles):
    """Upper bounds, in milliseconds, from the histogram of all channels; and how many publications there were."""
    buckets = {}
    for bound, count in re.findall(r'publish_delay_seconds_bucket\{[^}]*le="([^"]+)"\} (\d+)', metrics):
        buckets[float(bound)] = buckets.get(float(bound), 0) + int(count)
    total = buckets[float("inf")]
    return total, [min(bound for bound, count in buckets.items() if count >= quantile * total) * 1000
                   for quantile in quantiles]


def playlist_requests(root, source, seconds, pairs):
    folder = root / "requests"
    folder.mkdir()
    server = Server(folder, [channel("news")])
    publisher = Publishers(source, [f"rtmp://127.0.0.1:{server.rtmp_port}/live/{server.keys['news']}"])
    nginx = None
    try:
        time.sleep(30)
        path = server.renditions("news")["video"] + "/index.m3u8"
        body = server.get(path, headers=BROWSER_HEADERS).body
        nginx = Nginx(folder / "nginx", static=body)
        rows = []
        for number in range(pairs):
            ours = request_cost(server.process.pid, server.url(path), seconds)
            reference = request_cost(nginx.process.pid, f"http://127.0.0.1:{nginx.http_port}/index.m3u8", seconds)
            progress(f"playlist requests, pair {number + 1}: {ours * 1e6:.1f} µs, nginx {reference * 1e6:.1f} µs")
            rows.append((ours, reference))
        return rows, len(body)
    finally:
        publisher.stop()
        server.stop()
        if nginx:
            nginx.stop()
        shutil.rmtree(folder)


def time_to_first_playlist(root, source, profile):
    """Seconds from the publisher's first byte to the first playlist with media: by parts or segments."""
    folder = root / f"first-{profile}"
    folder.mkdir()
    server = Server(folder, [channel("news", latency=profile)])
    way = FirstByte(server.rtmp_port)
    publisher = Publishers(source, [f"rtmp://127.0.0.1:{way.port}/live/{server.keys['news']}"])
    try:
        found = {}
        path = None
        wait_for(lambda: way.start, what="the publisher's first byte")
        start = way.start
        while len(found) < 2 and time.monotonic() < start + 30:
            if path is None:
                answer = server.get("/live/news/index.m3u8")
                if answer.status == 200:
                    path = "/live/news/" + next(line for line in answer.text.splitlines() if line and line[0] != "#")
            else:
                text = server.get(path).text
                for what, tag in [("part", "#EXT-X-PART:"), ("segment", "#EXTINF")]:
                    if tag in text:
                        found.setdefault(what, time.monotonic() - start)
                if profile == "standard" and "segment" in found:
                    break
            time.sleep(0.005)
        return found
    finally:
        publisher.stop()
        server.stop()
        shutil.rmtree(folder)


class FirstByte:
    """A way to a port of this machine for one connection, that knows when its first byte passed."""

    def __init__(self, target):
        self.start = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.target = target
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        client = self.listener.accept()[0]
        server = socket.create_connection(("127.0.0.1", self.target))
        threading.Thread(target=self.forward, args=(server, client), daemon=True).start()
        self.forward(client, server)

    def forward(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                self.start = self.start or time.monotonic()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def main():
    parser = argparse.ArgumentParser(prog="Tools/benchmark", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="passthrough, memory, requests, start, dvr, load, ingest, failover, slate, ladder, ladder-delay; "
                             "all of them without one")
    parser.add_argument("--pairs", type=int,
                        help="how many times ours and the reference take turns (5), or an input fails (10)")
    parser.add_argument("--seconds", type=int, default=60, help="the length of each window of passthrough and ladder")
    parser.add_argument("--load-seconds", type=int, default=300, help="how long viewers watch; a third of it they wait")
    options = parser.parse_args()
    cases = options.cases or ["passthrough", "memory", "requests", "start", "dvr", "load", "ingest", "failover", "slate",
                              "ladder", "ladder-delay"]
    failures, options.pairs = options.pairs or 10, options.pairs or 5
    table = []
    with tempfile.TemporaryDirectory(prefix="headwater-benchmark-") as scratch:
        root = pathlib.Path(scratch)
        source = make_source(root) if set(cases) - {"failover", "ladder-delay"} else None
        if "failover" in cases:
            table += failover(root, failures)
        if "dvr" in cases:
            table += dvr(root, source, options.seconds, options.pairs)
        if "load" in cases:
            table += load(root, source, options.load_seconds, options.pairs)
        if "ingest" in cases:
            table += ingest(root, source, options.seconds, options.pairs)
        if "slate" in cases:
            table += slate(root, source, options.seconds, failures)
        if "ladder" in cases:
            table += ladder(root, source, options.seconds, options.pairs)
        if "ladder-delay" in cases:
            table += ladder_delay(root, options.seconds)
        if "passthrough" in cases:
            ratios, ours_all = [], []
            for number in range(options.pairs):
                ours, _, metrics = passthrough(root, source, options.seconds, "headwater")
                reference, _, _ = passthrough(root, source, options.seconds, "nginx")
                progress(f"passthrough, pair {number + 1}: {ours:.5f}, nginx-rtmp {reference:.5f} CPU-s/channel-s")
                ratios.append(ours / reference)
                ours_all.append(ours)
            table.append(("passthrough 1080p30 5 Mb/s, 10 channels, CPU-s per channel-second",
                          f"{statistics.median(ours_all):.5f}"))
            table.append(("  ÷ nginx-rtmp, median of pairs (range)",
                          f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"))
        if "memory" in cases:
            length = 100
            progress(f"memory and publish delay: {length} s")
            _, resident, metrics = passthrough(root, source, length, "headwater-long")
            rate = source.stat().st_size / 60
            # What is recent, six target durations of `low`, and the segment that is growing; the rest is on disk.
            kept = CHANNELS * rate * (6 + 1) * 4 / 1e6
            total, (half, most) = delay_quantiles(metrics, 0.5, 0.99)
            table.append((f"resident memory of 10 channels after {length + WARM_UP} s; 40 MB + 1.15 × {kept:.0f} MB kept",
                          f"{resident:.0f} MB; {40 + 1.15 * kept:.0f} MB"))
            table.append((f"last frame of a part in → part fetchable, {total} publications, p50 / p99 at most",
                          f"{half:g} / {most:g} ms"))
        if "requests" in cases:
            rows, size = playlist_requests(root, source, 10, options.pairs)
            ratios = [ours / reference for ours, reference in rows]
            ours = statistics.median(ours for ours, _ in rows)
            table.append((f"playlist of {size} B (gzip), CPU per request", f"{ours * 1e6:.1f} µs"))
            table.append(("  ÷ nginx serving a file of that size, median (range)",
                          f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"))
        if "start" in cases:
            for profile in ["standard", "low", "ultra"]:
                found = time_to_first_playlist(root, source, profile)
                table.append((f"publisher's first byte → first playlist with media, {profile}",
                              ", ".join(f"{what} {value:.2f} s" for what, value in found.items())))
    width = max(len(name) for name, _ in table)
    print()
    for name, value in table:
        print(f"{name:{width}}  {value}")


if __name__ == "__main__":
    main()
