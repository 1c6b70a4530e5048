"""A server, encoders and players for the end-to-end tests: the release binary and real ffmpeg."""

import contextlib
import fcntl
import json
import os
import pathlib
import resource
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("E2E_BINARY", str(ROOT / ".build/release/headwater"))


def wait_for(condition, seconds=60, what="the condition"):
    """Waits until `condition` returns something true, and returns that. A minute is far longer than a busy machine takes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds} s")


def in_some_run(run, times=3):
    """What `run` returns the first time that it finds nothing wrong. A machine that others share may stand still during one
    run; what is wrong with the server is so in every one."""
    for left in reversed(range(times)):
        try:
            return run()
        except AssertionError:
            if not left:
                raise


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()


def fetch(url, headers=None, method="GET", timeout=60, **options):
    """The answer, whatever its status."""
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout, **options) as answer:
            return Response(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.headers, error.read())


@contextlib.contextmanager
def handed_over(sockets, command, **variables):
    """The arguments of a Popen that starts `command` with `sockets`, by name, as its descriptors from 3 on: what
    sd_listen_fds(3) describes. Variables named here take the place of those that belong to it."""
    copies = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in sockets.values()]
    told = {"LISTEN_PID": "$$", "LISTEN_FDS": len(sockets), "LISTEN_FDNAMES": ":".join(sockets), **variables}
    moves = " ".join(f"{3 + number}<&{copy} {copy}<&-" for number, copy in enumerate(copies))
    script = f"exec {moves}; export {' '.join(f'{name}={value}' for name, value in told.items())}; exec \"$@\""
    yield {"args": ["bash", "-c", script, "bash", *map(str, command)], "pass_fds": copies}
    for copy in copies:
        os.close(copy)


class Server:
    """A running `headwater serve`, on free ports where none are named, or with sockets that it inherits."""

    def __init__(self, folder, channels, *flags, name="server", http_port=0, rtmp_port=0, limit_files=None,
                 settings=None, sockets=None, variables=None, metrics_port=0, srt_port=0):
        self.folder, self.data = folder, folder / f"{name}-data"
        configuration = folder / f"{name}.json5"
        configuration.write_text(json.dumps({"channels": channels, **(settings or {})}))
        self.keys = {channel["id"]: channel["streamKey"] for channel in channels}
        self.log, self.said = [], []
        command = [BINARY, "serve", "--config", configuration, "--data", self.data, "--http-port", str(http_port),
                   "--rtmp-port", str(rtmp_port), "--srt-port", str(srt_port), "--metrics-listen",
                   f"127.0.0.1:{metrics_port}", *flags]
        with handed_over(sockets or {}, command, **variables or {}) as start:
            self.process = subprocess.Popen(
                **(start if sockets else {"args": command}), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True, cwd=folder, preexec_fn=limit_files and (lambda: resource.setrlimit(
                    resource.RLIMIT_NOFILE, (limit_files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))))
        self.reader = threading.Thread(target=self._read_log, daemon=True)
        self.reader.start()
        wait_for(lambda: self.events("server.started") or self.process.poll() is not None, what="server.started")
        assert self.process.poll() is None, self.said
        started = self.events("server.started")[0]
        self.http_port, self.rtmp_port = started["http.port"], started["rtmp.port"]
        self.srt_port, self.metrics_port = started["srt.port"], started["metrics.port"]

    def _read_log(self):
        for line in self.process.stderr:
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.said.append(line)

    def events(self, name):
        return [event for event in list(self.log) if event["event"] == name]

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.http_port}{path}"

    def get(self, path, headers=None, method="GET", timeout=60):
        return fetch(self.url(path), headers, method, timeout)

    def renditions(self, channel, seconds=60):
        """The folders of the renditions by name, once the channel can be played."""
        path = f"/live/{channel}/index.m3u8"
        text = wait_for(lambda: (lambda r: r.status == 200 and r.text)(self.get(path)), seconds, f"{channel} on air")
        found = {}
        for line in text.splitlines():
            uri = line.split('URI="')[1].split('"')[0] if "TYPE=AUDIO" in line else line
            if uri and not uri.startswith("#"):
                folder = uri.rsplit("/", 1)[0]
                found[folder.rsplit("/", 1)[1]] = f"/live/{channel}/{folder}"
        return found

    def rtmp_url(self, channel):
        return f"rtmp://127.0.0.1:{self.rtmp_port}/live/{self.keys[channel]}"

    def srt_url(self, channel, **options):
        """Where ffmpeg publishes to; `options` are those of the URL."""
        options = {"streamid": self.keys[channel], **options}
        return f"srt://127.0.0.1:{self.srt_port}?" + "&".join(f"{name}={value}" for name, value in options.items())

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=60) as answer:
            return answer.read().decode()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=20)
        # What one that was killed leaves to the next, and there is none.
        with contextlib.suppress(FileNotFoundError):
            place = self.data.stat()
            for page in pathlib.Path("/dev/shm").glob(f"headwater-{place.st_dev}-{place.st_ino}-*"):
                page.unlink(missing_ok=True)
        return code


class Publisher:
    """ffmpeg with a test picture and a tone, at real time, over RTMP or SRT. `options` are those of the protocol."""

    def __init__(self, url, fps="30", gop=60, bframes=0, rate=48000, seconds=600, size="320x180", video="libx264",
                 audio="aac", options=()):
        encoder = ["-c:v", video]
        if video == "libx264":
            encoder += ["-preset", "ultrafast", "-bf", str(bframes), "-keyint_min", str(gop), "-sc_threshold", "0"]
        self.process = subprocess.Popen(
            ["ffmpeg", "-hide_banner", "-loglevel", "warning", "-nostdin", "-re", "-f", "lavfi", "-i",
             f"testsrc2=size={size}:rate={fps}", "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={rate}",
             "-t", str(seconds), *encoder, "-g", str(gop), "-pix_fmt", "yuv420p", "-c:a", audio, "-f",
             "mpegts" if url.startswith("srt:") else "flv", *map(str, options), url],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds=60):
        """What ffmpeg said, once it has ended."""
        try:
            return self.process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(channels, *flags, **options):
        servers.append(Server(tmp_path, channels, *flags, **options))
        return servers[-1]

    yield start
    assert [server.stop() for server in servers] == [0] * len(servers)


@pytest.fixture
def publish():
    publishers = []

    def start(server, channel, path=None, **options):
        url = f"rtmp://127.0.0.1:{server.rtmp_port}/live/{path}" if path else server.rtmp_url(channel)
        publishers.append(Publisher(url, **options))
        return publishers[-1]

    yield start
    for publisher in publishers:
        if publisher.process.poll() is None:
            publisher.stop()


def channel(id, **more):
    """The settings of a channel. While nothing comes media are missing, unless a test says otherwise: what is shown then
    would hide what it lacks."""
    return {"id": id, "streamKey": f"key-of-{id}-1234", "slate": {"show": False}, **more}


@pytest.fixture
def send():
    """Starts encoders and senders."""
    started = []

    def start(kind, *arguments, **options):
        started.append(kind(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()
