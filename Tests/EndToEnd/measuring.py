"""What every benchmark needs: what a process costs, media to publish, and nginx for a reference.

CPU is what the kernel counts for all threads of a server's process tree (schedstat, in nanoseconds)."""

import os
import pathlib
import re
import signal
import socket
import subprocess

from conftest import wait_for
from ports import free_port

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


def make_source(folder, rate="5M", size="1920x1080"):
    """A minute of video with 30 frames a second at that bit rate, with a key frame every two seconds."""
    source = folder / f"{rate}.flv"
    progress(f"making the source: 60 s of {size} at {rate}b/s")
    subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
         f"testsrc2=size={size}:rate=30,noise=alls=12:allf=t,format=yuv420p", "-f", "lavfi", "-i",
         "sine=frequency=330:sample_rate=48000", "-t", "60", "-c:v", "libx264", "-preset", "veryfast", "-b:v", rate,
         "-maxrate", rate, "-bufsize", rate, "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-bf", "2", "-c:a",
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
