"""Transport streams over SRT: splices, languages, codecs, programs, program maps that change, timed metadata."""

import re
import subprocess

import pytest

from conftest import channel, wait_for
from mpegts import PACKET, Packet, Rewriter, crc32
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
    # Frames of AC-3, of 32 ms each, would make parts longer than they may be.
    server = serve([channel(name, latency="standard" if name in ("ac3", "eac3") else "ultra") for name in CODECS])
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


class Tagger(Rewriter):
    """Puts ID3 tags into a stream, on a PID that the program map tells of."""

    PID = 0x1F1

    def __init__(self, text, every):
        super().__init__()
        self._tag, self._every, self._next, self._counter = id3(text), every, 4.0, 0
        self._edits.append(self._add)
        self.times = []
        self._newest = None

    def _add(self, packet):
        self._newest = packet.pts if packet.pid == self._pcr_pid and packet.pts is not None else self._newest
        if packet.pid == self._pmt_pid and packet.starts:
            self._tell(packet)
        if packet.seconds < self._next or self._newest is None:
            return [packet]
        self._next = packet.seconds + self._every
        self.times.append(self._newest)
        pts = self._newest
        stamp = bytes([0x21 | pts >> 29 & 0xE, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1, pts >> 7 & 0xFF,
                       pts << 1 & 0xFE | 1])
        body = bytes([0x84, 0x80, 5]) + stamp + self._tag
        pes = b"\0\0\1\xBD" + len(body).to_bytes(2, "big") + body
        room = PACKET - 4 - len(pes)
        assert room >= 2
        field = bytes([room - 1, 0]) + b"\xFF" * (room - 2)
        header = bytes([0x47, 0x40 | self.PID >> 8, self.PID & 0xFF, 0x30 | self._counter])
        self._counter = (self._counter + 1) % 16
        return [Packet(header + field + pes, -1, self.seconds), packet]

    def _tell(self, packet):
        """Metadata carried in PES packets, as "Timed Metadata for HTTP Live Streaming" has it."""
        start = packet.payload + 1 + packet.bytes[packet.payload]
        old = packet.bytes[start:]
        section = old[:3 + ((old[1] & 0xF) << 8 | old[2]) - 4]
        descriptor = bytes([0x26, 13]) + b"\xFF\xFFID3 \xFFID3 \0\x0F"
        section += bytes([0x15, 0xE0 | self.PID >> 8, self.PID & 0xFF, 0xF0, len(descriptor)]) + descriptor
        section[1:3] = (0xB000 | len(section) + 4 - 3).to_bytes(2, "big")
        section += crc32(section).to_bytes(4, "big")
        packet.bytes[start:] = section.ljust(PACKET - start, b"\xFF")


def id3(text):
    """A tag with one frame of text. ID3v2.4.0."""
    body = b"\3" + text.encode() + b"\0"
    frame = b"TXXX" + len(body).to_bytes(4, "big") + b"\0\0" + body
    return b"ID3\4\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 0x7F]) + frame


def test_id3_of_a_transport_stream_is_in_the_segments_at_its_moment(serve, send):
    server = serve([channel("news", latency="ultra")])
    tagger = Tagger("a title", every=1.0)
    send(Sender, server.srt_url("news"), *PICTURES, *tone(440), *H264, *AAC, rewriter=tagger)
    folder = on_air(server, "news")["video"]
    expected = id3("a title")

    def tagged():
        listing = Listing(server, folder)
        found = [(date, moment_of(body)) for segment, date, *_ in listing.segments[2:]
                 for body in [server.get(f"{folder}/{segment}").body] if expected in body]
        return len(found) >= 3 and found

    def moment_of(body):
        """emsg, version 1: ISO/IEC 23009-1 §5.10.3.3."""
        start = body.index(b"emsg") - 4
        assert body[start + 8] == 1 and b"https://aomedia.org/emsg/ID3\0" in body[start:]
        scale, time = body[start + 12:start + 16], body[start + 16:start + 24]
        return int.from_bytes(time, "big") / int.from_bytes(scale, "big")

    found = wait_for(tagged, what="tags in three segments")
    # One each second: the times are those of the source, on the presentation's timeline.
    steps = [(after - before) for (_, before), (_, after) in zip(found, found[1:])]
    assert all(step == pytest.approx(round(step), abs=FRAME * 1.5) and step > 0.9 for step in steps)
    first = (tagger.times[0] - tagger.first_pts) / 90000
    assert min(abs(time - first - number) for _, time in found for number in range(30)) < FRAME * 1.5
