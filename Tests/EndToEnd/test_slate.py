"""A channel never goes dark: while nothing comes viewers see a card, or a picture of the operator's, and then the source
again, on one timeline."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from browsers import Chromium
from conftest import ROOT, Server, channel, wait_for
from ladders import FFMPEG, Rung, heights, make, publish_file, shown
from prober import Prober

PROFILES = ["standard", "low", "ultra"]
HLS = str(ROOT / ".build/player/hls.js")
ARTEFACTS = pathlib.Path(os.environ.get("E2E_ARTEFACTS", ROOT / ".build/e2e-artefacts"))
# How long the encoder is away.
AWAY = 20


def segments(server, name, rendition="video"):
    return server.get(server.renditions(name)[rendition] + "/index.m3u8").text


def is_ready(server, name):
    """The card is made as soon as it is known what comes."""
    return wait_for(lambda: server.renditions(name), what=f"{name} on the air")


def leave(encoder, way="gone"):
    encoder.process.send_signal(signal.SIGSTOP if way == "frozen" else signal.SIGKILL)
    return time.monotonic()


def colours(path, place):
    """The samples of a small copy of the picture at that place in a file: 32 × 18, in RGB."""
    done = subprocess.run([*FFMPEG, "-ss", str(place), "-i", str(path), "-frames:v", "1", "-vf", "scale=32:18:flags=area",
                           "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    assert len(done.stdout) == 32 * 18 * 3
    return done.stdout


def away(rung):
    """The segments between the two breaks: those in which nothing came."""
    breaks = [place for place, one in enumerate(rung.segments) if one.is_discontinuous]
    assert len(breaks) == 2, rung.text
    return rung.segments[breaks[0]:breaks[1]]


def check(server, name, scratch, size):
    """All renditions of a channel have the card where the encoder was away, and no hole."""
    for rendition, folder in server.renditions(name).items():
        text = server.get(f"{folder}/dvr.m3u8").text
        assert "#EXT-X-GAP" not in text and text.count("#EXT-X-DISCONTINUITY\n") == 2, (name, rendition, text)
        dates = re.findall(r"PROGRAM-DATE-TIME:(\S+)", text)
        assert dates == sorted(dates)
        if not rendition.startswith("video"):
            continue
        rung = Rung(server, folder, scratch)
        cards = away(rung)
        assert sum(one.duration for one in cards) == pytest.approx(AWAY, abs=4)
        assert all(one.pictures[0].is_idr for one in cards)
        assert len({one.initialization for one in cards}) == 1
        stream = shown(next(file for file in rung.files if cards[0].initialization in file.name))
        assert stream["codec_name"] == shown(rung.files[0])["codec_name"]
        if rendition == "video":
            assert (stream["width"], stream["height"]) == size


@pytest.mark.parametrize("way", ["gone", "frozen"])
def test_a_card_is_shown_while_no_encoder_is_there(serve, publish, tmp_path, way):
    server = serve([channel(name, latency=name, slate={}) for name in PROFILES])
    encoders = [publish(server, name, size="640x360") for name in PROFILES]
    for name in PROFILES:
        is_ready(server, name)
    time.sleep(8)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), AWAY + 25) for name in PROFILES]
    time.sleep(3)
    left = [leave(encoder, way) for encoder in encoders][0]
    wait_for(lambda: len(server.events("channel.slate_began")) == 3, what="the slate")
    # A frozen encoder is given two seconds; then, and half a second after the end of a connection, it begins.
    assert time.monotonic() - left < (2 if way == "frozen" else 0.5) + 1.5
    assert server.metrics().count("headwater_channel_slate{") == 3
    time.sleep(AWAY - (time.monotonic() - left))
    for name, encoder in zip(PROFILES, encoders):
        if way == "frozen":
            encoder.process.kill()
        publish(server, name, size="640x360")
    wait_for(lambda: len(server.events("channel.slate_ended")) == 3, what="the end of the slate")
    for prober in probers:
        prober.check(late={"cadence.part": 1000} if way == "frozen" else {})
    for name in PROFILES:
        check(server, name, tmp_path, (640, 360))
    assert not server.events("channel.silence_began")


def test_it_has_the_codec_and_the_sizes_of_what_was_on_the_air(serve, publish, send, tmp_path):
    """A channel whose source is seen as it comes has it in all its sizes, in the feed's codec: the operator's own picture."""
    image = tmp_path / "it's red.png"
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "color=red:s=320x180", "-frames:v", "1", "-update", "1", str(image)],
                   check=True)
    sources = {
        "hevc": make(tmp_path / "hevc.ts", 60, video=["-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                                                      "log-level=none:keyint=50"]),
        "sizes": make(tmp_path / "sizes.flv", 60, video=["-bf", "0", "-g", "50"]),
    }
    server = serve([channel("hevc", latency="low", slate={"image": str(image)}),
                    channel("sizes", latency="low", output=heights(90, mixed=True), slate={"image": str(image)})])
    encoders = [send(publish_file, server, name, path) for name, path in sources.items()]
    for name in sources:
        is_ready(server, name)
    time.sleep(8)
    for encoder in encoders:
        encoder.stop()
    wait_for(lambda: len(server.events("channel.slate_began")) == 2, what="the slate")
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), AWAY + 5) for name in sources]
    time.sleep(AWAY - 3)
    for name, path in sources.items():
        send(publish_file, server, name, path)
    wait_for(lambda: len(server.events("channel.slate_ended")) == 2, what="the end of the slate")
    for prober in probers:
        prober.check()
    time.sleep(6)
    for name, codec in [("hevc", "hevc"), ("sizes", "h264")]:
        check(server, name, tmp_path, (320, 180))
        for rendition, folder in server.renditions(name).items():
            if not rendition.startswith("video"):
                continue
            rung = Rung(server, folder, tmp_path)
            file = next(file for file in rung.files if away(rung)[0].initialization in file.name)
            assert shown(file)["codec_name"] == codec
            red, green, blue = (sum(colours(file, 1)[part::3]) / (32 * 18) for part in range(3))
            assert red > 230 and green < 25 and blue < 25, (name, rendition)


def test_a_channel_begins_with_it_and_goes_on_with_it_after_a_restart(publish, tmp_path):
    settings = [channel("news", latency="ultra", slate={"start": True, "text": "It begins at eight"})]
    server = Server(tmp_path, settings)
    try:
        folders = is_ready(server, "news")
        time.sleep(5)
        publisher = publish(server, "news", size="640x360")
        wait_for(lambda: server.events("channel.slate_ended"), what="the feed")
        assert server.renditions("news") == folders
        time.sleep(6)
        publisher.stop()
        wait_for(lambda: len(server.events("channel.slate_began")) == 2, what="the slate again")
        time.sleep(2)
        server.process.kill()
        server.process.wait(timeout=20)
        server = Server(tmp_path, settings)
        wait_for(lambda: server.events("channel.slate_began"), what="the slate after the restart")
        time.sleep(4)
        # The prober has seen the slate alone, and is told of the feed before it.
        prober = Prober(server.url("/live/news/index.m3u8"), 10)
        prober.check(late={"multivariant.codecs-excess": 99, "multivariant.frame-rate": 99})
        assert server.renditions("news") == folders
        text = server.get(folders["video"] + "/index.m3u8").text
        assert "#EXT-X-GAP" not in text.rsplit("#EXT-X-DISCONTINUITY\n", 1)[1]
    finally:
        assert server.stop() == 0


def test_viewers_see_it_without_a_break(serve, publish):
    """hls.js plays on through a loss and back. What it shows is kept for people to look at."""
    server = serve([channel("news", name="Harbour News", latency="low", slate={})], "--player-hls", HLS)
    publisher = publish(server, "news", size="640x360")
    is_ready(server, "news")
    browser = Chromium()
    try:
        browser.resize(1280, 800)
        browser.open(server.url("/watch/news"))
        place = "document.querySelector('video').currentTime"
        browser.wait(f"document.getElementById('player')?.dataset.state === 'live' && {place} > 0", 60)
        time.sleep(3)
        browser.evaluate("window.waits = 0; document.querySelector('video').addEventListener('waiting', () => window.waits++)")
        publisher.process.kill()
        time.sleep(12)
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        browser.screenshot(ARTEFACTS / "slate.png")
        before, began = browser.evaluate(place), time.monotonic()
        time.sleep(4)
        assert browser.evaluate(place) - before > 0.7 * (time.monotonic() - began)
        publish(server, "news", size="640x360")
        wait_for(lambda: server.events("channel.slate_ended"), what="the feed")
        time.sleep(8)
        before, began = browser.evaluate(place), time.monotonic()
        time.sleep(4)
        assert browser.evaluate(place) - before > 0.7 * (time.monotonic() - began)
        browser.screenshot(ARTEFACTS / "slate-over.png")
        # Going over a break may take players a moment, not more.
        assert browser.evaluate("window.waits") <= 2
    finally:
        browser.close()
