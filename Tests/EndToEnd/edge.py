"""The edge of `Deploy/nginx` in front of a server, its configuration as it is but for addresses, ports and folders; and
those who ask it."""

import asyncio
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from conftest import ROOT, Publisher, Server, channel, fetch, wait_for
from ports import free_ports
from test_page import HLS

# What site.conf says to do for a server with this setting.
TOKENS = {"playlists": {"queryParameters": ["token"]}}
TOKEN_LINE = '"~(?:^|&)token=[^&]" "&token=x";'
TOKEN_CHANGES = [
    ("site.conf", f"#   {TOKEN_LINE}\n", "#\n"),
    ("site.conf", "map $args $handed_on {\n", f"map $args $handed_on {{\n    {TOKEN_LINE}\n")]


class Edge:
    """A running nginx. `changes` are further replacements in its files, each of which must find something."""

    def __init__(self, origin_port, changes=()):
        # Not the test's own folder: nginx leaves its workers no rights to look into that.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="headwater-edge-"))
        self.folder.chmod(0o755)
        self.certificate = self.folder / "headwater.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             self.folder / "headwater.key", "-out", self.certificate], check=True, capture_output=True)
        self.context = ssl.create_default_context(cafile=str(self.certificate))
        self.https_port, self.http_port = free_ports(2)
        shutil.copytree(ROOT / "Deploy/nginx", self.folder / "nginx")
        self.replace([
            ("site.conf", "127.0.0.1:8080", f"127.0.0.1:{origin_port}"),
            ("site.conf", "443 ssl", f"{self.https_port} ssl"),
            ("site.conf", "80 backlog", f"{self.http_port} backlog"),
            ("site.conf", "/etc/nginx/", f"{self.folder}/"), ("site.conf", "/var/log/nginx/", f"{self.folder}/"),
            ("site.conf", "/var/lib/nginx/headwater", f"{self.folder}/cache"), *changes])
        self.process = subprocess.Popen(
            ["nginx", "-e", self.folder / "error.log", "-c", self.folder / "nginx/nginx.conf",
             "-g", f"daemon off; pid {self.folder}/nginx.pid;"], stderr=subprocess.DEVNULL)
        wait_for(lambda: self.process.poll() is not None or self.is_listening(), what="nginx")
        assert self.process.poll() is None, self.errors()

    def replace(self, changes):
        for name, old, new in changes:
            file = self.folder / "nginx" / name
            text = file.read_text()
            assert old in text, f"{old} is not in {name}"
            file.write_text(text.replace(old, new))

    def is_listening(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.https_port)) == 0

    def errors(self):
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def url(self, path):
        return f"https://localhost:{self.https_port}{path}"

    def get(self, path, headers=None, method="GET", timeout=60):
        return fetch(self.url(path), headers, method, timeout, context=self.context)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        errors = self.errors()
        shutil.rmtree(self.folder)
        # Such as a fault in a script. That a container allows fewer files than the configuration asks for is none.
        assert not re.findall(r".*\[(?:alert|crit|emerg)\](?!.*RLIMIT_NOFILE).*|.*lua.*", errors), errors


class Site:
    """A channel on the air, and an edge in front of it."""

    def __init__(self, folder):
        self.server = Server(
            folder, [channel("low")], "--player-hls", HLS, "--http-connections-per-address", "0",
            settings=TOKENS)
        self.publisher = Publisher(
            f"rtmp://127.0.0.1:{self.server.rtmp_port}/live/{self.server.keys['low']}", seconds=3600)
        self.edge = Edge(self.server.http_port, TOKEN_CHANGES)
        self.folder = self.server.renditions("low")["video"]
        self.playlist = f"{self.folder}/index.m3u8"

    def origin_answers(self):
        """How many requests the origin has answered, when nobody waits for an answer any more: those whom an earlier test
        left behind do for a while. It counts an answer when it is gone, perhaps after it came."""
        seen = []
        while len(seen) < 2 or seen[-1] != seen[-2]:
            wait_for(lambda: "headwater_http_parked_requests 0\n" in self.server.metrics(), what="nobody who waits")
            time.sleep(0.05)
            counts = re.findall(r'headwater_http_responses_total\{status="..."} (\d+)', self.server.metrics())
            seen.append(sum(map(int, counts)))
        return seen[-1]

    def cost(self, action):
        """What `action` returns, and how many requests it cost the origin."""
        before = self.origin_answers()
        result = action()
        return result, self.origin_answers() - before

    def get(self, path, **headers):
        return self.edge.get(path, {name.replace("_", "-"): value for name, value in headers.items()})

    def media(self):
        """The path of a part that is just there, so that nobody has asked the edge for it."""
        known = self.parts()
        name = wait_for(lambda: next(iter(self.parts() - known), None), what="a part that is new")
        return f"{self.folder}/{name}"

    def parts(self):
        return set(re.findall(r'#EXT-X-PART:.*URI="([^"]+)"', self.server.get(self.playlist).text))

    def stop(self):
        self.edge.stop()
        self.publisher.stop()
        assert self.server.stop() == 0


class Crowd:
    """Viewers with a connection to the edge each, who ask for the same thing at the same moment."""

    def __init__(self, edge, count):
        self.edge, self.count = edge, count

    async def connect(self):
        # A few at a time, as the queue of a listening socket has a length.
        self.connections = []
        while len(self.connections) < self.count:
            some = min(100, self.count - len(self.connections))
            self.connections += await asyncio.gather(
                *(asyncio.open_connection("127.0.0.1", self.edge.http_port) for _ in range(some)))

    async def ask(self, path, status=200):
        """The bodies that came, each with the moment at which it did."""
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for _, writer in self.connections:
            writer.write(request)
        return await asyncio.gather(*(self.take(reader, status) for reader, _ in self.connections))

    @staticmethod
    async def take(reader, status):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
        return await reader.readexactly(length), time.monotonic()

    def close(self):
        for _, writer in self.connections:
            writer.close()
