"""A planned restart on sockets that outlive the server is a pause: nobody is refused, cut off or told of an error."""

import asyncio
import contextlib
import errno
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import BINARY, ROOT, Publisher, Server, channel, handed_over, wait_for

VIEWERS = 500
# They all come from one address.
LIMITS = {"http": {"connectionsPerAddress": 0, "parkedPerAddress": 20000}}
NAMES = ["http", "rtmp", "metrics"]


@pytest.fixture
def sockets():
    """What a service manager holds: the listening sockets by name."""
    held = {name: socket.create_server(("127.0.0.1", 0), backlog=4096) for name in NAMES}
    yield held
    for one in held.values():
        one.close()


class Encoder:
    """A publisher that comes back whenever it is sent away."""

    def __init__(self, url):
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.publish, args=(url,), daemon=True)
        self.thread.start()

    def publish(self, url):
        while not self.stopping.wait(0.2):
            self.publisher = Publisher(url)
            self.publisher.wait(620)

    def stop(self):
        self.stopping.set()
        self.publisher.process.send_signal(signal.SIGTERM)
        self.thread.join(timeout=60)


class Viewer:
    """A player with two connections that are kept open: on one it awaits each version of the playlist, on the other it
    gets the part that the playlist names last."""

    def __init__(self, audience):
        self.audience, self.connections, self.parts = audience, {}, 0

    async def watch(self):
        master = await self.get("/live/news/index.m3u8")
        folder = f"/live/news/{re.search(r'^([^#].*)/index.m3u8', master, re.MULTILINE)[1]}"
        query = ""
        while not self.audience.is_over:
            playlist = await self.get(f"{folder}/index.m3u8{query}")
            *complete, rest = playlist.split("#EXTINF")
            first = int(re.search("MEDIA-SEQUENCE:([0-9]+)", playlist)[1])
            query = f"?_HLS_msn={first + len(complete)}&_HLS_part={rest.count('#EXT-X-PART:')}"
            last = [line for line in playlist.splitlines() if line.startswith("#EXT-X-PART:")][-1:]
            # Where the encoder is away there are no media.
            if last and "GAP=YES" not in last[0]:
                await self.get(folder + "/" + re.search('URI="([^"]+)"', last[0])[1], "media")
                self.parts += 1
        for _, writer in self.connections.values():
            writer.close()

    async def get(self, path, purpose="playlists"):
        """The body."""
        while True:
            is_new = purpose not in self.connections
            if is_new:
                self.connections[purpose] = await asyncio.open_connection("127.0.0.1", self.audience.port)
            reader, writer = self.connections[purpose]
            writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            try:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
                break
            except (asyncio.IncompleteReadError, ConnectionResetError) as error:
                # A connection that was kept open may end as a request is sent, which is then sent again (RFC 9112
                # §9.3.1). Nothing of an answer may have come.
                assert not is_new and not getattr(error, "partial", b""), (path, repr(error))
                self.audience.sent_again += 1
                writer.close()
                del self.connections[purpose]
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        body = await reader.readexactly(length)
        if b"\r\nConnection: close\r\n" in head:
            self.audience.sent_away += 1
            writer.close()
            del self.connections[purpose]
        status = int(head[9:12])
        assert status == 200, (path, head)
        return body if purpose == "media" else body.decode()


class Audience:
    """Viewers, each with a task of his own."""

    def __init__(self, port, count):
        self.port, self.is_over = port, False
        self.sent_again, self.sent_away = 0, 0
        self.viewers = [Viewer(self) for _ in range(count)]
        self.tasks = [asyncio.create_task(viewer.watch()) for viewer in self.viewers]
        self.hiccup, self.heart = 0, asyncio.create_task(self.beat())

    async def beat(self):
        """Notes the longest time for which all of them stood still, because the machine had others to serve."""
        last = time.monotonic()
        while not self.is_over:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            self.hiccup, last = max(self.hiccup, now - last), now

    async def each_gets(self, parts, seconds=120):
        """Waits until everybody has got so many more parts, and fails as soon as somebody meets an error."""
        goals = [viewer.parts + parts for viewer in self.viewers]
        end = time.monotonic() + seconds
        while any(viewer.parts < goal for viewer, goal in zip(self.viewers, goals)):
            for task in self.tasks:
                if task.done():
                    task.result()
            assert time.monotonic() < end, "somebody got no part for too long"
            await asyncio.sleep(0.1)

    async def leave(self):
        self.is_over = True
        await asyncio.gather(*self.tasks)


def test_a_planned_restart_is_a_pause(tmp_path, sockets):
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    def start():
        return Server(tmp_path, [channel("news")], settings=LIMITS, sockets=sockets)

    async def watch():
        servers = [start()]
        encoder = Encoder(f"rtmp://127.0.0.1:{servers[0].rtmp_port}/live/{servers[0].keys['news']}")
        try:
            await asyncio.to_thread(servers[0].renditions, "news")
            audience = Audience(servers[0].http_port, VIEWERS)
            await audience.each_gets(3)
            audience.hiccup = 0
            assert await asyncio.to_thread(servers[0].stop) == 0
            hiccup = audience.hiccup
            servers.append(await asyncio.to_thread(start))
            await audience.each_gets(3)
            await audience.leave()
        finally:
            encoder.stop()
            assert [server.stop() for server in servers] == [0] * len(servers)
        return servers, audience, hiccup

    (first, second), audience, hiccup = asyncio.run(watch())
    print("drained:", first.events("server.drained")[0], "sent away:", audience.sent_away, "again:", audience.sent_again,
          "hiccup:", hiccup)
    assert first.events("server.drained")[0]["waiting"] == 0
    assert first.http_port == second.http_port
    for server in first, second:
        assert [event["listener"] for event in server.events("server.socket_inherited")] == NAMES
    # Everybody waited for something and got it, then what it named, and was told to come back on other connections.
    # Who is slower than the server is patient, which it is for a quarter of a second, finds his connection ended.
    assert audience.sent_away >= VIEWERS
    if hiccup < 0.25:
        assert audience.sent_away >= 1.9 * VIEWERS and audience.sent_again <= VIEWERS / 20


