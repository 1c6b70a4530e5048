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
from conftest import ROOT, channel, wait_for
from ladders import FFMPEG, Rung, heights, shown
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
