"""Channels whose pictures are encoded go on while no encoder is there, and whatever the next one sends: the last picture, then
a card, and the same renditions on one unbroken timeline."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

import flv
from browsers import Chromium
from conftest import ROOT, channel, wait_for
from flashes import Rendition
from ladders import FFMPEG, cut_alike, heights, make, publish_file, rungs, variants
from prober import Prober

PROFILES = ["standard", "low", "ultra"]
HLS = str(ROOT / ".build/player/hls.js")
ARTEFACTS = pathlib.Path(os.environ.get("E2E_ARTEFACTS", ROOT / ".build/e2e-artefacts"))
LADDER = heights(180, 90)
# How long the encoder is away, and how long its last picture is shown then.
AWAY, HOLD = 20, 5


def redness(path, place):
    """How red the picture at that place in a file is, from -1 to 1."""
    done = subprocess.run([*FFMPEG, "-ss", f"{place:.3f}", "-i", str(path), "-frames:v", "1", "-vf", "scale=32:18:flags=area",
                           "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    red, green, blue = (sum(done.stdout[part::3]) / (32 * 18 * 255) for part in range(3))
    return red - max(green, blue)


def loudest(path, place, seconds):
    """The loudest sample of so many seconds of a file, as a part of what there may be."""
    done = subprocess.run([*FFMPEG, "-ss", f"{place:.3f}", "-i", str(path), "-t", str(seconds), "-f", "s16le", "-"],
                          capture_output=True, check=True)
    assert done.stdout
    return max(abs(value) for value in memoryview(done.stdout).cast("h")) / 32768


@pytest.fixture
def red(tmp_path):
    path = tmp_path / "red.png"
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "color=red:s=320x180", "-frames:v", "1", "-update", "1", str(path)],
                   check=True)
    return path


def unbroken(server, name, scratch, rate=25):
    """All renditions are one run without a hole; the pictures of all sizes, which have key frames at the same times."""
    found = rungs(server, name, scratch)
    cut_alike(found, least=4)
    for one in found:
        assert "#EXT-X-DISCONTINUITY\n" not in one.text and "#EXT-X-GAP" not in one.text, one.text
        assert len(one.files) == 1
        steps = [now - before for before, now in zip(one.times, one.times[1:])]
        assert max(steps) < 2.1 / rate and min(steps) > 0.4 / rate, (name, one.folder, sorted(steps)[-3:])
    folder = server.renditions(name).get("audio")
    if folder:
        sound = Rendition(server, folder, scratch)
        assert not sound.discontinuities and not sound.gaps and not sound.holes() and not sound.complaints(), sound.text
    return found


@pytest.mark.parametrize("way", ["gone", "frozen"])
def test_it_goes_on_unbroken(serve, send, tmp_path, red, way):
    """Over RTMP and SRT: a connection that ends, and one that falls silent."""
    paths = {name: make(tmp_path / f"{name}.{kind}", 70) for name, kind in zip(PROFILES, ["flv", "ts", "flv"])}
    server = serve([channel(name, latency=name, output=LADDER, slate={"image": str(red), "hold": f"{HOLD}s"})
                    for name in PROFILES])
    encoders = [send(publish_file, server, name, path) for name, path in paths.items()]
    for name in PROFILES:
        server.renditions(name)
    time.sleep(6)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), AWAY + 25) for name in PROFILES]
    time.sleep(3)
    left = time.monotonic()
    for encoder in encoders:
        encoder.process.send_signal(signal.SIGSTOP if way == "frozen" else signal.SIGKILL)
    wait_for(lambda: len(server.events("channel.slate_began")) == 3, what="the slate")
    # An encoder that falls silent, or whose connection nobody closes, as over SRT, is given two seconds.
    assert time.monotonic() - left < 2 + 0.5 + 1.5
    time.sleep(AWAY - (time.monotonic() - left))
    for encoder, (name, path) in zip(encoders, paths.items()):
        encoder.process.kill()
        send(publish_file, server, name, path)
    wait_for(lambda: len(server.events("channel.slate_ended")) == 3, what="the end of the slate")
    back = time.monotonic()
    for prober in probers:
        # Nothing is known of one that is silent for two seconds, and what lacks comes at once then.
        prober.check(late={"cadence.part": 60, "cadence.segment": 9, "part.line-rate": 30})
    for name in PROFILES:
        found = unbroken(server, name, tmp_path)
        length = found[0].times[-1] - found[0].times[0]
        # Seen from the end: what the encoder brought last is still on its way to viewers.
        ended = length - (time.monotonic() - back)
        began = ended - AWAY
        for one in found:
            film = one.files[0]
            assert redness(film, began + 3) < 0.5 and redness(film, began + HOLD + 5) > 0.8, (name, one.folder)
            assert redness(film, ended - 5) > 0.8 and redness(film, length - 1) < 0.5, (name, one.folder)
        sound = Rendition(server, server.renditions(name)["audio"], tmp_path).files[0][0]
        assert loudest(sound, 1, 2) > 0.05 and loudest(sound, length - 3, 2) > 0.05
        assert loudest(sound, began + 5, AWAY - 10) < 0.001, name
    assert len(server.events("channel.presentation_started")) == 3


# Pictures of 320x180 become others after so many seconds; what comes then, over what, and to which latency.
CHANGE = 9
OTHERS = {"larger": ("640x360", "flv", "low"), "smaller": ("240x136", "flv", "standard"), "upright": ("180x320", "ts", "ultra")}


def changing(scratch, name, size, kind):
    """A source that goes over to pictures of another size."""
    video = ["-g", "25", "-bf", "0"]
    if kind == "flv":
        clips = [make(scratch / f"{name}-{one}.flv", 40, size=one, video=video) for one in ("320x180", size)]
        return flv.join(scratch / f"{name}.flv", [(clips[0], CHANGE, 1), (clips[1], 40, 1)])
    first = make(scratch / f"{name}-1.ts", CHANGE, video=video)
    second = make(scratch / f"{name}-2.ts", 40, "-output_ts_offset", str(CHANGE), size=size, video=video)
    joined = scratch / f"{name}.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    return joined


def test_another_size_in_mid_stream_is_the_same_to_viewers(serve, send, tmp_path):
    """Whether something is shown between sources or not."""
    server = serve([channel(name, latency=latency, output=LADDER, **({"slate": {}} if name == "upright" else {}))
                    for name, (_, _, latency) in OTHERS.items()])
    for name, (size, kind, _) in OTHERS.items():
        send(publish_file, server, name, changing(tmp_path, name, size, kind))
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 22) for name in OTHERS if server.renditions(name)]
    for prober in probers:
        prober.check(late={"cadence.part": 10, "cadence.segment": 4})
    for name in OTHERS:
        found = unbroken(server, name, tmp_path)
        assert [variants(server, name)[one]["RESOLUTION"] for one in ("video", "video2")] == ["320x180", "160x90"]
        for one in found:
            assert edge(one.files[0], 3) > 60
            # All of an upright picture is seen, with black beside it.
            assert (edge(one.files[0], 18) < 24) == (name == "upright"), (name, one.folder)


def edge(path, place):
    """How bright the left edge of the picture at that place in a file is."""
    done = subprocess.run([*FFMPEG, "-ss", str(place), "-i", str(path), "-frames:v", "1", "-vf", "crop=iw/8:ih:0:0,scale=1:1",
                           "-f", "rawvideo", "-pix_fmt", "gray", "-"], capture_output=True, check=True)
    return done.stdout[0]


def test_another_encoder_with_room_for_more_begins_a_presentation(serve, tmp_path):
    """One that has room for less does not."""
    paths = [make(tmp_path / f"{size}.flv", 40, size=size) for size in ("160x90", "128x72", "320x180")]
    server = serve([channel("news", latency="low", output=LADDER, slate={})])
    for path, count, sizes in zip(paths, [1, 1, 2], [["160x90"], ["160x90"], ["320x180", "160x90"]]):
        encoder = publish_file(server, "news", path)
        try:
            wait_for(lambda: len(server.events("channel.presentation_started")) == count, what="a presentation")
            Prober(server.url("/live/news/index.m3u8"), 8).check()
            assert [one["RESOLUTION"] for one in variants(server, "news").values()] == sizes
        finally:
            encoder.stop()
    assert len(server.events("channel.presentation_started")) == 2


def test_viewers_see_no_break(serve, send, tmp_path):
    """hls.js plays on through a loss and back. What it shows is kept for people to look at."""
    path = make(tmp_path / "news.flv", 60, size="640x360")
    server = serve([channel("news", name="Harbour News", latency="low", output=heights(360, 180), slate={"hold": "4s"})],
                   "--player-hls", HLS)
    encoder = send(publish_file, server, "news", path)
    server.renditions("news")
    browser = Chromium()
    try:
        browser.resize(1280, 800)
        browser.open(server.url("/watch/news"))
        place = "document.querySelector('video').currentTime"
        browser.wait(f"document.getElementById('player')?.dataset.state === 'live' && {place} > 0", 60)
        time.sleep(3)
        browser.evaluate("window.waits = 0; document.querySelector('video').addEventListener('waiting', () => window.waits++)")
        began, before = time.monotonic(), browser.evaluate(place)
        encoder.process.kill()
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        time.sleep(4)
        browser.screenshot(ARTEFACTS / "bridge-held.png")
        time.sleep(7)
        browser.screenshot(ARTEFACTS / "bridge-card.png")
        send(publish_file, server, "news", path)
        wait_for(lambda: server.events("channel.slate_ended"), what="the feed")
        time.sleep(8)
        browser.screenshot(ARTEFACTS / "bridge-over.png")
        assert browser.evaluate(place) - before == pytest.approx(time.monotonic() - began, rel=0.1)
        assert browser.evaluate("window.waits") == 0
    finally:
        browser.close()