def test_sockets_without_names_are_known_by_their_ports(serve, sockets):
    ports = {name: one.getsockname()[1] for name, one in sockets.items()}
    server = serve(
        [], "--http-address", "127.0.0.1", "--rtmp-address", "127.0.0.1", http_port=ports["http"],
        rtmp_port=ports["rtmp"], metrics_port=ports["metrics"], sockets=dict(reversed(sockets.items())),
        variables={"LISTEN_FDNAMES": ":".join(["headwater.socket"] * 3)})
    assert (server.http_port, server.rtmp_port, server.metrics_port) == tuple(ports[name] for name in NAMES)
    assert server.get("/healthz").status == 200 and "headwater_" in server.metrics()


def test_the_socket_unit_has_the_ports_of_the_configuration(tmp_path):
    unit = (ROOT / "Deploy/systemd/headwater.socket").read_text()
    result = subprocess.run([BINARY, "config", "print"], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    ports = [re.search(rf"{name}: {{[^}}]*port: ([0-9]+)", result.stdout)[1] for name in ["http", "rtmp"]]
    assert re.findall("^ListenStream=(.*)$", unit, re.MULTILINE) == ports


def test_what_is_handed_over_goes_no_further(serve, tmp_path, sockets):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        server = serve([], "--demo", sockets=sockets, variables={"NOTIFY_SOCKET": tmp_path / "notify"})
        assert manager.recv(100) == b"READY=1"
        known = {os.readlink(f"/proc/{os.getpid()}/fd/{one.fileno()}") for one in sockets.values()}

        def encoder():
            tasks = f"/proc/{server.process.pid}/task"
            with contextlib.suppress(FileNotFoundError):  # A thread or a file that is gone by now.
                children = [one for task in os.listdir(tasks) for one in open(f"{tasks}/{task}/children").read().split()]
                child = next((one for one in children if os.readlink(f"/proc/{one}/exe").endswith("ffmpeg")), None)
                folder = f"/proc/{child}/fd"
                return child and (child, {os.readlink(f"{folder}/{name}") for name in os.listdir(folder)})

        child, files = wait_for(encoder, what="the encoder of the demo")
        assert not known & files
        told = open(f"/proc/{child}/environ").read()
        assert "LISTEN_" not in told and "NOTIFY_SOCKET" not in told and "PATH=" in told
        server.process.send_signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"


def test_sockets_of_another_process_are_left_alone(serve, sockets):
    server = serve([], sockets=sockets, variables={"LISTEN_PID": "1"})
    assert server.events("server.socket_inherited") == []
    assert server.http_port != sockets["http"].getsockname()[1]


def test_what_cannot_be_listened_with_is_one_clear_message(tmp_path, sockets):
    command = [BINARY, "serve", "--data", tmp_path / "data", "--http-port", 0, "--rtmp-port", 0, "--srt-port", 0, "--metrics-listen",
               "127.0.0.1:0"]
    with open(tmp_path / "file", "w") as file, socket.socket() as silent:
        for given, variables, words in [
                ({"http": file}, {}, "descriptor 3"), ({"http": silent}, {}, "descriptor 3"),
                ({"http": sockets["http"], "rtmp": file}, {}, "descriptor 4"),
                ({"web": sockets["http"]}, {}, f"127.0.0.1:{sockets['http'].getsockname()[1]} is for none"),
                (sockets, {"LISTEN_FDNAMES": "http:rtmp:http"}, "two sockets"),
                (sockets, {"LISTEN_FDNAMES": "http"}, "1 names for 3"), (sockets, {"LISTEN_FDS": "many"}, "many")]:
            with handed_over(given, command, **variables) as start:
                result = subprocess.run(**start, capture_output=True, text=True, timeout=60, cwd=tmp_path)
            assert result.returncode == 1, result
            said = [line for line in result.stderr.splitlines() if not line.startswith("{")]
            assert len(said) == 1 and "cannot start" in said[0] and words in said[0], result.stderr


def test_who_takes_nothing_holds_a_stop_up_for_a_while_only(serve, tmp_path):
    (tmp_path / "large.js").write_bytes(bytes(1 << 20))
    server = serve([channel("news", latency="ultra")], "--player-hls", str(tmp_path / "large.js"))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.http_port))
        # More than the kernel keeps for a client.
        client.sendall(16 * b"GET /player/hls.js HTTP/1.1\r\nHost: here\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", server.http_port)), what="the refusal")
        # Nor are encoders let in any more, only to be sent away soon.
        assert socket.socket().connect_ex(("127.0.0.1", server.rtmp_port)) == errno.ECONNREFUSED
        wait_for(lambda: "headwater_http_connections 1\n" in server.metrics(), what="the one connection")
        assert server.stop() == 0
    drained = server.events("server.drained")[0]
    # Twice the target duration.
    assert drained["waiting"] == 1 and drained["seconds"] >= 4
