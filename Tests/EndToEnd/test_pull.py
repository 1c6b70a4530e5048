"""Channels that the server fetches: HLS and one long file over HTTP, RTSP, RTMP, datagrams, and files, looped."""

import contextlib
import functools
import http.server
import ssl
import subprocess
import threading
import time

import pytest

from conftest import channel, wait_for
from flashes import Rendition, distances, make
from ports import free_port
from prober import Prober
from sending import AAC, H264, PICTURES, tone
from test_rtmps import Certificate
from test_srt import plays, running


def fetched(url, **more):
    return channel("news", input={"url": str(url), "allowLocal": True, **more}, latency="low")


def from_ffmpeg(*output, realtime=True):
    """The command of an encoder that goes on for ever."""
    pace = ["-re"] if realtime else []
    return ["ffmpeg", "-v", "error", "-nostdin", "-y", *pace, *PICTURES, *pace, *tone(440), *H264, *AAC, *output]


def clip(path, seconds=4):
    subprocess.run(from_ffmpeg("-t", str(seconds), str(path), realtime=False), check=True, timeout=60)
    return path


class Site:
    """An HTTP server on a port of its own: files of a folder, and what `answer` sends in place of some."""

    def __init__(self, folder, answer=None, certificate=None):
        site = self
        self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                with contextlib.suppress(OSError):
                    if not (answer and answer(self)):
                        super().do_GET()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.path, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.server.shutdown()
        self.server.server_close()


def obeys_the_rules(server, seconds=15):
    rules = Prober(server.url("/live/news/index.m3u8"), seconds).check()
    assert len(rules) > 20


def says_nothing_of(server, *secrets):
    said = str(server.log) + "".join(server.said)
    assert not [secret for secret in (*secrets, "127.0.0.1") if secret in said]


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
def test_hls_is_fetched_at_the_pace_of_its_media(serve, tmp_path, kind):
    command = from_ffmpeg("-f", "hls", "-hls_time", "2", "-hls_list_size", "6", "-hls_flags", "delete_segments",
                          "-hls_segment_type", kind, str(tmp_path / "index.m3u8"))
    with running(command), Site(tmp_path) as site:
        wait_for(lambda: (tmp_path / "index.m3u8").exists() and
                 (tmp_path / "index.m3u8").read_text().count("#EXTINF") >= 4, what="four segments")
        server = serve([fetched(site.url("index.m3u8?token=secret-token"))], "--log-level", "debug")
        plays(server, "news", ["h264", "aac"])
        # Segments come two seconds at a time, and go out as smoothly as if they came live.
        obeys_the_rules(server)
        assert len(server.events("ingest.accepted")) == 1 and not server.events("ingest.closed")
        assert server.stop() == 0
    says_nothing_of(server, "secret-token")


def test_a_stream_in_one_piece_is_fetched_over_http(serve, tmp_path):
    def endless(request):
        request.send_response(200)
        request.end_headers()
        with running_output(from_ffmpeg("-f", "mpegts", "pipe:1")) as output:
            while block := output.read1(65536):
                request.wfile.write(block)
        return True

    with Site(tmp_path, endless) as site:
        server = serve([fetched(site.url("live.ts"))])
        plays(server, "news", ["h264", "aac"])
        obeys_the_rules(server)
        assert server.stop() == 0


