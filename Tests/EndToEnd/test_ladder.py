"""Channels whose pictures are encoded in several sizes: key frames of all sizes come at the same times, sizes and frame rates
are what they should be, and the source's own pictures may be the largest. An independent prober runs beside each."""

import os

import pytest

from conftest import channel, wait_for
from flashes import UNEVEN
from ladders import SELDOM, cut_alike, follows, has_every, heights, make, publish_file, rungs, source_pictures, \
    variants
from prober import Prober

SOAK = os.environ.get("SOAK") == "1"
# How long sources are looked at.
SECONDS = 600 if SOAK else 20
# Encoders and probers need some time to begin.
LENGTH = SECONDS + 25
LADDER = heights(180, 120, 90)


def look(server, seconds=SECONDS, late={}):
    """Runs a prober beside each channel for so long."""
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), seconds) for name in server.keys if server.renditions(name)]
    for prober in probers:
        prober.check(late)


def follow_the_grid(keys, interval, slack):
    """Key frames are so far apart, each at most so much later than its turn, and this adds up to nothing."""
    assert len(keys) > 3, keys
    turns = [round((key - keys[0]) / interval) for key in keys]
    assert turns == list(range(len(turns))), keys
    late = [key - turn * interval for key, turn in zip(keys, turns)]
    assert max(late) - min(late) < slack, (keys, interval)


def steps(times):
    return [now - before for before, now in zip(times, times[1:])]


# What comes in, over what, to which latency; how far key frames are apart then, and which pictures the rungs have.
RATES = {
    "pal": ("25", "flv", "low", 2, (1, 1, 1)),
    "ntsc": ("30000/1001", "ts", "standard", 2, (1, 1, 2)),
    "quick": ("50", "flv", "ultra", 1, (1, 2, 4)),
    "uneven": ("60", "ts", "low", 1.5, (1, 1, 3)),
}


def test_key_frames_of_all_sizes_come_at_the_same_times(serve, send, tmp_path):
    """At even and uneven rates, over RTMP and SRT, in every latency; some renditions have fewer pictures. Where the source
    has key frames makes no difference."""
    settings = []
    for name, (_, _, latency, gop, divisors) in RATES.items():
        output = heights(180, 120, 90)
        for rendition, divisor in zip(output["renditions"], divisors):
            rendition["frameRateDivisor"] = divisor
        if (latency, gop) not in [("ultra", 1), ("low", 2), ("standard", 2)]:
            output["gop"] = f"{round(gop * 1000)}ms"
        settings.append(channel(name, latency=latency, output=output))
    sources = {}
    for name, (rate, kind, *_) in RATES.items():
        uneven = name == "uneven"
        sources[name] = make(
            tmp_path / f"{name}.{kind}", LENGTH, rate=rate, filters=UNEVEN if uneven else "",
            video=["-bf", "2", *SELDOM, *(["-fps_mode", "vfr", "-enc_time_base", "1:90000"] if uneven else [])])
    server = serve(settings)
    for name, path in sources.items():
        send(publish_file, server, name, path)
    look(server)
    for name, (rate, kind, latency, gop, divisors) in RATES.items():
        found = rungs(server, name, tmp_path)
        assert len(found) == 3
        keys = cut_alike(found, least=3)
        frames, _, seconds = rate.partition("/")
        frame = int(seconds or 1) / int(frames)
        beat = max(divisors)
        # Of uneven pictures eleven of sixty a second may be missing in a row.
        follow_the_grid(keys, gop, 12 * beat * frame if name == "uneven" else (beat + 0.1) * frame)
        for one, divisor in zip(found, divisors):
            has_every(one, divisor, found[0])
        shown = steps(found[0].times)
        assert len(shown) > 0.6 * SECONDS * (20 if name == "uneven" else 1 / frame)
        if name != "uneven":
            assert max(abs(step - frame) for step in shown) < 0.0012, (name, max(shown), min(shown))
        else:
            source = steps(sorted(one.time for one in source_pictures(sources[name], tmp_path)))
            assert any(all(abs(a - b) < 0.0012 for a, b in zip(source[start:], shown))
                       for start in range(len(source) - len(shown))), shown[:50]
            assert max(shown) > 2 * min(shown)


