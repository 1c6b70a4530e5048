"""What thousands of viewers of one channel cost, and how long they wait: the server has one core for itself, the load
generator and the encoder share another."""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import time

from conftest import ROOT, Server, channel, wait_for
from edge import Edge
from measuring import Nginx, Publishers, cpu_seconds, make_source, progress, request_cost, resident_megabytes

LOAD = os.environ.get("E2E_LOAD", str(ROOT / ".build/release/hls-load"))
LIMITS = {"http": {"connectionsPerAddress": 0, "parkedPerAddress": 20000}}
# Until the window is as long as it gets in memory: six target durations of `low`, and the segment that is growing.
FULL_WINDOW = 30


@contextlib.contextmanager
def on_core(number):
    """What is started within runs on that core only."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


class Audience:
    """A run of the load generator, which is under way."""

    def __init__(self, url, viewers, seconds, *flags):
        with on_core(1):
            self.process = subprocess.Popen(
                [LOAD, url, "--viewers", str(viewers), "--threads", "1", "--seconds", str(seconds), "--json", *flags],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.seconds = seconds

    def report(self):
        out, errors = self.process.communicate(timeout=self.seconds + 60)
        assert out, errors
        return json.loads(out)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Broadcast:
    """A channel on the air, with a window that is full."""

    def __init__(self, folder, source):
        self.folder = folder
        folder.mkdir()
        with on_core(0):
            self.server = Server(folder, [channel("c", latency="low")], settings=LIMITS)
        self.pid = self.server.process.pid
        with on_core(1):
            self.publisher = Publishers(
                source, [f"rtmp://127.0.0.1:{self.server.rtmp_port}/live/{self.server.keys['c']}"])
        self.multivariant = "/live/c/index.m3u8"
        self.playlist = self.server.renditions("c")["video"] + "/index.m3u8"
        time.sleep(FULL_WINDOW)

    def metric(self, name):
        found = re.findall(rf"^headwater_http_{name}(?:{{.*}})? (\d+)$", self.server.metrics(), re.MULTILINE)
        return sum(map(int, found))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.publisher.stop()
        self.server.stop()
        shutil.rmtree(self.folder)


class Window:
    """CPU seconds and answers of a server from here to `end`, which others may share."""

    def __init__(self, broadcast, *others):
        self.broadcast, self.pids = broadcast, [broadcast.pid, *others]
        self.before = self.look()

    def look(self):
        return time.monotonic(), [cpu_seconds(pid) for pid in self.pids], self.broadcast.metric("responses_total")

    def end(self):
        now, cpu, answers = self.look()
        then, cpu_then, answers_then = self.before
        self.cpu = [one - other for one, other in zip(cpu, cpu_then)]
        self.share = sum(self.cpu) / (now - then)
        self.answers = answers - answers_then
        return self


def generator(report):
    late = report["lateness"]
    return (f"late p99 {late['p99']} ms, at most {late['max']} ms, {report['processorShare'] * 100:.0f} % of its core"
            + ("" if report["isTrustworthy"] else ": NOT TO BE TRUSTED"))


def blocked(root, source, viewers, seconds, pairs):
    """Viewers who wait for the next version of one playlist, again and again."""
    costs, ratios, p50, p95, rows, errors, seen = [], [], [], [], [], 0, []
    with Broadcast(root / f"blocked-{viewers}", source) as broadcast:
        with on_core(0):
            nginx = Nginx(broadcast.folder / "nginx", static=broadcast.server.get(broadcast.playlist).body)
        try:
            for number in range(pairs):
                memory = resident_megabytes(broadcast.pid)
                ramp = viewers / 1000 + 3
                audience = Audience(
                    broadcast.server.url(broadcast.playlist), viewers, int(ramp) + seconds + 2, "--playlists-only")
                try:
                    time.sleep(ramp)
                    # On a busy machine there is hardly a moment at which all do.
                    wait_for(lambda: broadcast.metric("parked_requests") >= 0.95 * viewers, what="those who wait")
                    if number == 0:
                        # Later there is memory left over from the viewers before.
                        per_viewer = (resident_megabytes(broadcast.pid) - memory) * 1e6 / 1024 / viewers
                    window = Window(broadcast)
                    time.sleep(seconds)
                    window.end()
                    report = audience.report()
                finally:
                    audience.stop()
                with on_core(1):
                    reference = request_cost(nginx.process.pid, f"http://127.0.0.1:{nginx.http_port}/index.m3u8", 5)
                costs.append(window.cpu[0] / window.answers)
                ratios.append(costs[-1] / reference)
                p50.append(report["lastServed"]["p50"])
                p95.append(report["lastServed"]["p95"])
                errors += report["errors"]
                seen.append(report["lastServed"]["count"])
                rows.append(("  generator", generator(report)))
                progress(f"{viewers} who wait, pair {number + 1}: {costs[-1] * 1e6:.1f} µs, nginx "
                         f"{reference * 1e6:.1f} µs, last served p95 {p95[-1]} ms of {seen[-1]}, "
                         f"{window.share * 100:.0f} % of the core; generator {generator(report)}")
        finally:
            nginx.stop()
    return [
        (f"blocked reload, {viewers} viewers: CPU per answer, median (range)", spread(costs, 1e6, 1, "µs")),
        ("  ÷ nginx serving a file of that size from that core, median (range)", spread(ratios, 1, 2, "")),
        (f"  last viewer behind the first, {seen[-1]} publications each: p50; p95, median (range)",
         f"{spread(p50, 1, 1, 'ms')}; {spread(p95, 1, 1, 'ms')}"),
        ("  memory of the server for each viewer who waits; errors", f"{per_viewer:.1f} KiB; {errors}"), rows[-1]]


def spread(values, scale, places, unit):
    low, middle, high = (
        f"{value * scale:.{places}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low}–{high}) {unit}".rstrip()


def watched(root, source, viewers, name, seconds):
    """Viewers who watch video and audio."""
    with Broadcast(root / f"watched-{viewers}", source) as broadcast:
        audience = Audience(broadcast.server.url(broadcast.multivariant), viewers, seconds)
        try:
            time.sleep(viewers / 1000 + 3)
            window = Window(broadcast)
            time.sleep(max(seconds - viewers / 1000 - 5, 1))
            window.end()
            report = audience.report()
        finally:
            audience.stop()
    progress(f"{viewers} who watch: {window.share * 100:.0f} % of the core, {report['stalls']} stalls")
    return outcome(f"`low`, {viewers} viewers of video and audio at {name}, {seconds} s", window, report)


def at_the_edge(root, source, viewers, seconds):
    """Both through nginx, which shares the server's core."""
    rows = []
    with Broadcast(root / "edge", source) as broadcast:
        with on_core(0):
            edge = Edge(broadcast.server.http_port)
        try:
            for name, path, flags in [
                    ("blocked reload", broadcast.playlist, ["--playlists-only"]),
                    ("`low`, video and audio at 1 Mb/s", broadcast.multivariant, [])]:
                audience = Audience(
                    f"https://localhost:{edge.https_port}{path}", viewers, seconds, "--insecure", "--resolve",
                    f"localhost:{edge.https_port}:127.0.0.1", "--addresses", "10", "--ramp", "10", *flags)
                try:
                    time.sleep(15)
                    window = Window(broadcast, edge.process.pid)
                    time.sleep(max(seconds - 17, 1))
                    window.end()
                    report = audience.report()
                finally:
                    audience.stop()
                progress(f"{viewers} at the edge, {name}: {window.share * 100:.0f} % of the core")
                rows += outcome(f"{name} through the edge, {viewers} viewers, {seconds} s", window, report)
                rows.append(("  requests that reached the server, of those of the viewers",
                             f"{window.answers / report['responses'] * 100:.2f} %"))
        finally:
            edge.stop()
    return rows


