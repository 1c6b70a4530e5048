"""RTMP over TLS: ffmpeg and GStreamer publish, OpenSSL's client looks at what they are shown."""

import datetime
import re
import shutil
import socket
import ssl
import subprocess

import pytest

from conftest import BINARY, Publisher, channel, wait_for
from rtmp import RTMPSender
from test_srt import accepted, plays, running, says_no_secret


class Certificate:
    """A certificate that vouches for itself, and its key, for a day."""

    def __init__(self, folder, name, host="localhost", start=None, end=None):
        self.path, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self._folder, self._host = folder, host
        self.make(start, end)

    def make(self, start=None, end=None):
        """Writes both files, over those that were there."""
        names = [f"/CN={self._host}", "-addext", f"subjectAltName=DNS:{self._host}"]
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 1,
                  "-subj", *names, "-keyout", self.key, "-out", self.path)
        if start:
            (self._folder / "index").write_text("")
            settings, request = self._folder / "ca.conf", self._folder / "request.pem"
            settings.write_text(
                f"[ca]\ndefault_ca = this\n[this]\ndatabase = {self._folder}/index\nnew_certs_dir = {self._folder}\n"
                "rand_serial = yes\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n")
            self._run("req", "-new", "-key", self.key, "-subj", f"/CN={self._host}", "-out", request)
            self._run("ca", "-config", settings, "-batch", "-selfsign", "-notext", "-keyfile", self.key, "-in", request,
                      "-startdate", start, "-enddate", end, "-out", self.path)

    @property
    def settings(self):
        return {"rtmps": {"certificate": str(self.path), "key": str(self.key)}}

    @property
    def fingerprint(self):
        return fingerprint(self.path.read_text())

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def fingerprint(pem):
    shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem, text=True,
                           capture_output=True, check=True, timeout=60).stdout
    return shown.split("=")[1].strip().replace(":", "").lower()


@pytest.fixture
def certificate(tmp_path):
    return Certificate(tmp_path, "localhost")


@pytest.fixture
def secured(serve, certificate):
    """A server with that certificate."""
    def start(*flags, settings=None, **options):
        return serve([channel("news")], "--rtmps-port", "0", *flags, settings=settings or certificate.settings, **options)

    return start


def port(server):
    return server.events("server.started")[0]["rtmps.port"]


def url(server, host="localhost"):
    return f"rtmps://{host}:{port(server)}/live/{server.keys['news']}"


def trusting(certificate):
    """The options of an ffmpeg that publishes to nobody else."""
    return ["-tls_verify", 1, "-ca_file", certificate.path]


def refusals(server, count=1):
    wait_for(lambda: len(server.events("ingest.refused")) >= count, what="the refusal")
    return server.events("ingest.refused")