def test_each_source_gets_what_it_has_room_for(serve, send, tmp_path):
    """Nothing is made larger, samples are square, upright pictures stay upright, and fields become frames."""
    clip = lambda name, kind="flv", **options: make(tmp_path / f"{name}.{kind}", 40, **options)  # noqa: E731
    lines = {"renditions": [{"height": height, "bitrate": "300k"} for height in (1080, 180)]}
    stories = {
        "wide": ("sd", clip("wide", size="640x360", rate="50"), [(640, 360, 25), (426, 240, 25)]),
        "broad": ("sd", clip("broad", "ts", size="720x576", filters="setsar=64/45",
                             video=["-flags", "+ildct+ilme", "-x264-params", "tff=1:keyint=50"]),
                  [(854, 480, 25), (640, 360, 25), (426, 240, 25)]),
        "upright": ("sd", clip("upright", size="360x640"), [(360, 640, 25), (240, 426, 25)]),
        "small": ("hd", clip("small", size="320x180", rate="24"), [(320, 180, 24)]),
        # It is hardly smaller than what is asked for.
        "short": (lines, clip("short", size="320x172", rate="24"), [(320, 172, 24)]),
        "framed": ({"renditions": [{"size": "200x200", "bitrate": "300k"}]}, clip("framed", size="320x240"), [(200, 150, 25)]),
    }
    server = serve([channel(name, latency="ultra", output=output) for name, (output, _, _) in stories.items()])
    for name, (_, path, _) in stories.items():
        send(publish_file, server, name, path)
    for name in stories:
        server.renditions(name)
    look(server, 8)
    for name, (_, _, sizes) in stories.items():
        found, told = rungs(server, name, tmp_path), variants(server, name)
        assert len(found) == len(told) == len(sizes), (name, told)
        for number, (one, (width, height, rate)) in enumerate(zip(found, sizes)):
            stream = one.stream()
            assert (stream["width"], stream["height"]) == (width, height), (name, stream)
            assert stream.get("sample_aspect_ratio", "1:1") == "1:1", (name, stream)
            assert stream.get("field_order", "progressive") == "progressive", (name, stream)
            assert not stream["frame"]["interlaced_frame"], name
            variant = told["video" if not number else f"video{number + 1}"]
            assert variant["RESOLUTION"] == f"{width}x{height}"
            assert float(variant["FRAME-RATE"]) == pytest.approx(rate, abs=0.01)
            assert steps(one.times) == pytest.approx([1 / rate] * (len(one.times) - 1), abs=0.0012), (name, number)
        cut_alike(found, least=3)


def test_sizes_may_be_coded_in_different_ways(serve, send, tmp_path):
    path = make(tmp_path / "clip.ts", 40, video=["-bf", "2", *SELDOM])
    output = heights(180, 120, 90)
    for rendition, codec in zip(output["renditions"], ["hevc", "h264", "av1"]):
        rendition["codec"] = codec
    server = serve([channel(latency, latency=latency, output=output) for latency in ("standard", "ultra")])
    for name in server.keys:
        send(publish_file, server, name, path)
    look(server, 18)
    for name in server.keys:
        told, found = variants(server, name), rungs(server, name, tmp_path)
        for one, variant, codec, text in zip(
                found, [told[key] for key in sorted(told)], ("hevc", "h264", "av1"), ("hvc1", "avc1", "av01")):
            assert one.stream()["codec_name"] == codec and text in variant["CODECS"], (name, told)
            has_every(one, 1, found[0])
        cut_alike(found, least=3)


# How the source's pictures are coded, and its latency. One has key frames at no even distance, of one others refer across.
TOPS = {
    "closed": ("flv", "low", ["-bf", "2", "-g", "1000", "-force_key_frames",
                              "expr:gte(t,n_forced*1.4+0.6*mod(n_forced,2))"]),
    "open": ("ts", "ultra", ["-x264-params", "keyint=30:open-gop=1:bframes=3:b-adapt=0:scenecut=0"]),
    "plain": ("flv", "ultra", ["-bf", "0", "-g", "25"]),
    "standard": ("ts", "standard", ["-bf", "2", "-g", "50"]),
}


