"""Transport streams over SRT: splices, languages, codecs, programs, program maps that change."""

import re
import subprocess

import pytest

from conftest import channel, wait_for
from mpegts import Rewriter
from prober import TIMED, Prober
from scte35 import PROGRAM_START, segmentation, splice_insert, time_signal
from sending import AAC, H264, PICTURES, Encoder, Listing, Sender, command, moment, on_air, pitch, play, probe, tone

FRAME = 1 / 25


def structure(prober):
    """The rules that are broken, without those about time: a busy machine is late itself."""
    return [rule["first"] for rule in prober.report()["rules"] if rule["violated"] and rule["rule"] not in TIMED]


def brightness(media):
    """How bright each picture is."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", "pipe:0", "-vf", "scale=1:1:flags=area,format=gray", "-f",
         "rawvideo", "-"], input=media, capture_output=True, timeout=60)
    assert done.stderr == b""
    return done.stdout


def test_splices_of_a_passthrough_stream_become_date_ranges(serve, send):
    server = serve([channel("news", latency="ultra")])
    # White from second 6 to second 9, and for a moment in second 12.
    white = "drawbox=color=white:t=fill:enable='between(t,5.99,8.99)+between(t,11.99,12.1)'"
    out = lambda first: splice_insert(7, True, first + 6 * 90000, 4 * 90000)  # noqa: E731
    back = lambda first: splice_insert(7, False, first + 9 * 90000)  # noqa: E731
    signal = lambda first: time_signal(first + 12 * 90000, segmentation(9, PROGRAM_START))  # noqa: E731
    rewriter = Rewriter()
    for at, section in (3, out), (3.5, out), (4, out), (7, back), (7.5, back), (10, signal), (10.5, signal):
        rewriter.splice(at, section)
    send(Sender, server.srt_url("news"), "-f", "lavfi", "-i", f"color=black:size=160x90:rate=25,{white}", *tone(440),
         *H264, "-bf", "2", *AAC, rewriter=rewriter)
    folders = server.renditions("news")
    prober = Prober(server.url("/live/news/index.m3u8"), 10)

    def told():
        listing = Listing(server, folders["video"])
        ends = [date + length for _, date, length, _ in listing.segments]
        return len(listing.ranges) >= 2 and ends and ends[-1] > ends_of(listing.ranges) + 1 and listing

    def ends_of(ranges):
        return max(start_of(tags) for tags in ranges.values())

    listing = wait_for(told, what="both ranges, and the pictures behind them")
    # The dates of the pictures at which white begins and ends.
    edges, before = [], None
    for segment in listing.segments:
        for number, value in enumerate(brightness(listing.media(segment))):
            if before is not None and (value > 128) != before:
                edges.append(segment[1] + number * FRAME)
            before = value > 128
    assert len(edges) == 4
    first = rewriter.first_pts
    assert len(listing.ranges) == 2, listing.ranges
    outs, commands = sorted(listing.ranges.values(), key=start_of)
    assert start_of(outs) == pytest.approx(edges[0], abs=FRAME / 2)
    one = {name: value for tags in outs for name, value in tags.items()}
    assert one["SCTE35-OUT"] == "0x" + out(first).hex().upper()
    assert one["SCTE35-IN"] == "0x" + back(first).hex().upper()
    assert float(one["PLANNED-DURATION"]) == 4
    assert start_of(outs) + float(one["DURATION"]) == pytest.approx(edges[1], abs=FRAME / 2)
    assert start_of(commands) == pytest.approx(edges[2], abs=FRAME / 2)
    assert [sorted(tags) for tags in commands] == [["ID", "SCTE35-CMD", "START-DATE"]]
    assert commands[0]["SCTE35-CMD"] == "0x" + signal(first).hex().upper()
    # A segment begins where the break does, and where it ends.
    starts = [date for _, date, _, _ in listing.segments]
    for edge in edges[:3]:
        assert min(abs(start - edge) for start in starts) < FRAME / 2
    assert Listing(server, folders["audio"]).ranges == Listing(server, folders["video"]).ranges
    assert structure(prober) == []


def start_of(tags):
    return next(moment(tag["START-DATE"]) for tag in tags if "START-DATE" in tag)


def media_lines(server, name, kind="AUDIO"):
    """The attributes of a channel's renditions of sound."""
    text = server.get(f"/live/{name}/index.m3u8").text
    lines = [line for line in text.splitlines() if f"TYPE={kind}" in line]
    return [{key: value.strip('"') for key, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', line)} for line in lines]


def variants(server, name):
    text = server.get(f"/live/{name}/index.m3u8").text
    return [line for line in text.splitlines() if line.startswith("#EXT-X-STREAM-INF")]


def test_each_track_of_sound_is_a_rendition_with_its_language(serve, send):
    server = serve([channel("news", latency="ultra"), channel("second", latency="ultra", program=2)])
    tones = {"en": 440, "de": 880, "und": 1320}
    maps = ["-map", "0", "-map", "1", "-map", "2", "-map", "3"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"]
    send(Encoder, server.srt_url("news"), *PICTURES, *sum(map(tone, tones.values()), []), *maps, *languages, *H264,
         *AAC)
    # Two programs, each with pictures and sound.
    send(Encoder, server.srt_url("second"), *PICTURES, *tone(440), "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25",
         *tone(880), *maps, "-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3", *H264, *AAC)
    folders = {name: on_air(server, name) for name in ("news", "second")}
    prober = Prober(server.url("/live/news/index.m3u8"), 8)
    assert len(folders["news"]) == 4
    lines = media_lines(server, "news")
    assert [line["LANGUAGE"] for line in lines] == list(tones)
    assert {line["GROUP-ID"] for line in lines} == {"audio"}
    for line, frequency in zip(lines, tones.values()):
        listing = Listing(server, folders["news"][line["URI"].split("/")[1]])
        assert pitch(listing.media(listing.segments[-1])) == pytest.approx(frequency, rel=0.02)
        url = server.url(f"{listing.folder}/index.m3u8")
        assert set(probe(url, "codec_name")) == {"aac"}
    player = play(server.url("/live/news/index.m3u8"))
    assert [line for line in variants(server, "second") if "RESOLUTION=192x108" in line] == variants(server, "second")
    listing = Listing(server, folders["second"]["audio"])
    assert pitch(listing.media(listing.segments[-1])) == pytest.approx(880, rel=0.02)
    assert player.communicate(timeout=60)[1] == "" and player.returncode == 0
    assert structure(prober) == []


H265 = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params"]
X265 = "keyint=25:min-keyint=25:scenecut=0:pools=1:frame-threads=1:log-level=error"
TWO_SOUNDS = [*PICTURES, *tone(440), *tone(880), "-map", "0", "-map", "1", "-map", "2", *H264, "-c:a:0", "aac"]
# What is encoded, the codecs of each variant, and what ffprobe finds.
CODECS = {
    "hevc": ([*PICTURES, *tone(440), *H265, X265 + ":open-gop=0:bframes=2", *AAC], ["hvc1,mp4a.40.2"], ["hevc", "aac"]),
    "open": ([*PICTURES, *tone(440), *H265, X265 + ":open-gop=1:bframes=3", *AAC], ["hvc1,mp4a.40.2"], ["hevc", "aac"]),
    "ac3": ([*TWO_SOUNDS, "-c:a:1", "ac3"], ["avc1,mp4a.40.2", "avc1,ac-3"], ["h264", "aac", "ac3"]),
    "eac3": ([*TWO_SOUNDS, "-c:a:1", "eac3"], ["avc1,mp4a.40.2", "avc1,ec-3"], ["h264", "aac", "eac3"]),
    "opus": ([*PICTURES, *tone(440), *H264, "-c:a", "libopus"], ["avc1,opus"], ["h264", "opus"]),
    "latm": ([*PICTURES, *tone(440), *H264, *AAC, "-mpegts_flags", "latm"], ["avc1,mp4a.40.2"], ["h264", "aac"]),
    "mp2": ([*PICTURES, *tone(440), *H264, "-c:a", "mp2"], ["avc1,mp4a.40.2"], ["h264", "aac"]),
    "interlaced": (["-f", "lavfi", "-i", "testsrc2=size=160x96:rate=25", *tone(440), *H264, "-flags", "+ildct+ilme",
                    *AAC],
                   ["avc1,mp4a.40.2"], ["h264", "aac"]),
}


def test_what_is_encoded_is_published_as_what_it_is(serve, send):
    server = serve([channel(name, latency="ultra") for name in CODECS])
    for name, (arguments, _, _) in CODECS.items():
        send(Encoder, server.srt_url(name), *arguments)
    for name in CODECS:
        on_air(server, name)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 6) for name in CODECS]
    players = [play(server.url(f"/live/{name}/index.m3u8")) for name in CODECS]
    found = {}
    for name, player in zip(CODECS, players):
        assert (player.communicate(timeout=60)[1], player.returncode) == ("", 0), name
        codecs = [re.search(r'CODECS="([^"]*)"', line)[1] for line in variants(server, name)]
        short = [",".join(one if one.startswith("mp4a") else one.split(".")[0] for one in text.split(","))
                 for text in codecs]
        found[name] = (short, sorted(set(probe(server.url(f"/live/{name}/index.m3u8"), "codec_name"))))
    assert found == {name: (codecs, sorted(streams)) for name, (_, codecs, streams) in CODECS.items()}
    for name in "ac3", "eac3":
        groups = [line["GROUP-ID"] for line in media_lines(server, name)]
        assert groups == ["audio", f"audio-{name}"]
    # Pictures of two fields stay so, and those of HEVC are as large as they were.
    listing = Listing(server, server.renditions("interlaced")["video"])
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "frame=interlaced_frame,top_field_first", "-of", "csv=p=0", "-"],
        input=listing.media(listing.segments[-1]), capture_output=True, timeout=60)
    assert {line.split(b",")[0] for line in done.stdout.split()} == {b"1"} and done.stderr == b""
    for name in "hevc", "open":
        assert all("RESOLUTION=160x90" in line and re.search(r"hvc1\.1\.6\.L\d+\.\w+", line)
                   for line in variants(server, name))
    # MPEG audio layer 2 is not published: the channel is silent, and its publisher is warned of.
    warned = server.events("channel.track_not_published")
    assert [(event["channel.id"], event["codec"]) for event in warned] == [("mp2", "mp2")]
    listing = Listing(server, server.renditions("mp2")["audio"])
    assert pitch(listing.media(listing.segments[-1])) == 0
    for prober in probers:
        assert structure(prober) == []