@contextlib.contextmanager
def running_output(command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process.stdout
    finally:
        process.kill()
        process.communicate()


# A server of RTSP, on a port that it prints.
RTSP = """
import sys, gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GLib, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(shared=True)
factory.set_launch(
    "( videotestsrc is-live=true ! video/x-raw,width=160,height=90,framerate=25/1 ! x264enc tune=zerolatency"
    " key-int-max=25 speed-preset=ultrafast ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1"
    " audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97 )")
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@contextlib.contextmanager
def rtsp_server(port=0):
    process = subprocess.Popen(["/usr/bin/python3", "-c", RTSP.replace("avenc_aac", aac_encoder()), str(port)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def aac_encoder():
    """One that GStreamer has here."""
    for name in ["avenc_aac", "fdkaacenc", "voaacenc", "faac"]:
        if subprocess.run(["gst-inspect-1.0", "--exists", name]).returncode == 0:
            return name
    raise AssertionError("GStreamer has no encoder of AAC")


def test_rtsp_is_fetched_and_called_again(serve):
    with rtsp_server() as port:
        server = serve([fetched(f"rtsp://user:secret-password@127.0.0.1:{port}/live")], "--log-level", "debug")
        plays(server, "news", ["h264", "aac"])
        obeys_the_rules(server)
        folder = next(iter(server.renditions("news").values()))
    wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")
    with rtsp_server(port):
        wait_for(lambda: server.get(folder + "/index.m3u8").text.split("#EXT-X-DISCONTINUITY\n")[-1].count("#EXTINF") >= 2
                 and "#EXT-X-DISCONTINUITY\n" in server.get(folder + "/index.m3u8").text, what="what comes behind the break")
        assert server.stop() == 0
    says_nothing_of(server, "secret-password")


def test_rtmp_is_fetched(serve, tmp_path):
    port = free_port()
    listener = from_ffmpeg("-f", "flv", "-listen", "1", f"rtmp://127.0.0.1:{port}/live/name")
    with running(listener):
        server = serve([fetched(f"rtmp://127.0.0.1:{port}/live/name")])
        plays(server, "news", ["h264", "aac"])
        assert server.stop() == 0


def test_datagrams_are_a_transport_stream(serve):
    port = free_port()
    server = serve([fetched(f"udp://127.0.0.1:{port}")])
    command = from_ffmpeg("-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316")
    with running(command):
        plays(server, "news", ["h264", "aac"])
        obeys_the_rules(server)
        assert 'headwater_ts_packets_total{channel="news",kind="received"}' in server.metrics()
    wait_for(lambda: server.events("ingest.closed"), what="the end of a source that has fallen silent")
    assert [event["reason"] for event in server.events("ingest.closed")] == ["silent"]
    with running(command):
        wait_for(lambda: len(server.events("ingest.closed")) == 1 and 'silent{channel="news"} 0' in server.metrics(),
                 what="the source again")


@pytest.mark.parametrize("name", ["film.mp4", "film.ts"])
def test_a_file_in_a_loop_is_one_stream_without_a_seam(serve, tmp_path, name):
    path = make(tmp_path / name, 8)
    server = serve([channel("news", input={"url": path.as_uri(), "loop": True}, latency="low")])
    folders = server.renditions("news")
    begun = time.monotonic()
    obeys_the_rules(server, 36)
    taken = time.monotonic() - begun
    found = {folder: Rendition(server, folder, tmp_path) for folder in folders.values()}
    video = next(one for one in found.values() if one.is_video)
    sound = next(one for one in found.values() if not one.is_video)
    for one in (video, sound):
        assert one.discontinuities == 0 and one.gaps == 0 and one.holes() == []
    # As long as it took, and each picture a thirtieth of a second after the one before.
    assert abs(sum(video.durations) - taken) < 12, (sum(video.durations), taken)
    assert {round(step, 4) for step in video.steps()} == {0.0333}
    seen, heard = video.onsets(), sound.onsets()
    apart = [one for one in distances(seen, heard) if one is not None]
    assert len(apart) >= 24 and len(apart) >= len(seen) - 2, (seen, heard)
    # Half a frame of sound, beside what the file itself has.
    assert max(apart) - min(apart) < 0.025 and abs(sorted(apart)[len(apart) // 2]) < 0.04, apart
    assert len(server.events("ingest.accepted")) == 1


def test_a_source_that_goes_and_comes_is_told_of_once(serve, tmp_path):
    clip(tmp_path / "clip.ts", 2)
    with Site(tmp_path) as site:
        server = serve([fetched(site.url("clip.ts")), channel("other")])
        wait_for(lambda: len([one for one in site.asked if "clip" in one]) >= 4, what="four calls")
        assert len(server.events("ingest.accepted")) == 1 and len(server.events("ingest.closed")) == 1
        assert not server.events("ingest.pull_failed")
        figure = next(line for line in server.metrics().splitlines() if line.startswith("headwater_ingest_accepted_total"))
        assert float(figure.split()[-1]) >= 3
    wait_for(lambda: server.events("ingest.pull_failed"), what="ingest.pull_failed")
    assert server.events("ingest.pull_failed")[0]["reason"] == "unreachable"


def test_https_is_fetched_from_those_who_are_trusted_under_their_name(serve, tmp_path, monkeypatch):
    certificate = Certificate(tmp_path, "localhost")
    clip(tmp_path / "clip.ts", 4)
    with Site(tmp_path, certificate=certificate) as site:
        urls = [f"https://{host}:{site.port}/clip.ts" for host in ("localhost", "127.0.0.1")]
        server = serve([fetched(urls[0])])
        wait_for(lambda: server.events("ingest.pull_failed"), what="ingest.pull_failed")
        assert server.events("ingest.pull_failed")[0]["reason"] == "insecure" and site.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
        server = serve([fetched(urls[0]), channel("other", input={"url": urls[1], "allowLocal": True})], name="trusting")
        plays(server, "news", ["h264", "aac"])
        failures = wait_for(lambda: server.events("ingest.pull_failed"), what="ingest.pull_failed")
        assert [(event["channel.id"], event["reason"]) for event in failures] == [("other", "insecure")]


def answering(text):
    def answer(request):
        request.wfile.write(text.encode())
        return True

    return answer


OK = "HTTP/1.1 200 OK\r\n\r\n"
PLAYLIST = OK + "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize("text, reason", [
    ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", "forbidden_protocol"),
    (PLAYLIST.format("file:///etc/a.ts"), "forbidden_protocol"),
    ("HTTP/1.1 200 OK\r\n" + "X-More: and more\r\n" * 10_000, "endless_headers"),
    (OK + "garbage " * 200_000, "unreadable"), ("HTTP/1.1 503 No\r\n\r\n", "refused_by_source"),
], ids=["redirect to a file", "playlist of a file", "endless headers", "garbage", "503"])
def test_bad_sources_are_named_and_disturb_nobody(serve, publish, tmp_path, text, reason):
    with Site(tmp_path, answering(text)) as site:
        server = serve([fetched(site.url("live")), channel("other")])
        publish(server, "other")
        plays(server, "other", ["h264", "aac"])
        wait_for(lambda: len(site.asked) >= 3, what="three calls")
        failures = server.events("ingest.pull_failed")
        assert [event["reason"] for event in failures] == [reason]
        assert f'headwater_ingest_refused_total{{reason="{reason}"}}' in server.metrics()
        assert not server.events("ingest.closed") and server.get("/live/news/index.m3u8").status == 404


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/x", "http://localhost:{}/x", "rtsp://[::1]:{}/x",
                                 "rtmp://localhost:{}/a/x", "srt://localhost:{}", "http://0x7f.1:{}/x"])
def test_this_machine_is_not_asked_unless_the_configuration_says_so(serve, tmp_path, url):
    with Site(tmp_path) as site:
        server = serve([channel("news", input={"url": url.format(site.port)})])
        event = wait_for(lambda: server.events("ingest.pull_failed"), what="ingest.pull_failed")[0]
        assert event["reason"] == "forbidden_address" or "may not be called" in event["reason"]
        assert site.asked == []


def test_a_server_stops_whatever_its_sources_do(serve, tmp_path):
    def silent(request):
        time.sleep(30)
        return True

    with Site(tmp_path, silent) as site:
        schemes = [f"{scheme}://127.0.0.1:{site.port}/a/b" for scheme in ("http", "https", "rtsp", "rtmp")]
        server = serve([channel(f"c{number}", input={"url": url, "allowLocal": True})
                        for number, url in enumerate([*schemes, f"udp://127.0.0.1:{free_port()}"])])
        wait_for(lambda: site.asked, what="a call")
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 25