def shown(server, *flags, host="127.0.0.1"):
    """What OpenSSL's client comes to, and the fingerprint of what it is shown."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port(server)}", *map(str, flags)], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60)
    return done, fingerprint(done.stdout) if "BEGIN CERTIFICATE" in done.stdout else None


def test_ffmpeg_publishes_to_whom_it_trusts(secured, send, certificate):
    server = secured()
    send(Publisher, url(server), options=trusting(certificate))
    plays(server, "news", ["h264", "aac"])
    assert accepted(server)["protocol"] == "rtmps"
    says_no_secret(server)
    loaded = server.events("rtmps.certificate_loaded")
    assert [event["certificate.sha256"] for event in loaded] == [certificate.fingerprint]
    until = datetime.datetime.fromisoformat(loaded[0]["certificate.until"].replace("Z", "+00:00"))
    assert 0 < (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds() <= 86_400


def test_the_shutdown_is_told(secured, send, certificate):
    server = secured()
    publisher = send(Publisher, url(server), options=trusting(certificate))
    accepted(server)
    assert server.stop() == 0
    assert "The server is shutting down" in publisher.wait()


def test_every_end_is_told_and_not_only_come_to(secured, certificate):
    server = secured()
    context = ssl.create_default_context(cafile=str(certificate.path))
    with socket.create_connection(("127.0.0.1", port(server)), timeout=60) as connection:
        # Without this an end that close_notify does not tell would look the same.
        with context.wrap_socket(connection, server_hostname="localhost", suppress_ragged_eofs=False) as client:
            client.sendall(b"\xff" * 100)
            assert client.recv(100) == b""
    assert refusals(server)[0]["reason"] == "protocol_error"


def test_a_wrong_name_is_refused_by_ffmpeg_and_nobody_else_suffers(secured, send, certificate, tmp_path):
    server = secured()
    first = send(Publisher, url(server), options=trusting(certificate))
    accepted(server)
    for host, trust in [("127.0.0.1", certificate), ("localhost", Certificate(tmp_path, "other"))]:
        publisher = send(Publisher, url(server, host), seconds=10, options=trusting(trust))
        publisher.wait()
        assert publisher.process.returncode != 0
    # One event for each: what the server hears of it is the client's choice.
    wait_for(lambda: len(server.events("ingest.refused") + server.events("ingest.closed")) == 2, what="both ends")
    assert len(server.events("ingest.accepted")) == 1 and first.process.poll() is None


def pipeline(location, *properties):
    return ["gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "!", "video/x-raw,width=160,height=90,framerate=25/1",
            "!", "x264enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=25", "!", "h264parse", "!", "mux.",
            "audiotestsrc", "is-live=true", "!", "audio/x-raw,rate=48000,channels=2", "!", "voaacenc", "!", "aacparse",
            "!", "mux.", "flvmux", "name=mux", "streamable=true", "!", "rtmp2sink", f"location={location}", *properties]


@pytest.mark.skipif(not shutil.which("gst-launch-1.0"), reason="GStreamer is not installed")
def test_gstreamer_publishes_to_the_name_that_it_asked_for(secured):
    server = secured()
    # The certificate vouches for itself, so no authority is asked for; but for the right name.
    names = "tls-validation-flags=bad-identity"
    done = subprocess.run(pipeline(url(server, "127.0.0.1"), names), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "certificate" in done.stderr.lower(), done.stderr
    assert server.events("ingest.accepted") == []
    with running(pipeline(url(server), names)):
        assert accepted(server)["protocol"] == "rtmps"
        plays(server, "news", ["h264", "aac"])


def test_tls_is_new_and_strong(secured):
    server = secured()
    for version in ["-tls1_2", "-tls1_3"]:
        done, seen = shown(server, version)
        assert done.returncode == 0 and seen, done.stderr
    weak = ["-cipher", "ALL:@SECLEVEL=0"]
    done, _ = shown(server, "-tls1_1", *weak)
    assert done.returncode != 0 and "alert protocol version" in done.stderr, done.stderr
    done, _ = shown(server, "-tls1_2", "-cipher", "AES128-GCM-SHA256")
    assert done.returncode != 0 and "handshake failure" in done.stderr, done.stderr
    told = refusals(server, 2)
    assert [event["reason"] for event in told] == ["tls_error"] * 2
    assert [event["detail"] for event in told] == ["older than TLS 1.2", "no cipher, group or signature in common"]
    assert 'headwater_ingest_refused_total{reason="tls_error"} 2' in server.metrics()
    # A client that wants to negotiate again is not listened to.
    with subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port(server)}", "-tls1_2"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        said, _ = client.communicate("R\n", timeout=60)
    assert "RENEGOTIATING" in said and "no renegotiation" in said, said


def test_rtmp_without_tls_is_told_apart(secured, publish):
    server = secured()
    publisher = Publisher(url(server).replace("rtmps:", "rtmp:").replace("localhost", "127.0.0.1"), seconds=10)
    publisher.wait()
    assert publisher.process.returncode != 0
    told = refusals(server)[0]
    assert (told["reason"], told["protocol"]) == ("tls_error", "rtmps")
    assert told["detail"] == "RTMP without TLS: publish to rtmps://, or to the port of RTMP"
    RTMPSender(server.rtmp_port, server.keys["news"]).close()
    assert accepted(server)["protocol"] == "rtmp"


def test_a_handshake_that_does_not_end_holds_nobody_up(secured, send, certificate):
    server = secured()
    with socket.create_connection(("127.0.0.1", port(server))) as silent:
        silent.sendall(b"\x16\x03\x01\x02\x00\x01")
        send(Publisher, url(server), options=trusting(certificate))
        accepted(server)
        silent.settimeout(60)
        assert silent.recv(100) == b""
    assert (refusals(server)[0]["reason"], refusals(server)[0]["detail"]) == ("timeout", "inside the TLS handshake")


def test_a_certificate_is_exchanged_while_publishers_go_on(secured, send, certificate, tmp_path):
    server = secured()
    old = certificate.fingerprint
    first = send(Publisher, url(server), options=trusting(certificate))
    plays(server, "news", ["h264", "aac"])

    # A key that does not fit leaves what was there in force.
    key = certificate.key.read_text()
    certificate.key.write_text(Certificate(tmp_path, "other").key.read_text())
    wait_for(lambda: shown(server)[1] == old and server.events("rtmps.certificate_not_loaded"), what="the event")
    assert "does not belong to the certificate" in server.events("rtmps.certificate_not_loaded")[0]["reason"]
    certificate.key.write_text(key)

    certificate.make()
    assert certificate.fingerprint != old
    wait_for(lambda: shown(server)[1] == certificate.fingerprint, what="the new certificate")
    assert shown(server, "-CAfile", certificate.path, "-verify_return_error")[0].returncode == 0
    folder = server.renditions("news")["video"]
    before = server.get(f"{folder}/index.m3u8").text
    wait_for(lambda: server.get(f"{folder}/index.m3u8").text != before, what="the first publisher going on")
    assert first.process.poll() is None and len(server.events("ingest.accepted")) == 1
    first.stop()
    send(Publisher, url(server), options=trusting(certificate))
    wait_for(lambda: len(server.events("ingest.accepted")) == 2, what="the second publisher")


def test_a_certificate_whose_time_is_over_is_told_of(secured, tmp_path):
    old = Certificate(tmp_path, "old", start="20200101000000Z", end="20200131235959Z")
    server = secured(settings=old.settings)
    assert [event["certificate.until"] for event in server.events("rtmps.certificate_expired")] == [
        "2020-01-31T23:59:59.000Z"]
    assert shown(server)[1] == old.fingerprint


def test_faults_are_told_before_the_start(certificate, tmp_path):
    def check(command="check", **settings):
        flags = [f"--rtmps-{name}={value}" for name, value in settings.items()]
        return subprocess.run([BINARY, *command.split(), *flags], capture_output=True, text=True, timeout=60, cwd=tmp_path)

    (tmp_path / "headwater.json5").write_text("{}")
    other = Certificate(tmp_path, "other")
    assert check("config check", certificate=certificate.path, key=certificate.key).returncode == 0
    for settings, path in [({"certificate": certificate.path}, "rtmps.key"), ({"key": other.key}, "rtmps.certificate"),
                           ({"certificate": tmp_path / "none", "key": other.key}, "rtmps.certificate"),
                           ({"certificate": certificate.path, "key": other.key}, "rtmps.key")]:
        for command in ["config check", "serve"]:
            result = check(command, **settings)
            assert result.returncode == 2 and re.search(f"^{path}: ", result.stderr, re.MULTILINE), result.stderr


def test_a_socket_is_handed_over_by_name(secured, certificate, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as held:
        server = secured(sockets={"rtmps": held})
        assert port(server) == held.getsockname()[1]
        assert [event["listener"] for event in server.events("server.socket_inherited")] == ["rtmps"]
        assert shown(server)[1] == certificate.fingerprint