def test_parts_are_as_long_as_they_may_be_whatever_frames_of_sound_are(serve, send):
    """Frames of 32, 34.8, and 60 ms, beside parts of video of 480 and 520 ms, or of 200 ms."""
    sounds = {"ac3": ["-c:a", "ac3"], "eac3": ["-c:a", "eac3", "-ar", "44100"],
              "opus": ["-c:a", "libopus", "-frame_duration", "60"]}
    stories = {f"{name}-{latency}": (sound, latency) for name, sound in sounds.items() for latency in ("low", "ultra")}
    server = serve([channel(name, latency=latency) for name, (_, latency) in stories.items()])
    for name, (sound, _) in stories.items():
        send(Encoder, server.srt_url(name), *PICTURES, *tone(440), *H264, *sound)
    folders = {name: on_air(server, name) for name in stories}
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 10) for name in stories]
    player = play(server.url("/live/ac3-low/index.m3u8"))
    assert (player.communicate(timeout=60)[1], player.returncode) == ("", 0)
    for prober in probers:
        assert structure(prober) == []
    for name, (_, latency) in stories.items():
        target = {"low": 0.535, "ultra": 0.215}[latency]
        # Three frames of 60 ms are the most that a part of the shortest kind can be.
        least = 0.18 if name == "opus-ultra" else 0.85 * target
        listing = Listing(server, folders[name]["audio"])
        segments = re.split("#EXTINF", listing.text)[:-1]
        parts = [[float(one) for one in re.findall("#EXT-X-PART:DURATION=([0-9.]+)", text)] for text in segments]
        assert sum(map(len, parts)) > 6, listing.text
        for lengths in parts:
            assert all(one <= target for one in lengths) and all(one >= least - 1e-6 for one in lengths[:-1]), parts


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Clips of eight seconds. The second or third goes on where the first ends: with other PIDs and another program map,
    or with another version of the map, and two tracks of sound."""
    folder = tmp_path_factory.mktemp("clips")
    maps = ["-map", "0", "-map", "1", "-metadata:s:a:0", "language=eng"]
    more = [*maps, "-map", "2", "-metadata:s:a:1", "language=deu"]
    other = ["-mpegts_start_pid", "0x300", "-mpegts_pmt_start_pid", "0x1200", "-mpegts_flags", "+initial_discontinuity",
             "-tables_version", "9"]
    runs = {"first": ([*PICTURES, *tone(440)], maps), "moved": ([*PICTURES, *tone(880)], [*maps, *other]),
            "more": ([*PICTURES, *tone(440), *tone(880)], [*more, "-tables_version", "5"])}
    for name, (inputs, rest) in runs.items():
        offset = [] if name == "first" else ["-output_ts_offset", "7.978667"]
        subprocess.run(command(*inputs, *rest, *H264, *AAC, *offset, realtime=False, seconds=8)
                       + [str(folder / f"{name}.ts")], check=True)
    return folder


def test_a_program_map_that_changes_is_followed(serve, send, clips):
    server = serve([channel(name, latency="ultra") for name in ("moved", "more")])
    for name in "moved", "more":
        send(Sender, server.srt_url(name), files=[str(clips / "first.ts"), str(clips / f"{name}.ts")])
    folders = {name: on_air(server, name, 1) for name in ("moved", "more")}
    prober = Prober(server.url("/live/moved/index.m3u8"), 8)

    def high():
        listing = Listing(server, folders["moved"]["audio"])
        return listing.segments and pitch(listing.media(listing.segments[-1])) > 700 and listing

    # Other PIDs, and the same tracks: the same presentation goes on.
    listing = wait_for(high, what="the sound of the second clip")
    assert server.renditions("moved") == folders["moved"] and "ENDLIST" not in listing.text
    assert [pitch(listing.media(listing.segments[place])) for place in (0, -1)] == pytest.approx([440, 880], rel=0.02)
    # Another language: players have to be told, in a presentation that tells them.
    wait_for(lambda: len(server.renditions("more")) == 3, what="the second sound")
    after = on_air(server, "more", 1)
    assert [line["LANGUAGE"] for line in media_lines(server, "more")] == ["en", "de"]
    for rendition, frequency in ("audio", 440), ("audio2", 880):
        listing = Listing(server, after[rendition])
        assert pitch(listing.media(listing.segments[0])) == pytest.approx(frequency, rel=0.02)
    assert "#EXT-X-ENDLIST" in Listing(server, folders["more"]["video"]).text
    assert len([event for event in server.events("channel.presentation_started")]) == 3
    assert structure(prober) == []
