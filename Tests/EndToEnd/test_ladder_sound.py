"""The sound of channels whose pictures are encoded anew: what is copied and what is not, how loud it becomes, and that it stays
in step with all sizes of pictures."""

import array
import json
import math
import re
import statistics
import subprocess

import pytest

from conftest import channel
from flashes import Rendition, beeps, distances, flashes, make as make_flashes
from ladders import WHENEVER, heights, make, publish_file, rungs
from prober import Prober
from sending import pitch

LADDER = heights(90, 72)


def sound(path):
    """What ffprobe says of the sound of a file, and a digest of each packet."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_streams", "-show_packets", "-show_data_hash", "MD5",
         "-of", "json", str(path)], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return told["streams"][0], [packet["data_hash"] for packet in told["packets"]]


def levels(path, skip=0.0):
    """How loud each channel is, in decibels below full scale."""
    stream, _ = sound(path)
    count = stream["channels"]
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-ss", str(skip), "-i", str(path), "-f", "s16le", "-"],
                          capture_output=True, check=True)
    samples = array.array("h", done.stdout)
    found = []
    for place in range(count):
        own = samples[place::count]
        power = statistics.fmean(value * value for value in own) / 32768 ** 2
        found.append(-100.0 if power < 1e-10 else round(10 * math.log10(power), 2))
    return found


def loudness(path, skip):
    """In LUFS, by ITU-R BS.1770, behind the first seconds."""
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-ss", str(skip), "-i", str(path), "-af", "ebur128", "-f", "null",
         "-"], capture_output=True, text=True, check=True)
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", done.stderr)[-1])


# Six sounds, of which only that of the middle is heard; left and right of different loudness.
MIDDLE = "aevalsrc=sample_rate=48000:channel_layout=5.1:exprs=0|0|0.25*sin(2*PI*440*t)|0|0|0"
SIDES = "aevalsrc=sample_rate=48000:channel_layout=stereo:exprs=0.4*sin(2*PI*440*t)|0.1*sin(2*PI*440*t)"
# What comes in, what is said of it, and what comes out: codecs, channels, sample rate, and levels of the channels in
# decibels where they are to be so.
SOUNDS = {
    "copied": (("flv", SIDES, ["-c:a", "aac", "-b:a", "128k"]), {}, [("aac", 2, 48000)], None),
    "six": (("ts", MIDDLE, ["-c:a", "aac", "-b:a", "256k"]), {}, [("aac", 2, 48000)], None),
    "kept-six": (("ts", MIDDLE, ["-c:a", "aac", "-b:a", "256k"]), {"channels": 6, "copy": False, "bitrate": "320k"},
                 [("aac", 6, 48000)], [-100, -100, -15.05, -100, -100, -100]),
    "dolby": (("ts", SIDES, ["-c:a", "ac3", "-b:a", "192k"]), {}, [("aac", 2, 48000), ("ac3", 2, 48000)], [-10.97, -23.01]),
    "no-dolby": (("ts", SIDES, ["-c:a", "eac3", "-b:a", "192k"]), {"dolby": False}, [("aac", 2, 48000)], [-10.97, -23.01]),
    "slow": (("ts", "sine=frequency=440:sample_rate=22050,volume=2", ["-c:a", "aac", "-b:a", "64k"]), {},
             [("aac", 1, 48000)], None),
    "faster": (("flv", "sine=frequency=440:sample_rate=44100", ["-c:a", "aac", "-ac", "2", "-b:a", "96k"]),
               {"sampleRate": 48000}, [("aac", 2, 48000)], None),
    "one": (("flv", SIDES, ["-c:a", "aac", "-b:a", "128k"]), {"channels": 1}, [("aac", 1, 48000)], None),
    "quieter": (("flv", SIDES, ["-c:a", "aac", "-b:a", "128k"]), {"gain": -6}, [("aac", 2, 48000)], [-16.97, -29.01]),
}


def test_sound_becomes_what_every_player_takes(serve, send, tmp_path):
    server = serve([channel(name, latency="ultra", output=LADDER | ({"audio": audio} if audio else {}))
                    for name, (_, audio, _, _) in SOUNDS.items()])
    paths = {}
    for name, ((kind, source, codec), *_) in SOUNDS.items():
        paths[name] = make(tmp_path / f"{name}.{kind}", 90, size="160x90", sound=source, audio=codec,
                           video=["-bf", "0", "-g", "50"])
        send(publish_file, server, name, paths[name])
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 9) for name in SOUNDS if server.renditions(name)]
    for prober in probers:
        prober.check(WHENEVER)
    for name, (_, audio, wanted, loud) in SOUNDS.items():
        folders = server.renditions(name)
        found = [Rendition(server, folders[key], tmp_path) for key in sorted(folders) if key.startswith("audio")]
        told = [sound(one.files[0][0]) for one in found]
        forms = [(stream["codec_name"], stream["channels"], int(stream["sample_rate"])) for stream, _ in told]
        assert sorted(forms) == wanted, name
        for one, (stream, packets) in zip(found, told):
            assert len(one.files) == 1 and one.holes() == [] and one.gaps == 0, (name, one.holes(), one.text)
            source = sound(paths[name])[1]
            # What goes out as it came is so to the last bit.
            is_copied = any(packets == source[place:place + len(packets)] for place in range(len(source)))
            assert is_copied == (name == "copied" or stream["codec_name"] == "ac3"), (name, stream["codec_name"])
            path = one.files[0][0]
            if name != "kept-six":
                assert pitch(path.read_bytes()) == pytest.approx(440, rel=0.01), name
            if loud:
                # The first packet is what an encoder makes of silence before.
                for level, aim in zip(levels(path, 0.5), loud):
                    assert level == pytest.approx(aim, abs=0.7) if aim > -60 else level < -60, (name, levels(path, 0.5))
        if name == "six":
            # What is in the middle is on both sides, and as loud there.
            left, right = levels(found[0].files[0][0], 0.5)
            assert abs(left - right) < 0.2 and -27 < left < -15, (left, right)
    text = server.get("/live/dolby/index.m3u8").text
    assert text.count("TYPE=AUDIO") == 2 and "ac-3" in text and "mp4a.40.2" in text
    # Who knows no AC-3 has all sizes with AAC.
    streams = [line for line in text.splitlines() if line.startswith("#EXT-X-STREAM-INF")]
    assert sum("mp4a" in line for line in streams) == sum("ac-3" in line for line in streams) == 2


# How loud noise is that comes in, as ffmpeg has it; what is asked for.
NOISES = {"quiet": ("0.1", -23.0), "loud": ("0.8", -27.0), "waving": ("0.3", -18.0)}


def test_sound_becomes_as_loud_as_it_is_to_be(serve, send, tmp_path):
    """Whether it comes quiet, loud, or now quiet and now loud."""
    server = serve([channel(name, latency="low", output=LADDER | {"audio": {"loudness": aim}})
                    for name, (_, aim) in NOISES.items()])
    paths = {}
    for name, (amplitude, _) in NOISES.items():
        waves = ",volume='0.6+0.4*sin(2*PI*t/3)':eval=frame" if name == "waving" else ""
        noise = f"anoisesrc=color=pink:amplitude={amplitude}{waves}"
        paths[name] = make(tmp_path / f"{name}.flv", 60, size="160x90", sound=noise, video=["-bf", "0", "-g", "50"])
        send(publish_file, server, name, paths[name])
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 24) for name in NOISES if server.renditions(name)]
    for prober in probers:
        prober.check(WHENEVER)
    for name, (_, aim) in NOISES.items():
        one = Rendition(server, server.renditions(name)["audio"], tmp_path)
        before, after = loudness(paths[name], 6), loudness(one.files[0][0], 6)
        assert abs(before - aim) > 3, (name, before)
        assert after == pytest.approx(aim, abs=1.5), (name, before, after)
        assert one.holes() == [] and one.gaps == 0, (name, one.text)


# What is made of the sound and in which latency; of pictures that flash when there is a beep.
STEPS = {
    "copied": ("low", {}),
    "encoded": ("ultra", {"copy": False, "sampleRate": 44100}),
    "louder": ("low", {"loudness": -20}),
    "standard": ("standard", {"gain": -3}),
    "mixed": ("ultra", {"copy": False}),
    # Pictures go out as they come.
    "alone": ("ultra", {"gain": -3}),
}


def test_sound_and_all_sizes_of_pictures_are_in_step(serve, send, tmp_path):
    """As they were in the source, whatever delays either."""
    path = make_flashes(tmp_path / "clip.flv", 60)
    reference = statistics.median(one for one in distances(flashes(path), beeps(path)) if one is not None)
    outputs = {name: heights(90, 72, audio=audio, mixed=name == "mixed") for name, (_, audio) in STEPS.items()}
    outputs["alone"] = {"audio": STEPS["alone"][1]}
    server = serve([channel(name, latency=latency, output=outputs[name]) for name, (latency, _) in STEPS.items()])
    for name in STEPS:
        send(publish_file, server, name, path)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 22) for name in STEPS if server.renditions(name)]
    for prober in probers:
        prober.check(WHENEVER)
    for name in STEPS:
        found, heard = rungs(server, name, tmp_path), Rendition(server, server.renditions(name)["audio"], tmp_path)
        assert len(found) == (1 if name == "alone" else 2) and heard.holes() == [] and heard.gaps == 0, (name, heard.holes(), heard.text)
        if name == "louder":
            # It is three seconds late, and waited for from the start.
            assert not [event for event in server.events("channel.track_stalled") if event["channel.id"] == name]
        tones = heard.onsets()
        for one in found:
            seen = [time for file, times in zip(one.files, one.shown) for time in flashes(file, times)]
            offsets = [distance - reference for distance in distances(seen, tones) if distance is not None]
            assert len(offsets) > 9 and len(seen) - len(offsets) <= 2, (name, one.folder, seen, tones)
            assert max(map(abs, offsets)) < 0.012, (name, one.folder, offsets)
