"""Whatever the clocks of a source do, what is published has one timeline, on which sound and picture belong together.

The sources flash and beep at the same instants. When they do is measured in what the server published, decoded, and in
the source's own file. Beside each runs the prober."""

import os
import statistics

import pytest

from conftest import channel
from flashes import Encoder, Rendition, Rewritten, Tagged, beeps, distances, flashes, make, steps
from flv import is_configuration, tags
from mpegts import AUDIO, CLOCK, Rewriter
from prober import Prober

# How far sound may be from where the source had it, in milliseconds.
LARGEST_OFFSET = 10
# How long sources go on, in seconds.
LENGTH = 200 if os.environ.get("SOAK") == "1" else 45
# 2³¹ ms, where the clock of RTMP begins again that has one bit less than it could.
HALF = 1 << 31


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Files, made when they are asked for, and how much later than flashes beeps are in them."""
    folder, made = tmp_path_factory.mktemp("clips"), {}

    def clip(name, **options):
        if name not in made:
            path = make(folder / name, LENGTH, **options)
            both = options.get("video", True) and options.get("audio", True)
            found = [one for one in distances(flashes(path), beeps(path)) if one is not None] if both else [0]
            made[name] = (path, statistics.median(found))
        return made[name]

    return clip


class Show:
    """What a channel showed of a source in which beeps come so much later than flashes."""

    def __init__(self, server, name, reference, scratch):
        self.name, self.reference = name, reference
        self.renditions = {kind: Rendition(server, folder, scratch) for kind, folder in server.renditions(name).items()}
        self.video, self.audio = self.renditions.get("video"), self.renditions.get("audio")

    def goes_on(self, breaks=0):
        """There are as many breaks as are expected, and nothing else begins where the one before it has not ended."""
        for kind, rendition in self.renditions.items():
            assert rendition.discontinuities == breaks, (self.name, kind, rendition.text)
            assert rendition.gaps == 0, (self.name, kind, rendition.text)
            assert len(rendition.holes()) <= breaks, (self.name, kind, rendition.holes())
            assert rendition.dates == sorted(rendition.dates), (self.name, kind, rendition.text)
            length = sum(length for _, _, length in rendition.samples)
            assert abs(sum(rendition.durations) - length) < 0.001, (self.name, kind, length, rendition.text)

    def shows_all(self, fps=30):
        """Each picture follows the one before it at once."""
        assert self.video.largest_step() < 1.5 / fps, self.name

    def shows_each_in_time(self, clip):
        """Pictures are as far apart as in the source, whatever that is."""
        source, shown = steps(clip), self.video.steps()
        assert len(shown) > 300
        assert any(all(abs(one - other) < 0.0025 for one, other in zip(source[start:], shown))
                   for start in range(len(source) - len(shown))), (self.name, shown)

    def is_in_step(self, least, silent=0):
        """At least so many flashes have their beep, where the source had it; so many at most have none."""
        seen, heard = self.video.onsets(), self.audio.onsets()
        found = distances(seen, heard)
        offsets = [round(1000 * (one - self.reference), 2) for one in found if one is not None]
        assert len(offsets) >= least, (self.name, seen, heard)
        # At either end one may be cut off.
        assert len(found) - len(offsets) <= silent + 2, (self.name, seen, heard)
        assert all(abs(one) <= LARGEST_OFFSET for one in offsets), (self.name, offsets)


def show(serve, scratch, seconds, stories):
    """Runs the sources side by side, each on its channel, with a prober beside each for so many seconds; answers what
    was shown, by name. A story is what the channel is, how its source begins, and how much later than flashes its beeps
    are."""
    server = serve([channel(name, **{"latency": "ultra", **options}) for name, (options, _, _) in stories.items()])
    sources = {name: begin(server, name) for name, (_, begin, _) in stories.items()}
    try:
        for name in stories:
            server.renditions(name)
        probers = {name: Prober(server.url(f"/live/{name}/index.m3u8"), seconds) for name in stories}
        for prober in probers.values():
            prober.check()
        shows = {name: Show(server, name, stories[name][2], scratch) for name in stories}
        assert all(source.is_on_air() for source in sources.values())
        return shows
    finally:
        for source in sources.values():
            source.stop()


def from_ffmpeg(path, start):
    """ffmpeg, which publishes the file over the protocol that its name stands for, with times from `start` on."""
    return lambda server, name: Encoder(
        server.srt_url(name) if path.suffix == ".ts" else server.rtmp_url(name), path, start)


def over_srt(path, edit=lambda rewriter: None, **options):
    def begin(server, name):
        rewriter = Rewriter()
        edit(rewriter)
        return Rewritten(server.srt_port, server.keys[name], path, rewriter, **options)

    return begin


def over_rtmp(source, stamp=lambda kind, time: time, **options):
    content = source if isinstance(source, list) else list(tags(source.read_bytes()))
    return lambda server, name: Tagged(
        server.rtmp_port, server.keys[name], content, stamp, **options)


def test_clocks_begin_again_and_nobody_sees_it(serve, clips, tmp_path):
    """33 bits of MPEG-TS, and 31 and 32 of RTMP; those that do so twice are put near their end again in between, which
    is a break of its own. All have B-frames."""
    (ts, ts_offset), (flv, flv_offset) = clips("clip.ts"), clips("clip.flv")
    wrap = CLOCK / 90000

    def ts_twice(rewriter):
        # Two jumps, of less than half of the clock each, all the way round.
        rewriter.shift(wrap - 6)
        rewriter.shift(wrap / 2 - 6, at=11.99)
        rewriter.shift(wrap / 2 - 6, at=13.99)

    def of_31_bits(kind, time):
        return (HALF - 6000 + time - (12000 if time >= 12000 else 0)) % HALF

    def of_32_bits(kind, time):
        return HALF - 6000 + time if time < 12000 else 2 * HALF - 18000 + time

    shows = show(serve, tmp_path, 20, {
        "srt": ({}, from_ffmpeg(ts, wrap - 9), ts_offset),
        "srt-twice": ({}, over_srt(ts, ts_twice), ts_offset),
        "rtmp": ({}, from_ffmpeg(flv, HALF / 1000 - 9), flv_offset),
        "rtmp-31-twice": ({}, over_rtmp(flv, of_31_bits), flv_offset),
        "rtmp-32-twice": ({}, over_rtmp(flv, of_32_bits), flv_offset),
    })
    for name, count in [("srt", 0), ("srt-twice", 2), ("rtmp", 0), ("rtmp-31-twice", 1), ("rtmp-32-twice", 1)]:
        shows[name].goes_on(breaks=count)
        if not count:
            shows[name].shows_all()
        shows[name].is_in_step(16, silent=count)


def test_sources_have_a_pace_of_their_own(serve, clips, tmp_path):
    """Frames that come at no even distance; clocks that are 0.1 % fast or slow, by which the samples count too, or
    against which they do not."""
    (ts, ts_offset), (flv, flv_offset) = clips("clip.ts"), clips("clip.flv")
    uneven = {name: clips(f"uneven.{name}", uneven=True) for name in ["ts", "flv"]}
    seconds = 20 if LENGTH < 100 else LENGTH - 20
    stories = {
        "uneven-srt": ({}, over_srt(uneven["ts"][0]), uneven["ts"][1]),
        "uneven-rtmp": ({}, over_rtmp(uneven["flv"][0]), uneven["flv"][1]),
        "fast-srt": ({}, over_srt(ts, speed=1.001), ts_offset),
        "slow-rtmp": ({}, over_rtmp(flv, speed=0.999), flv_offset),
        "stretched-srt": ({}, over_srt(ts, lambda rewriter: rewriter.scale(1.001)), ts_offset),
        "shrunk-rtmp": ({}, over_rtmp(flv, lambda kind, time: round(time * 0.999)), flv_offset),
    }
    shows = show(serve, tmp_path, seconds, stories)
    for name in stories:
        shows[name].goes_on()
        shows[name].is_in_step(seconds - 4)
    for name in ["ts", "flv"]:
        shows["uneven-srt" if name == "ts" else "uneven-rtmp"].shows_each_in_time(uneven[name][0])
    for name in ["fast-srt", "slow-rtmp"]:
        shows[name].shows_all()


def test_tracks_stop_and_begin_again(serve, clips, tmp_path):
    """Sound that stops for five seconds; sound that counts from zero again while the picture goes on, and both."""
    (ts, ts_offset), (flv, flv_offset) = clips("clip.ts"), clips("clip.flv")
    # Just after a key frame nothing begins: 0.85 s after a full second there is neither a flash nor a beep.
    is_sound = lambda kind, time: kind == 8 and time  # noqa: E731
    stories = {
        "stops-srt": ({}, over_srt(ts, lambda rewriter: rewriter.mute([AUDIO], 7.85, 12.85)), ts_offset),
        "stops-rtmp": ({}, over_rtmp(
            flv, lambda kind, time: None if is_sound(kind, time) and 7850 <= time < 12850 else time), flv_offset),
        "sound-srt": ({}, over_srt(
            ts, lambda rewriter: rewriter.shift(-12.85, at=12.85, pids=[AUDIO], pcr=False)), ts_offset),
        "sound-rtmp": ({}, over_rtmp(
            flv, lambda kind, time: time - 7850 if is_sound(kind, time) and time >= 7850 else time), flv_offset),
        "both-srt": ({}, over_srt(ts, lambda rewriter: rewriter.shift(-12, at=11.99)), ts_offset),
        "both-rtmp": ({}, over_rtmp(flv, lambda kind, time: time - 12000 if time >= 12000 else time), flv_offset),
    }
    shows = show(serve, tmp_path, 19, stories)
    for name, silent, breaks in [("stops-srt", 5, 0), ("stops-rtmp", 5, 0), ("sound-srt", 0, 0), ("sound-rtmp", 0, 0),
                                 ("both-srt", 1, 1), ("both-rtmp", 1, 1)]:
        shows[name].goes_on(breaks=breaks)
        shows[name].is_in_step(16 - silent, silent=silent)
        if not breaks:
            shows[name].shows_all()


def test_all_clocks_step_back_a_little(serve, clips, tmp_path):
    """A splicer, or a twin encoder that is a little behind: nothing of what comes is left out, and what is shown can be
    decoded."""
    (ts, ts_offset), (flv, flv_offset) = clips("clip.ts"), clips("clip.flv")
    stories = {
        "600-srt": ({}, over_srt(ts, lambda rewriter: rewriter.shift(-0.6, at=11.99)), ts_offset),
        "300-srt": ({}, over_srt(ts, lambda rewriter: rewriter.shift(-0.3, at=11.99)), ts_offset),
        "600-rtmp": ({}, over_rtmp(flv, lambda kind, time: time - 600 if time >= 12000 else time), flv_offset),
    }
    shows = show(serve, tmp_path, 17, stories)
    for name in stories:
        shows[name].goes_on(breaks=1)
        shows[name].is_in_step(15)
        for rendition in shows[name].renditions.values():
            # There is one in each second, of which either end may cut off one.
            assert len(rendition.onsets()) >= sum(rendition.durations) - 2, (name, rendition.onsets(), rendition.text)
            assert rendition.complaints() == "", name


def test_sound_may_come_late_or_never(serve, clips, tmp_path):
    """Sound that comes 20 s late, named by the program map from the start or not; channels of sound or pictures alone;
    pictures without sound in a channel that has both, where there is silence."""
    (ts, ts_offset), (flv, flv_offset) = clips("clip.ts"), clips("clip.flv")
    pictures, sound = clips("pictures.ts", audio=False)[0], clips("sound.ts", video=False)[0]
    late = 19850
    configured_late = sorted(
        ((kind, late if kind == 8 and time < late and is_configuration(kind, payload) else time, payload)
         for kind, time, payload in tags(flv.read_bytes())), key=lambda tag: tag[1])
    stories = {
        "late-srt": ({}, over_srt(ts, lambda rewriter: rewriter.mute([AUDIO], until=late / 1000)), ts_offset),
        "new-srt": ({}, over_srt(ts, lambda rewriter: rewriter.conceal([AUDIO], until=late / 1000)), ts_offset),
        "late-rtmp": ({}, over_rtmp(
            configured_late, lambda kind, time: None if kind == 8 and time < late else time), flv_offset),
        "silent": ({}, over_srt(pictures), 0),
        "pictures": ({"tracks": "video"}, over_srt(ts), 0),
        "sound": ({"tracks": "audio"}, over_srt(ts), 0),
        "sound-alone": ({"tracks": "audio"}, over_srt(sound), 0),
    }
    shows = show(serve, tmp_path, 27, stories)
    for name in ["late-srt", "new-srt", "late-rtmp"]:
        # Its initialization is another than that of silence.
        shows[name].goes_on(breaks=1)
        shows[name].shows_all()
        shows[name].is_in_step(5, silent=20)
    for name, kinds in [("silent", {"video", "audio"}), ("pictures", {"video"}), ("sound", {"audio"}),
                        ("sound-alone", {"audio"})]:
        shows[name].goes_on()
        assert set(shows[name].renditions) == kinds
        for rendition in shows[name].renditions.values():
            assert len(rendition.onsets()) >= (0 if (name, rendition.is_video) == ("silent", False) else 24)
    assert shows["silent"].audio.onsets() == []


def test_sound_may_come_behind_its_pictures(serve, clips, tmp_path):
    """As where a multiplexer sends pictures early, to fill the decoder's buffer: all wait for the sound, and for once."""
    (ts, ts_offset), (flv, flv_offset) = clips("clip.ts"), clips("clip.flv")
    behind = sorted(((kind, time + (2400 if kind == 8 and not is_configuration(kind, payload) else 0), payload)
                     for kind, time, payload in tags(flv.read_bytes())), key=lambda tag: tag[1])
    stories = {
        "low-srt": ({"latency": "low"}, over_srt(ts, lambda rewriter: rewriter.delay([AUDIO], 2.4)), ts_offset),
        "ultra-srt": ({}, over_srt(ts, lambda rewriter: rewriter.delay([AUDIO], 5.4)), ts_offset),
        "low-rtmp": ({"latency": "low"}, over_rtmp(
            behind, lambda kind, time: time - 2400 if kind == 8 and time else time), flv_offset),
    }
    shows = show(serve, tmp_path, 24, stories)
    for name, breaks, silent in [("low-srt", 1, 3), ("ultra-srt", 1, 6), ("low-rtmp", 0, 2)]:
        one = shows[name]
        one.goes_on(breaks=breaks)
        one.shows_all()
        one.is_in_step(20 - 2 * silent, silent=silent)
        # Only at the beginning is anything silent.
        heard = one.audio.onsets()
        seen = [flash for flash in one.video.onsets() if heard[0] - 0.1 < flash < heard[-1] + 0.1]
        assert None not in distances(seen, heard), (name, seen, heard)
