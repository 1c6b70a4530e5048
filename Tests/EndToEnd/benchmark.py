"""Measures Headwater beside nginx, its reference, in the same minutes on the same machine, and prints a table.

CPU is what the kernel counts for all threads of a server's process tree (schedstat, in nanoseconds)."""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from conftest import Server, channel, wait_for

CHANNELS = 10
# What a browser sends with a playlist request.
BROWSER_HEADERS = {
    "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br, zstd", "Accept-Language": "en-US,en;q=0.9,de;q=0.8",
    "Cache-Control": "no-cache", "Connection": "keep-alive", "Origin": "https://www.example.com",
    "Pragma": "no-cache", "Referer": "https://www.example.com/watch/live/evening-news?from=front-page",
    "Sec-Ch-Ua": '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"', "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Windows"', "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "cross-site",
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                  "Chrome/140.0.0.0 Safari/537.36",
}


def progress(text):
    print(f"  {text}", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(root):
    """The process and all its descendants."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def cpu_seconds(root):
    total = 0
    for process in tree(root):
        for task in pathlib.Path(f"/proc/{process}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return total / 1e9


def resident_megabytes(root):
    pages = sum(int(pathlib.Path(f"/proc/{process}/statm").read_text().split()[1]) for process in tree(root))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Nginx:
    """nginx-rtmp with HLS of 2 s, and a static file of a playlist's size; no access log."""

    def __init__(self, folder, static=b""):
        self.rtmp_port, self.http_port = free_port(), free_port()
        (folder / "www").mkdir(parents=True)
        (folder / "www/index.m3u8").write_bytes(static)
        (folder / "www").chmod(0o755)
        configuration = folder / "nginx.conf"
        configuration.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root; daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
rtmp {{ server {{ listen 127.0.0.1:{self.rtmp_port}; access_log off; application live {{
    live on; hls on; hls_path {folder}/hls; hls_fragment 2s; hls_playlist_length 60s; }} }} }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; types {{
    application/vnd.apple.mpegurl m3u8; }}
    server {{ listen 127.0.0.1:{self.http_port}; root {folder}/www;
        add_header Access-Control-Allow-Origin *; add_header Cache-Control max-age=2; }} }}
""")
        self.process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configuration)])
        wait_for(lambda: can_connect(self.rtmp_port) and can_connect(self.http_port), what="nginx")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


def can_connect(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_source(folder):
    """A minute of 1080p30 at 5 Mb/s, with a key frame every two seconds."""
    source = folder / "1080p30.flv"
    progress("making the source: 60 s of 1080p30 at 5 Mb/s")
    subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
         "testsrc2=size=1920x1080:rate=30,noise=alls=12:allf=t,format=yuv420p", "-f", "lavfi", "-i",
         "sine=frequency=330:sample_rate=48000", "-t", "60", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "5M",
         "-maxrate", "5M", "-bufsize", "5M", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-bf", "2", "-c:a",
         "aac", "-b:a", "128k", "-ac", "2", "-f", "flv", str(source)], check=True)
    return source


class Publishers:
    def __init__(self, source, urls):
        self.processes = [
            subprocess.Popen(
                ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i",
                 str(source), "-c", "copy", "-f", "flv", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for url in urls]

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)


def passthrough(root, source, seconds, name, profile="low"):
    """CPU seconds per channel-second of ten channels, after ten seconds; memory at the end; the server for more."""
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
        time.sleep(10)
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


def request_cost(server_process, url, seconds):
    """CPU seconds per request of the server under wrk: as many connections as keep all workers busy, for with a few the
    cost depends on which worker happens to have them."""
    headers = [part for name, value in BROWSER_HEADERS.items() for part in ("-H", f"{name}: {value}")]
    before = cpu_seconds(server_process)
    report = subprocess.run(
        ["wrk", "-t1", "-c256", f"-d{seconds}s", *headers, url], check=True, capture_output=True, text=True).stdout
    cpu = cpu_seconds(server_process) - before
    assert "Non-2xx" not in report, report
    return cpu / int(re.search(r"(\d+) requests in", report)[1])


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
                        help="passthrough, memory, requests, start; all of them without one")
    parser.add_argument("--pairs", type=int, default=5, help="how many times ours and the reference take turns")
    parser.add_argument("--seconds", type=int, default=60, help="the length of each passthrough window")
    options = parser.parse_args()
    cases = options.cases or ["passthrough", "memory", "requests", "start"]
    table = []
    with tempfile.TemporaryDirectory(prefix="headwater-benchmark-") as scratch:
        root = pathlib.Path(scratch)
        source = make_source(root)
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
            length = 160
            progress(f"memory and publish delay: {length} s")
            _, resident, metrics = passthrough(root, source, length, "headwater-long")
            rate = source.stat().st_size / 60
            # What is recent, six target durations of `low`, and the segment that is growing; the rest is on disk.
            kept = CHANNELS * rate * (6 + 1) * 4 / 1e6
            total, (half, most) = delay_quantiles(metrics, 0.5, 0.99)
            table.append((f"resident memory of 10 channels after {length + 10} s; 40 MB + 1.15 × {kept:.0f} MB kept",
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
