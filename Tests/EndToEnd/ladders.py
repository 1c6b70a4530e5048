"""Channels whose pictures are encoded in several sizes: sources of them, and what was published of each size."""

import dataclasses
import hashlib
import json
import re
import subprocess

from flashes import SMOOTH, Encoder, timings
from prober import TIMED

FFMPEG = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
TONE = "sine=frequency=440:sample_rate=48000"
AAC = ["-c:a", "aac", "-ac", "2", "-b:a", "96k"]
# Key frames at distances that no grid has: what is encoded anew has its own.
SELDOM = ["-g", "1000", "-force_key_frames", "expr:gte(t,n_forced*3.7)"]
# What a prober may find late, as much as it likes: many encoders on few cores are, where something else is tested.
WHENEVER = dict.fromkeys(TIMED, 1_000_000)
# The types of NAL units, by codec: those of a picture that needs no other, and those that pictures are made of. (AV1 has no
# such units, and ffprobe alone is believed.)
IDR = {"h264": {5}, "hevc": {19, 20}}
SLICES = {"h264": set(range(1, 6)), "hevc": set(range(32))}


# What goes on the air


def make(path, seconds, *options, size="320x180", rate="25", filters="", sound=TONE, video=("-bf", "0"), audio=AAC):
    """A file with a test picture and a tone, with the muxer that its name stands for. `video` are the encoder's options,
    which is x264 where they name no other; `options` come last."""
    picture = f"testsrc2=size={size}:rate={rate}" + (f",{filters}" if filters else "")
    if "-c:v" not in video:
        video = ["-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0", "-pix_fmt", "yuv420p", *video]
    command = [*FFMPEG, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *video]
    if not {"-g", "-x264-params", "-x265-params"} & set(video):
        command += SELDOM
    subprocess.run([*command, *audio, "-t", str(seconds), *options, *(SMOOTH if path.suffix == ".ts" else []), str(path)],
                   check=True)
    return path


def address(server, name, path):
    """Where a file is published to: over SRT if it is a transport stream, else over RTMP."""
    return server.srt_url(name) if path.suffix == ".ts" else server.rtmp_url(name)


def publish_file(server, name, path):
    """ffmpeg, which publishes a file to a channel as it is."""
    return Encoder(address(server, name, path), path, 0)


def heights(*lines, rate="400k", **more):
    """An output with renditions of so many lines."""
    return {"renditions": [{"height": one, "bitrate": rate} for one in lines], **more}


# What comes of it


@dataclasses.dataclass(frozen=True)
class Picture:
    """When it is shown, in seconds; whether ffprobe takes it for a key frame, and whether it is an IDR picture."""

    time: float
    is_key: bool
    is_idr: bool
    data: bytes
    codec: str

    @property
    def slices(self):
        """A digest of what it is made of, without what stands beside it, or zeros behind it."""
        return hashlib.md5(b"".join(
            unit.rstrip(b"\0") for unit in units(self.data) if kind(unit, self.codec) in SLICES[self.codec])).hexdigest()


def units(data):
    """The NAL units of a sample, which have lengths of four bytes: ISO/IEC 14496-15 §4.3.3."""
    place = 0
    while place + 4 <= len(data):
        size = int.from_bytes(data[place:place + 4], "big")
        yield data[place + 4:place + 4 + size]
        place += 4 + size