def outcome(name, window, report):
    shares = " + ".join(f"{cpu / sum(window.cpu) * window.share * 100:.0f} %" for cpu in window.cpu)
    wake, last, delivery = (report[key] for key in ("wakeUp", "lastServed", "delivery"))
    rows = [
        (f"{name}: of the core", shares),
        ("  stalls, never started, errors", f"{report['stalls']}, {report['neverStarted']}, {report['errors']}"),
        ("  playlist behind the first viewer, p95, and the last viewer, p50 / p95",
         f"{wake['p95']} ms, {last['p50']} / {last['p95']} ms"), ("  generator", generator(report))]
    if delivery["count"]:
        rows.insert(3, ("  part delivery, p50 / p95 / p99",
                        f"{delivery['p50']} / {delivery['p95']} / {delivery['p99']} ms"))
    return rows


def load(root, source, seconds, pairs):
    """The rows of the table. `source` has 5 Mb/s."""
    light = make_source(root, "1M", "1280x720")
    rows = []
    for viewers in [1000, 5000]:
        rows += blocked(root, light, viewers, max(seconds // 3, 5), min(pairs, 3))
    rows += watched(root, light, 2000, "1 Mb/s", seconds)
    rows += watched(root, source, 400, "5 Mb/s", seconds)
    rows += at_the_edge(root, light, 1000, max(seconds // 3, 20))
    return rows
