"""Sources as they come: fields, uneven times, odd sizes, other samples, damage, holes, sound that drifts or is not there at all.
What viewers of an encoded channel get is decoded, and is faultless."""

import array
import dataclasses
import math
import re
import subprocess

import pytest

from conftest import channel
from flashes import UNEVEN, Rendition, Rewritten
from ladders import AAC, FFMPEG, heights, make, rungs
from mpegts import AUDIO, VIDEO, Rewriter, chance
from prober import Prober

SECONDS = 20
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0", "-bf", "0", "-g", "50"]
ENCODED = {"audio": {"copy": False}}


@dataclasses.dataclass
class Source:
    """How it is made, what is done to it on its way, what the channel makes of it, and how many pictures a second it has."""

    made: dict = dataclasses.field(default_factory=dict)
    rewriter: Rewriter = None
    output: dict = dataclasses.field(default_factory=dict)
    rate: float = 25


def damaged():
    rewriter = Rewriter()
    rewriter.corrupt(chance(0.01, [VIDEO]), place=60)
    return rewriter


def without_sound(since, until):
    rewriter = Rewriter()
    rewriter.mute([AUDIO], since, until)
    return rewriter


SOURCES = {
    "fields": Source({"rate": "50", "filters": "tinterlace=interleave_top", "video": [*X264, "-flags", "+ildct+ilme",
                                                                                      "-pix_fmt", "yuv420p"]}),
    "uneven": Source({"rate": "60", "filters": UNEVEN, "video": [*X264, "-fps_mode", "vfr", "-enc_time_base", "1:90000",
                                                                 "-pix_fmt", "yuv420p"]}, rate=None),
    "evened": Source({"rate": "60", "filters": UNEVEN, "video": [*X264, "-fps_mode", "vfr", "-enc_time_base", "1:90000",
                                                                 "-pix_fmt", "yuv420p"]}, output={"frameRate": 30}, rate=30),
    "odd": Source({"size": "321x181", "video": [*X264, "-pix_fmt", "yuv444p"]}),
    "422": Source({"video": [*X264, "-pix_fmt", "yuv422p"]}),
    "ten": Source({"video": [*X264, "-pix_fmt", "yuv422p10le"]}),
    "damaged": Source(rewriter=damaged(), rate=None),
    "hole": Source(rewriter=without_sound(9, 12), output=ENCODED),
    "drift": Source({"audio": ["-af", "asetpts=PTS*1.002", *AAC]}, output=ENCODED),
    "mute": Source(rewriter=without_sound(0, 1e9)),
}


def samples(path):
    """The sound of a file: its left channel."""
    done = subprocess.run([*FFMPEG, "-i", str(path), "-ac", "1", "-f", "s16le", "-"], capture_output=True, check=True)
    return array.array("h", done.stdout)


def test_every_source_becomes_what_every_player_takes(serve, send, tmp_path):
    """Times of pictures stay as uneven as they were; damage is counted, and few pictures are lost; a hole in sound is silence;
    sound is stretched and never clicks; and where there is none nothing is heard."""
    paths = {name: make(tmp_path / f"{name}.ts", SECONDS + 20, **({"video": [*X264, "-pix_fmt", "yuv420p"]} | source.made))
             for name, source in SOURCES.items()}
    server = serve([channel(name, latency="ultra", output=heights(180, 90, **source.output))
                    for name, source in SOURCES.items()])
    for name, source in SOURCES.items():
        send(Rewritten, server.srt_port, server.keys[name], paths[name], source.rewriter)
    probers = {name: Prober(server.url(f"/live/{name}/index.m3u8"), SECONDS) for name in SOURCES if server.renditions(name)}
    for name, prober in probers.items():
        # Sound that has stopped is waited for at first.
        prober.check(late={"cadence.part": 60, "cadence.segment": 8, "part.line-rate": 9, "rendition.together": 9}
                     if name in ("hole", "damaged") else {})
    films, sounds = {}, {}
    for name, source in SOURCES.items():
        found = rungs(server, name, tmp_path)
        assert len(found) == 2
        for one in found:
            check(name, one, source.rate)
        sound = Rendition(server, server.renditions(name)["audio"], tmp_path)
        assert not sound.holes() and not sound.complaints() and not sound.gaps, name
        films[name], sounds[name] = found[0], samples(sound.files[0][0])
    times = films["uneven"].times
    assert len({round(now - before, 3) for before, now in zip(times, times[1:])}) > 5
    faults = float(re.findall(r'faults_total\{channel="damaged",step="decode"\} (\d+)', server.metrics())[0])
    times = films["damaged"].times
    assert faults > 3 and server.events("transcoder.undecodable") and len(times) > 0.9 * 25 * (times[-1] - times[0])

    def loudest(name, start, end):
        return max(abs(value) for value in sounds[name][int(start * 48000):int(end * 48000)])

    assert loudest("hole", 10, 11.5) < 40 and loudest("hole", 4, 8) > 2000 and loudest("hole", 13.5, 16) > 2000
    assert loudest("mute", 1, 15) == 0
    drifting = sounds["drift"][48000:-48000]
    # A sine of that pitch and loudness has no steeper slopes.
    assert max(abs(now - before) for before, now in zip(drifting, drifting[1:])) < 1.2 * max(drifting) * 2 * math.pi * 440 / 48000


def check(name, one, rate):
    """That a rendition is one run without holes, in a form that every player takes, which a decoder has nothing to say of."""
    assert "#EXT-X-DISCONTINUITY\n" not in one.text and "#EXT-X-GAP" not in one.text, (name, one.text)
    stream = one.stream()
    assert stream["codec_name"] == "h264" and stream["pix_fmt"] == "yuv420p", (name, stream)
    assert not stream["frame"]["interlaced_frame"], name
    steps = [now - before for before, now in zip(one.times, one.times[1:])]
    if rate:
        assert steps == pytest.approx([1 / rate] * len(steps), abs=0.0012), (name, one.folder)
    done = subprocess.run(["ffmpeg", "-v", "warning", "-nostdin", "-i", str(one.files[0]), "-f", "null", "-"],
                          capture_output=True, text=True, check=True)
    assert done.stderr == "", (name, done.stderr)