def test_the_source_may_be_on_top_as_it_is(serve, send, tmp_path):
    """Its own bytes are the largest rendition, and all others have key frames where it has some."""
    paths = {name: make(tmp_path / f"{name}.{kind}", LENGTH, video=video) for name, (kind, _, video) in TOPS.items()}
    # What is as large as the source is not encoded.
    output = heights(180, 120, 90, mixed=True)
    server = serve([channel(name, latency=latency, output=output) for name, (_, latency, _) in TOPS.items()])
    for name, path in paths.items():
        send(publish_file, server, name, path)
    look(server)
    for name, path in paths.items():
        source, found = source_pictures(path, tmp_path), rungs(server, name, tmp_path)
        assert [variants(server, name)[key]["RESOLUTION"] for key in ("video", "video2", "video3")] == [
            "320x180", "214x120", "160x90"]
        top = found[0].pictures
        place = follows([one.slices for one in top], [one.slices for one in source])
        if path.suffix == ".flv":
            # Here nothing stands beside what pictures are made of that would have to be written in another way.
            assert [one.data for one in top] == [one.data for one in source[place:place + len(top)]], name
        keys = begins(top, source[place:])
        if name == "open":
            # That its key frames may be joined has to be seen in some of them first.
            keys = keys[:1] + keys[-len(found[1].keys()) + 1:]
            assert keys[-1] - keys[1] > SECONDS / 4
        else:
            cut_alike(found, least=3)
        assert len(keys) > SECONDS / 4
        for one in found[1:]:
            assert one.keys() == keys, (name, one.folder, one.keys(), keys)
            assert one.times == found[0].times, (name, one.folder)
            assert [segment.outline for segment in one.segments] == [segment.outline for segment in found[0].segments], (
                name, one.text, found[0].text)
            assert all(segment.pictures[0].is_idr for segment in one.segments if segment.start in keys), name


def begins(top, source):
    """When the groups of pictures of a source begin, of which so much was published: a key frame may be shown behind
    pictures that follow it, which others of its group are not."""
    places = [place for place, (_, one) in enumerate(zip(top, source)) if one.is_key]
    return [min(one.time for one in top[start:end]) for start, end in zip(places, [*places[1:], len(top)])]


def test_an_encoder_that_comes_back_continues_all_sizes(serve, tmp_path):
    """Missing media and the discontinuity are at the same place in all of them."""
    path = make(tmp_path / "clip.flv", 60)
    server = serve([channel("news", latency="low", output=LADDER)])
    encoder = publish_file(server, "news", path)
    try:
        folders = server.renditions("news")
        prober = Prober(server.url("/live/news/index.m3u8"), 28)
        wait_for(lambda: server.get(folders["video3"] + "/index.m3u8").text.count("#EXTINF") >= 3, what="three segments")
        encoder.stop()
        before = server.get(folders["video"] + "/index.m3u8").text
        wait_for(lambda: "#EXT-X-GAP" in server.get(folders["video"] + "/index.m3u8").text, what="missing media")
        encoder = publish_file(server, "news", path)
        prober.check(late={"cadence.part": 60, "cadence.segment": 8, "part.line-rate": 8, "rendition.together": 6})
        assert len(server.events("channel.presentation_started")) == 1
        assert server.renditions("news") == folders
        found = rungs(server, "news", tmp_path)
        cut_alike(found, least=before.count("#EXTINF") + 3)
        for one in found:
            breaks = [number for number, segment in enumerate(one.segments) if segment.is_discontinuous and number]
            gaps = [number for number, segment in enumerate(one.segments) if segment.is_gap]
            assert gaps and any(number > gaps[-1] for number in breaks), one.text
            assert gaps == list(range(gaps[0], gaps[-1] + 1)), one.text
    finally:
        encoder.stop()