def kind(unit, codec):
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def probed(path, *flags):
    """What ffprobe says of the pictures of a file."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-of", "json", *flags, str(path)],
                          capture_output=True, text=True, check=True)
    assert done.stderr == "", (path, done.stderr)
    return json.loads(done.stdout)


def shown(path):
    """What ffprobe says of the pictures of a file as a whole, and of the first `frame`."""
    told = probed(path, "-show_streams", "-show_frames", "-read_intervals", "%+#1")
    return told["streams"][0] | {"frame": told["frames"][0]}


def pictures(path, times=None):
    """The pictures of an MP4 file in the order in which they are decoded, with the times that are given or those that
    ffprobe reads."""
    told = probed(path, "-show_entries", "stream=codec_name:packet=pts_time,size,pos,flags")
    data, codec = path.read_bytes(), told["streams"][0]["codec_name"]
    packets = told["packets"]
    assert times is None or len(times) == len(packets), (path, len(times), len(packets))
    found = []
    for number, packet in enumerate(packets):
        start = int(packet["pos"])
        content = data[start:start + int(packet["size"])]
        is_key = "K" in packet["flags"]
        is_idr = is_key if codec == "av1" else any(kind(unit, codec) in IDR[codec] for unit in units(content) if unit)
        time = times[number] if times else float(packet["pts_time"])
        found.append(Picture(round(time, 5), is_key, is_idr, content, codec))
    return found


def source_pictures(path, scratch):
    """The pictures of any file, as `pictures` has them: as a server writes them that changes none."""
    copy = scratch / f"{path.stem}-{path.suffix[1:]}.mp4"
    if not copy.exists():
        subprocess.run([*FFMPEG, "-i", str(path), "-map", "0:v:0", "-c", "copy", str(copy)], check=True)
    return pictures(copy)


@dataclasses.dataclass
class Segment:
    uri: str
    date: str
    duration: float
    is_gap: bool
    is_discontinuous: bool
    initialization: str
    # Where its first fragment says that it begins.
    start: float = None
    pictures: list = dataclasses.field(default_factory=list)

    @property
    def outline(self):
        """What all renditions have in common."""
        return self.date, self.duration, self.is_gap, self.is_discontinuous, self.start


class Rung:
    """All pictures that a rendition has published, by its DVR playlist."""

    def __init__(self, server, folder, scratch):
        self.server, self.folder = server, folder
        self.text = server.get(f"{folder}/dvr.m3u8").text
        self.segments = list(self._segments())
        # One file for each initialization, and when its pictures are shown.
        self.files, self.shown = [], []
        files = {}
        for segment in self.segments:
            if not segment.is_gap:
                files.setdefault(segment.initialization, []).append(segment)
        for uri, segments in files.items():
            self._read(uri, segments, scratch)

    def _segments(self):
        date = length = initialization = None
        is_gap = is_discontinuous = False
        for line in self.text.splitlines():
            if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
                date = line.split(":", 1)[1]
            elif line.startswith("#EXT-X-MAP:"):
                initialization = re.search('URI="([^"]+)"', line)[1]
            elif line.startswith("#EXTINF:"):
                length = float(line.split(":")[1].split(",")[0])
            elif line == "#EXT-X-GAP":
                is_gap = True
            elif line == "#EXT-X-DISCONTINUITY":
                is_discontinuous = True
            elif line and not line.startswith("#"):
                yield Segment(line, date, length, is_gap, is_discontinuous, initialization)
                date, is_gap, is_discontinuous = None, False, False

    def _get(self, name):
        answer = self.server.get(f"{self.folder}/{name}")
        assert answer.status == 200, (self.folder, name, answer.status)
        return answer.body

    def _read(self, uri, segments, scratch):
        initialization = self._get(uri)
        path = scratch / f"{self.folder.strip('/').replace('/', '-')}-{uri}"
        times, counts, media = [], [], b""
        for segment in segments:
            body = self._get(segment.uri)
            samples = list(timings(initialization, body))
            assert samples, (self.folder, segment)
            segment.start = round(samples[0][1], 5)
            times += [sample[0] for sample in samples]
            counts.append(len(samples))
            media += body
        path.write_bytes(initialization + media)
        self.files.append(path)
        self.shown.append(sorted(times))
        found = iter(pictures(path, times))
        for segment, count in zip(segments, counts):
            segment.pictures = [next(found) for _ in range(count)]

    @property
    def pictures(self):
        """All of them, in the order in which they are decoded."""
        return [picture for segment in self.segments for picture in segment.pictures]

    @property
    def times(self):
        return sorted(picture.time for picture in self.pictures)

    def keys(self):
        """When key frames are shown. ffprobe and the NAL units agree on them."""
        found = self.pictures
        assert [one.time for one in found if one.is_key] == [one.time for one in found if one.is_idr], self.folder
        return [one.time for one in found if one.is_idr]

    def stream(self):
        """What ffprobe says of the newest pictures."""
        return shown(self.files[-1])


def rungs(server, name, scratch):
    """What was published of each size, from the largest down, as long as the shortest of them."""
    folders = server.renditions(name)
    names = sorted((one for one in folders if one.startswith("video")), key=lambda one: int(one[5:] or 1))
    found = [Rung(server, folders[one], scratch) for one in names]
    count = min(len(one.segments) for one in found)
    for one in found:
        del one.segments[count:]
    return found


def variants(server, name):
    """The attributes of each size in the multivariant playlist, by the rendition's name."""
    lines = server.get(f"/live/{name}/index.m3u8").text.splitlines()
    found = {}
    for line, uri in zip(lines, lines[1:]):
        if line.startswith("#EXT-X-STREAM-INF:"):
            attributes = re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)', line.split(":", 1)[1])
            found.setdefault(uri.rsplit("/", 2)[1], {key: value.strip('"') for key, value in attributes})
    return found


def cut_alike(found, least):
    """That all rungs have the same segments, at least so many, each of which begins with a key frame, and key frames at
    the same times. Returns those."""
    first = found[0]
    assert len(first.segments) >= least, first.text
    for one in found[1:]:
        assert [segment.outline for segment in one.segments] == [segment.outline for segment in first.segments], (
            one.folder, one.text, first.text)
        assert one.keys() == first.keys(), (one.folder, one.keys(), first.keys())
    for one in found:
        for segment in one.segments:
            assert segment.is_gap or segment.pictures[0].is_idr, (one.folder, segment.uri, segment.pictures[0].time)
            # It is decoded when it is shown, and so the next one begins with that picture for players, too.
            assert segment.is_gap or segment.pictures[0].time == segment.start, (one.folder, segment.uri)
    return first.keys()


def has_every(one, divisor, above):
    """That a rung has every so manieth picture of one that has all, counted from key frames."""
    wanted, keys, position = [], set(above.keys()), 0
    for time in above.times:
        position = 0 if time in keys else position + 1
        if position % divisor == 0:
            wanted.append(time)
    assert one.times == wanted, (one.folder, divisor, sorted(set(one.times) ^ set(wanted))[:9])


def follows(part, whole):
    """Where `part` begins in `whole`, in which it is all there is in a row."""
    starts = [place for place, one in enumerate(whole) if one == part[0]]
    found = next((place for place in starts if whole[place:place + len(part)] == part), None)
    if found is None:
        lengths = [next((n for n, (a, b) in enumerate(zip(part, whole[place:])) if a != b), None) for place in starts]
        raise AssertionError(f"{len(part)} of {len(whole)} in a row: begin at {starts}, alike for {lengths}")
    return found
