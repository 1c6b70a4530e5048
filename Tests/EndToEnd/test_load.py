"""The load generator sees what its viewers see: nothing wrong where all is well, and stalls or errors where it is not."""

import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from conftest import ROOT, channel, in_some_run, wait_for

LOAD = os.environ.get("E2E_LOAD", str(ROOT / ".build/release/hls-load"))
# Hundreds of viewers from one address.
LIMITS = {"http": {"connectionsPerAddress": 0, "parkedPerAddress": 20000}}


class Load:
    """A run of the tool, which may be under way."""

    def __init__(self, url, *flags, seconds):
        self.seconds = seconds
        self.process = subprocess.Popen(
            [LOAD, url, "--seconds", str(seconds), "--json", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)

    def report(self):
        """The exit code and the report."""
        try:
            out, errors = self.process.communicate(timeout=self.seconds + 120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert out, errors
        return self.process.returncode, json.loads(out)


@pytest.fixture
def on_air(serve, publish):
    """A server with a channel that has a few segments, and its publisher."""
    def start(segments=2, settings=LIMITS, **options):
        server = serve([channel("c", **options)], settings=settings)
        publisher = publish(server, "c")
        playlist = server.renditions("c")["video"] + "/index.m3u8"
        wait_for(lambda: server.get(playlist).text.count("#EXTINF") >= segments, what=f"{segments} segments")
        return server, publisher
    return start


def test_two_hundred_viewers_see_neither_stalls_nor_errors(on_air):
    server, _ = on_air()

    def run():
        code, report = Load(server.url("/live/c/index.m3u8"), "--viewers", "200", seconds=20).report()
        assert (report["errorsByKind"], report["stalls"], report["neverStarted"]) == ({}, 0, 0), report
        assert code == 0 and report["isClean"]
        # In 20 s some 38 parts of 0.5 s are published of each rendition, and each viewer gets them all.
        assert report["delivery"]["count"] >= 200 * 2 * 36
        # On a busy machine some viewers get two at a time.
        assert report["lastServed"]["count"] >= 20
        assert report["responses"] > report["playlists"] + report["delivery"]["count"]
        assert report["bytes"] > 1_000_000
        assert report["reconnects"] == 0
        # The same version is parsed once for each thread, not for each viewer.
        assert report["parsed"] < report["playlists"] / 10

    in_some_run(run)


def test_a_server_that_has_one_core_has_one_worker(serve):
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        server = serve([channel("c")])
    finally:
        os.sched_setaffinity(0, cores)
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    names = [name.read_text().strip() for name in tasks.glob("*/comm")]
    # A pool of several has threads of another name. The metrics have a worker of their own.
    assert [name for name in names if name.startswith("MHD")] == ["MHD-single"] * 2, names


def test_playlists_alone_are_read_from_many_addresses(on_air):
    # Of 200 that wait there are ten at each of 20 addresses.
    server, _ = on_air(latency="ultra", settings={"http": {"parkedPerAddress": 12}})

    def run():
        code, report = Load(
            server.url("/live/c/index.m3u8"), "--viewers", "100", "--playlists-only", "--addresses", "20",
            seconds=6).report()
        assert code == 0, report
        assert report["delivery"]["count"] == 0
        assert report["playlists"] == report["responses"] > 100 * 2 * 5

    in_some_run(run)


def test_segments_are_played_where_there_are_no_parts(on_air):
    # Players keep three target durations, here 6 s.
    server, _ = on_air(segments=4, latency="standard", targetDuration=2)

    def run():
        code, report = Load(server.url("/live/c/index.m3u8"), "--viewers", "10", seconds=12).report()
        assert code == 0, report
        # Each starts with three segments, and five more follow.
        assert 10 * 2 * 7 <= report["delivery"]["count"] <= 10 * 2 * 10

    in_some_run(run)


def test_a_publisher_that_freezes_stalls_all_viewers(on_air):
    server, publisher = on_air()
    load = Load(server.url("/live/c/index.m3u8"), "--viewers", "20", seconds=14)
    time.sleep(5)
    publisher.process.send_signal(signal.SIGSTOP)
    try:
        code, report = load.report()
    finally:
        publisher.process.send_signal(signal.SIGCONT)
    assert code == 1
    assert report["stalledViewers"] == 20, report
    # Frozen for 9 s, of which the hold-back covers 2; or for somewhat less or more, where the run began late or early.
    assert 20 * 2_000 < report["stalledTime"] < 20 * 12_000
    assert report["errors"] == 0


def test_a_server_that_ends_is_an_error_and_a_stall(on_air):
    server, _ = on_air()
    load = Load(server.url("/live/c/index.m3u8"), "--viewers", "20", seconds=20)
    time.sleep(5)
    assert server.stop() == 0
    code, report = load.report()
    assert code == 1
    assert report["errorsByKind"].get("connection refused", 0) > 20, report
    assert report["stalledViewers"] == 20, report
    # Each connection that had served before was opened again once, as browsers do.
    assert report["reconnects"] >= 20 * 2


def test_refused_viewers_are_errors(serve, publish):
    server = serve([channel("c")], settings={"http": {"parkedPerAddress": 10}})
    publish(server, "c")
    server.renditions("c")
    code, report = Load(server.url("/live/c/index.m3u8"), "--viewers", "30", "--playlists-only", seconds=5).report()
    assert code == 1
    assert report["errorsByKind"].get("status 503", 0) > 0, report


def answering(answer, times=1_000_000):
    """A server that gives this answer to so many requests of each connection, and closes it when another one comes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one(connection):
        with connection:
            try:
                for _ in range(times):
                    if not connection.recv(65536):
                        return
                    connection.sendall(answer)
                connection.recv(65536)
            except OSError:
                pass

    def accept():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


@pytest.mark.parametrize("answer, kind", [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "malformed playlist"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "malformed length"),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed statusLine"),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
])
def test_answers_that_are_no_playlist_are_errors(answer, kind):
    with answering(answer) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.m3u8"
        code, report = Load(url, "--viewers", "5", "--ramp", "0", seconds=5).report()
    assert code == 1
    assert list(report["errorsByKind"]) == [kind], report
    # Each tries again after a second, and no sooner.
    assert 5 <= report["errors"] <= 5 * 6


def test_connections_closed_between_two_requests_are_opened_again():
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ns.ts\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(playlist), playlist)
    with answering(answer, times=2) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.m3u8"
        code, report = Load(url, "--viewers", "5", "--ramp", "0", "--playlists-only", seconds=6).report()
    assert code == 0 and report["errors"] == 0, report
    # The version does not change: it is read every half target duration, twice on each connection.
    assert 5 * 2 <= report["reconnects"] <= 5 * 6


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code, report = Load(f"http://127.0.0.1:{port}/x.m3u8", "--viewers", "3", "--ramp", "0", seconds=4).report()
    assert code == 1 and list(report["errorsByKind"]) == ["connection refused"], report
    wrong = subprocess.run([LOAD, "--viewers", "3"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "A URL is missing" in wrong.stderr
    many = subprocess.run(["bash", "-c", f"ulimit -n 500; {LOAD} http://127.0.0.1/x --viewers 1000"],
                          capture_output=True, text=True, timeout=60)
    assert many.returncode == 2 and "open files, and the limit is 500" in many.stderr


class TLSFront:
    """Takes TLS in front of a server, with a certificate for `headwater.test` that nobody has signed."""

    def __init__(self, folder, port):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
             folder / "certificate.pem", "-days", "2", "-subj", "/CN=headwater.test", "-addext",
             "subjectAltName=DNS:headwater.test"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.names, self.protocols, self.port = set(), set(), port
        self.context.sni_callback = lambda connection, name, context: self.names.add(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as outside, \
                    socket.create_connection(("127.0.0.1", self.port)) as inside:
                self.protocols.add(outside.selected_alpn_protocol())
                # Requests come whole, and one at a time.
                while request := outside.recv(65536):
                    inside.sendall(request)
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += inside.recv(1)
                    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                    outside.sendall(head)
                    while length:
                        piece = inside.recv(min(length, 65536))
                        length -= len(piece)
                        outside.sendall(piece)
        except (OSError, IndexError):
            connection.close()


def test_viewers_come_through_tls(on_air, tmp_path):
    server, _ = on_air()
    front = TLSFront(tmp_path, server.http_port)
    port = front.listener.getsockname()[1]
    url = f"https://headwater.test:{port}/live/c/index.m3u8"
    flags = ["--viewers", "5", "--resolve", f"headwater.test:{port}:127.0.0.1"]
    with front.listener:
        def run():
            code, report = Load(url, *flags, "--insecure", seconds=8).report()
            assert code == 0, report
            assert report["delivery"]["count"] >= 5 * 2 * 10

        in_some_run(run)
        assert front.names == {"headwater.test"} and front.protocols == {"http/1.1"}
        code, report = Load(url, *flags, seconds=5).report()
        assert code == 1 and list(report["errorsByKind"]) == ["TLS"], report
