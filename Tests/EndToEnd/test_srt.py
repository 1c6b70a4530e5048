"""SRT publishers: ffmpeg, srt-live-transmit, GStreamer and VLC, clear and encrypted; refusals; channels that the server
fetches itself."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest

from conftest import BINARY, Publisher, channel, wait_for
from ports import free_port
from prober import Prober
from sending import counter
from srt import SRTSender

PASSPHRASE = "correct-horse-battery"


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen(
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def plays(server, name, codecs):
    """What ffprobe finds in the playlist, once there are two segments; `codecs` are to be among it."""
    for folder in server.renditions(name).values():
        wait_for(lambda: server.get(folder + "/index.m3u8").text.count("#EXTINF") >= 2, what="two segments")
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
         server.url(f"/live/{name}/index.m3u8")], capture_output=True, text=True, timeout=60)
    assert found.returncode == 0 and found.stderr == "", found.stderr
    # A channel has programs in ffprobe's eyes, and tells each stream twice.
    assert set(found.stdout.split()) == set(codecs), found.stdout


def clip(folder, seconds=60):
    """A transport stream in a file, with a key frame each second."""
    path = folder / "clip.ts"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i",
         "sine=sample_rate=48000", "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt",
         "yuv420p", "-c:a", "aac", "-f", "mpegts", path], check=True, timeout=60)
    return path


def streaming(path, url, form="mpegts"):
    """ffmpeg that sends a file at the pace of its clock."""
    return running(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", path, "-c", "copy", "-f", form, url])


def accepted(server):
    return wait_for(lambda: server.events("ingest.accepted"), what="ingest.accepted")[-1]


def says_no_secret(server):
    text = json.dumps(server.log) + "".join(server.said)
    assert PASSPHRASE not in text and "127.0.0.1" not in text and not any(key in text for key in server.keys.values())


@pytest.mark.parametrize("bits", [0, 128, 256])
def test_ffmpeg_publishes(serve, bits):
    security = {"passphrase": PASSPHRASE, "pbkeylen": bits // 8} if bits else {}
    server = serve([channel("news", **({"srtPassphrase": PASSPHRASE} if bits else {}))], "--log-level", "debug")
    publisher = Publisher(server.srt_url("news", **security), gop=30)
    try:
        assert accepted(server)["srt.key_bits"] == bits
        prober = Prober(server.url("/live/news/index.m3u8"), 6) if server.renditions("news") and not bits else None
        plays(server, "news", ["h264", "aac"])
        if prober:
            prober.check()
        metrics = server.metrics()
        for name in ["round_trip_seconds", "latency_seconds", "receive_bits_per_second", "available_bytes"]:
            assert float(re.search(rf'headwater_srt_{name}{{channel="news"}} (\S+)', metrics)[1]) > 0, name
        assert float(re.search(r'headwater_srt_packets_total{channel="news",kind="unique"} (\S+)', metrics)[1]) > 50
        assert float(re.search(r'headwater_ts_packets_total{channel="news",kind="received"} (\S+)', metrics)[1]) > 300
        assert 'headwater_srt_packets_total{channel="news",kind="undecrypted"} 0\n' in metrics
    finally:
        publisher.stop()
    wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")
    assert 'headwater_srt_latency_seconds{channel="news"} 0\n' in server.metrics()
    says_no_secret(server)


@pytest.mark.parametrize("bits", [0, 256])
def test_srt_live_transmit_publishes_what_comes_over_udp(serve, tmp_path, bits):
    server = serve([channel("news", **({"srtPassphrase": PASSPHRASE} if bits else {}))])
    security = {"passphrase": PASSPHRASE, "pbkeylen": bits // 8} if bits else {}
    port = free_port()
    url = server.srt_url("news", mode="caller", **security)
    with running(["srt-live-transmit", "-q", f"udp://127.0.0.1:{port}", url]):
        with streaming(clip(tmp_path), f"udp://127.0.0.1:{port}?pkt_size=1316"):
            assert accepted(server)["srt.key_bits"] == bits
            plays(server, "news", ["h264", "aac"])


@pytest.mark.parametrize("bits", [0, 128])
def test_gstreamer_publishes(serve, bits):
    if not shutil.which("gst-launch-1.0") or subprocess.run(
            ["gst-inspect-1.0", "srtsink"], capture_output=True, timeout=60).returncode:
        pytest.skip("GStreamer has no srtsink here")
    server = serve([channel("news", **({"srtPassphrase": PASSPHRASE} if bits else {}))])
    security = [f"passphrase={PASSPHRASE}", f"pbkeylen={bits // 8}"] if bits else []
    with running([
            "gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "!", "video/x-raw,width=160,height=90,framerate=25/1",
            "!", "x264enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=25", "!", "h264parse", "!", "mux.",
            "audiotestsrc", "is-live=true", "!", "audio/x-raw,rate=48000,channels=2", "!", "voaacenc", "!", "aacparse", "!",
            "mux.", "mpegtsmux", "name=mux", "alignment=7", "!", "srtsink", f"uri=srt://127.0.0.1:{server.srt_port}",
            "mode=caller", f"streamid=#!::r=news,m=publish,key={server.keys['news']}", "wait-for-connection=false",
            *security]):
        assert accepted(server)["srt.key_bits"] == bits
        plays(server, "news", ["h264", "aac"])


def test_vlc_publishes(serve):
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        place.chmod(0o777)
        vlc_publishes(serve, place)


def vlc_publishes(serve, place):
    if not shutil.which("cvlc"):
        pytest.skip("VLC is not here")
    # It does not run as root.
    as_user = [] if os.getuid() else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    server = serve([channel("news", srtPassphrase=PASSPHRASE)])
    path = clip(place)
    # What stands in the braces behind "access=srt" is overlooked, so that the options are VLC's own.
    options = ["--streamid", server.keys["news"], "--passphrase", PASSPHRASE, "--key-length", 16]
    output = f"#std{{access=srt,mux=ts,dst=127.0.0.1:{server.srt_port}}}"
    with running([*as_user, "cvlc", "-I", "dummy", *options, path, "--sout", output, "vlc://quit"],
                 env={**os.environ, "HOME": str(place)}):
        assert accepted(server)["srt.key_bits"] == 128
        # VLC 3.0.24 of Debian 12 sends nothing, whoever listens: srt-live-transmit gets as little from it.
        wait_for(lambda: "headwater_ingest_received_bytes_total 0\n" not in server.metrics()
                 or server.events("ingest.refused"), what="bytes, or the end of patience")
        if "headwater_ingest_received_bytes_total 0\n" in server.metrics():
            assert server.events("ingest.refused")[0]["reason"] == "no_program"
            pytest.skip("VLC calls, is let in with its stream id and passphrase, and sends nothing")
        plays(server, "news", ["h264", "aac"])


def test_who_is_refused_learns_why(serve):
    server = serve(
        [channel("news"), channel("open"), channel("safe", srtPassphrase=PASSPHRASE)], "--log-level", "debug")
    first = Publisher(server.srt_url("news"), gop=30)
    try:
        accepted(server)
        # ffmpeg prints libsrt's words, to which all codes of listeners are "application-defined".
        for name, options, reason in [
                ("news", {"streamid": "nobody"}, "wrong_key"), ("news", {}, "busy"),
                ("news", {"streamid": "publish:sport:nobody"}, "unknown_channel"),
                ("news", {"streamid": f"read:news:{server.keys['news']}"}, None),
                ("safe", {}, "missing_passphrase"),
                ("safe", {"passphrase": "not-this-one-but-long"}, "wrong_passphrase"),
                ("open", {"passphrase": PASSPHRASE}, "unexpected_passphrase")]:
            before = len(server.events("ingest.refused"))
            other = Publisher(server.srt_url(name, **options), seconds=20)
            said = other.wait()
            assert other.process.returncode != 0, (options, said)
            if reason:
                assert "REJECT" in said, (options, said)
                events = server.events("ingest.refused")[before:]
                assert events and {event["reason"] for event in events} == {reason}, (options, events)
                assert f'headwater_ingest_refused_total{{reason="{reason}"}}' in server.metrics()
                # Whose key is right is told of by channel.
                assert {event.get("channel.id") for event in events} == {"news" if reason == "busy" else None}, events
        assert not server.events("ingest.closed"), "who publishes is not disturbed"
    finally:
        first.stop()
    says_no_secret(server)


def test_a_channel_is_fetched_and_goes_on_when_its_source_comes_back(serve, tmp_path):
    port, path = free_port(), clip(tmp_path)
    url = f"srt://127.0.0.1:{port}?mode=caller&passphrase={PASSPHRASE}"
    server = serve([channel("news", input={"url": url, "allowLocal": True})], "--log-level", "debug")
    wait_for(lambda: server.events("ingest.pull_failed"), what="a call that nobody answers")
    listener = f"srt://127.0.0.1:{port}?mode=listener&passphrase={PASSPHRASE}"
    with streaming(path, listener):
        plays(server, "news", ["h264", "aac"])
        folder = next(iter(server.renditions("news").values()))
        assert 'headwater_srt_latency_seconds{channel="news"} 0.12' in server.metrics()
    wait_for(lambda: len(server.events("ingest.closed")) == 1, what="ingest.closed")
    with streaming(path, listener):
        text = wait_for(
            lambda: (lambda text: "#EXT-X-DISCONTINUITY\n" in text and text.split("#EXT-X-DISCONTINUITY\n")[-1].count(
                "#EXTINF") >= 2 and text)(server.get(folder + "/index.m3u8").text), what="what comes behind the break")
        assert "#EXT-X-ENDLIST" not in text
        assert len(server.events("ingest.accepted")) == 2
        assert next(iter(server.renditions("news").values())) == folder, "it is the same presentation"
        # The source is there: a server that stops does not wait for anything.
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 30
    says_no_secret(server)


@pytest.mark.parametrize("settings, wish", [({"srtLatency": "8s"}, None), ({}, 8000)])
def test_all_that_comes_within_a_long_latency_arrives(serve, tmp_path, settings, wish):
    server = serve([channel("news", **settings)])
    # Ten megabytes and more come in before the first of them is handed on: 15 Mb/s, most of it null packets.
    null = b"\x47\x1f\xff\x10" + bytes(184)
    messages = [clip(tmp_path, 2).read_bytes()[:1316]] + [null * 7] * 11_000
    sender = SRTSender(server.srt_port, server.keys["news"], latency=wish)
    try:
        start = time.monotonic()
        for number, message in enumerate(messages):
            if number % 25 == 0:
                time.sleep(max(0, start + number / 1425 - time.monotonic()))
            sender.send(message)
        wait_for(lambda: counter(server, "headwater_srt_packets_total", channel="news", kind="unique") == len(messages),
                 what="the last message")
        wait_for(lambda: f"headwater_ingest_received_bytes_total {1316 * len(messages)}\n" in server.metrics(),
                 what="the end of the latency")
        assert accepted(server)["srt.latency_seconds"] == 8
        assert counter(server, "headwater_srt_buffer_full_total", channel="news") == 0
        # Nobody knows of a caller's wish before the buffers are made.
        told = [event["code"] for event in server.events("ingest.warning")]
        assert told == ([] if wish is None else ["srt_buffer"])
    finally:
        sender.close()


def test_servers_stop_while_their_sources_do_not_answer(serve):
    inputs = [channel(f"c{number}", input={"url": f"srt://127.0.0.1:{free_port()}?timeout=60000", "allowLocal": True})
              for number in range(8)]
    server = serve(inputs)
    start = time.monotonic()
    assert server.stop() == 0
    # None waits for the answer.
    assert time.monotonic() - start < 25


def run(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def test_a_port_that_is_taken_is_one_clear_sentence(serve, tmp_path):
    server = serve([channel("news")])
    result = run("serve", "--data", tmp_path / "other", "--http-port", 0, "--rtmp-port", 0, "--metrics-listen",
                 "127.0.0.1:0", "--srt-port", server.srt_port)
    assert result.returncode != 0
    said = [line for line in result.stderr.splitlines() if line and not line.startswith("{")]
    assert len(said) == 1 and "SRT" in said[0] and f":{server.srt_port} is taken" in said[0], result.stderr


@pytest.mark.parametrize("settings, path", [
    ({"input": {"url": "rtmp://secret-host.example:9000?passphrase=secret-passphrase"}}, "channels[0].input.url"),
    ({"input": {"url": "srt://secret-host.example?passphrase=secret-passphrase"}}, "channels[0].input.url"),
    ({"input": {"url": "srt://secret-host.example:9000?mode=listener&passphrase=secret-passphrase"}},
     "channels[0].input.url"),
    ({"input": {"url": "srt://secret-host.example:9000?passphrase=secret"}}, "channels[0].input.url"),
    ({"input": {}}, "channels[0].input.url"), ({"srtPassphrase": "secret-1"}, "channels[0].srtPassphrase"),
    ({"srtPassphrase": "secret" * 14}, "channels[0].srtPassphrase"), ({"program": 0}, "channels[0].program"),
    ({"srtLatency": "2m"}, "channels[0].srtLatency")])
def test_faults_of_the_configuration_are_told_without_secrets(tmp_path, settings, path):
    file = tmp_path / "bad.json5"
    file.write_text(json.dumps({"channels": [channel("news", **settings)]}))
    result = run("config", "check", "--config", file)
    assert result.returncode == 2 and path in result.stderr, result.stderr
    assert "secret" not in result.stderr + result.stdout, result.stderr
