"""Pictures that flash when the sound beeps: sources of them, and how far the two are apart in what a server published.

A second's flash lasts 0.1 s and begins 0, 0.2, 0.4 or 0.6 s into it, in an order that does not repeat: sound that is a
second or more out of step is no better in step with another flash.
"""

import re
import subprocess
import threading
import time

from mpegts import pump
from rtmp import RTMPSender
from srt import SRTSender

_FLASH = "between(mod({t}\\,1)-0.2*floor(4*mod(floor({t})*0.618\\,1))\\,0\\,0.0999)"
PICTURE = ("testsrc2=size=160x90:rate={fps},lutyuv=y=16+(val-16)/4:u=128:v=128,drawbox=t=fill:color=white:enable="
           + _FLASH.format(t="(t+0.001)"))
# Something is heard all the time, so that no encoder sends next to nothing.
SOUND = "aevalsrc=sample_rate={rate}:exprs=0.02*sin(1300*t)+0.6*sin(6000*t)*" + _FLASH.format(t="t")
# The frames of a source that has now many, now few: of 60 a second 60, 30, 20 or 15, and some without order. One that
# a flash begins with is always among them.
UNEVEN = ("select=not(mod(n\\,12))+eq(mod(floor(n/97)\\,5)\\,0)+eq(mod(floor(n/97)\\,5)\\,1)*not(mod(n\\,2))"
          "+eq(mod(floor(n/97)\\,5)\\,2)*not(mod(n\\,3))+eq(mod(floor(n/97)\\,5)\\,3)*not(mod(n\\,4))"
          "+eq(mod(floor(n/97)\\,5)\\,4)*gt(random(1)\\,0.5)")
# Each frame goes on the air when it is encoded: packets of 0.25 s of sound would make parts come as late.
SMOOTH = ["-muxdelay", "0", "-muxpreload", "0", "-pes_payload_size", "0", "-flush_packets", "1"]


def make(path, seconds, fps="30", bframes=2, rate=48000, uneven=False, video=True, audio=True):
    """A file of so many seconds, with the muxer that its name stands for."""
    picture = PICTURE.format(fps="60" if uneven else fps) + ("," + UNEVEN if uneven else "")
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    inputs = [picture] * video + [SOUND.format(rate=rate)] * audio
    for source in inputs:
        command += ["-f", "lavfi", "-i", source]
    if video:
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", str(bframes), "-g", "600", "-sc_threshold", "0",
                    "-force_key_frames", "expr:gte(t,n_forced)", "-pix_fmt", "yuv420p", "-threads", "1"]
        command += ["-fps_mode", "vfr", "-enc_time_base", "1:90000"] if uneven else []
    command += ["-c:a", "aac", "-ac", "2", "-b:a", "96k"] if audio else []
    subprocess.run([*command, "-t", str(seconds), *(SMOOTH if path.suffix == ".ts" else []), str(path)], check=True)
    return path


# What goes on the air


class Encoder:
    """ffmpeg, which publishes a file at real time, with times from `start` on."""

    def __init__(self, url, path, start):
        form = [*SMOOTH, "-f", "mpegts"] if url.startswith("srt:") else ["-f", "flv"]
        self.process = subprocess.Popen(
            ["ffmpeg", "-loglevel", "error", "-nostdin", "-re", "-i", str(path), "-c", "copy", "-output_ts_offset",
             f"{start:.3f}", *form, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_on_air(self):
        return self.process.poll() is None

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class _Running:
    """A sender that runs in a thread of its own."""

    def __init__(self):
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def is_on_air(self):
        return self.thread.is_alive()


class Rewritten(_Running):
    """A file of a transport stream at real time, changed by a rewriter, over SRT. It ends by itself, or is stopped."""

    def __init__(self, port, key, path, rewriter=None, speed=1.0):
        self.path, self.rewriter, self.speed = path, rewriter, speed
        self.sender = SRTSender(port, key)
        super().__init__()

    def run(self):
        try:
            pump(self.path, self.sender.send, rewriter=self.rewriter, is_over=self.is_over.is_set, speed=self.speed)
        except OSError:
            pass

    def stop(self):
        self.is_over.set()
        self.thread.join()
        self.sender.close()


class Tagged(_Running):
    """The tags of an FLV file at real time over RTMP, with the times that `stamp` makes of theirs: a function of a tag's
    kind and time, which may say None to leave it out."""

    def __init__(self, port, key, tags, stamp=lambda kind, time: time, speed=1.0):
        self.tags, self.stamp, self.speed = tags, stamp, speed
        self.sender = RTMPSender(port, key)
        super().__init__()

    def run(self):
        start = time.monotonic()
        try:
            for kind, moment, payload in self.tags:
                self.is_over.wait(max(0, start + moment / 1000 / self.speed - time.monotonic()))
                if self.is_over.is_set():
                    return
                stamp = self.stamp(kind, moment)
                if stamp is not None:
                    self.sender.send(kind, stamp % (1 << 32), payload)
        except OSError:
            pass

    def stop(self):
        self.is_over.set()
        self.thread.join()
        self.sender.close()


# What comes of it


def _decoded(path, *command):
    """What ffmpeg says of a file, which must be one without faults: standard output, and the notes of filters."""
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-xerror", "-copyts", "-i", str(path), *command],
        capture_output=True, check=True)
    return done.stdout, done.stderr.decode()


def beeps(path):
    """When beeps begin in a file, in seconds."""
    notes = _decoded(path, "-af", "silencedetect=noise=0.2:d=0.15", "-f", "null", "-")[1]
    # The last is the end of the file.
    return [float(end) for end in re.findall(r"silence_end: (-?[\d.]+)", notes)][:-1]


def flashes(path, times=None):
    """When flashes begin in a file, in seconds: by the times of its frames in the order of showing, or those that ffmpeg
    thinks they have. It is wrong about frames that are shown before they are decoded, as CMAF allows."""
    pictures, notes = _decoded(path, "-vf", "scale=4:4:flags=area,showinfo", "-fps_mode", "passthrough", "-pix_fmt",
                               "gray", "-f", "rawvideo", "-")
    bright = [sum(pictures[start:start + 16]) > 16 * 128 for start in range(0, len(pictures), 16)]
    times = times or [float(time) for time in re.findall(r"pts_time:(-?[\d.]+)", notes)]
    assert len(times) == len(bright), f"{path}: {len(times)} frames are there, {len(bright)} were decoded"
    return [time for time, before, now in zip(times[1:], bright, bright[1:]) if now and not before]


def steps(path):
    """From each presentation time of the pictures of a file to the next."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0",
         str(path)], capture_output=True, text=True, check=True)
    times = sorted(float(line.rstrip(",")) for line in done.stdout.split())
    return [now - before for before, now in zip(times, times[1:])]


def distances(flashes, beeps):
    """How much later than its flash each beep begins; nothing for a flash that none belongs to."""
    nearest = [min((beep - flash for beep in beeps), key=abs, default=9) for flash in flashes]
    return [distance if abs(distance) < 0.1 else None for distance in nearest]


def _boxes(data, *path):
    """The contents of the boxes on a path, one behind the other."""
    position = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position:position + 4], "big")
        if data[position + 4:position + 8] == path[0]:
            content = data[position + 8:position + size]
            yield from _boxes(content, *path[1:]) if path[1:] else [content]
        position += size


def timings(initialization, media):
    """Presentation time, decode time and length of each sample, in seconds, by what its fragment says: ISO/IEC 14496-12
    §8.8.7, §8.8.8, §8.8.12."""
    header = next(_boxes(initialization, b"moov", b"trak", b"mdia", b"mdhd"))
    scale = int.from_bytes(header[20:24] if header[0] else header[12:16], "big")
    for fragment in _boxes(media, b"moof", b"traf"):
        base, = _boxes(fragment, b"tfdt")
        time = int.from_bytes(base[4:], "big")
        head, = _boxes(fragment, b"tfhd")
        optional = [bit for bit in (1, 2, 8, 16, 32) if int.from_bytes(head[1:4], "big") & bit]
        place = 8 + sum(8 if bit == 1 else 4 for bit in optional if bit < 8)
        usual = int.from_bytes(head[place:place + 4], "big") if 8 in optional else 0
        for run in _boxes(fragment, b"trun"):
            flags, count = int.from_bytes(run[1:4], "big"), int.from_bytes(run[4:8], "big")
            place = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
            for _ in range(count):
                fields = {}
                for bit in (0x100, 0x200, 0x400, 0x800):
                    if flags & bit:
                        fields[bit] = int.from_bytes(run[place:place + 4], "big", signed=bit == 0x800 and run[0] == 1)
                        place += 4
                length = fields.get(0x100, usual)
                yield (time + fields.get(0x800, 0)) / scale, time / scale, length / scale
                time += length


class Rendition:
    """All that a rendition has published, from its DVR playlist: one file for each initialization in a row."""

    def __init__(self, server, folder, scratch):
        self.is_video = folder.endswith("/video")
        self.text = server.get(folder + "/dvr.m3u8").text
        self.discontinuities = self.text.count("#EXT-X-DISCONTINUITY\n")
        self.gaps = self.text.count("#EXT-X-GAP\n")
        self.durations = [float(value) for value in re.findall(r"#EXTINF:([\d.]+)", self.text)]
        self.dates = re.findall(r"PROGRAM-DATE-TIME:(\S+)", self.text)
        pieces, is_gap = [], False
        for line in self.text.splitlines():
            if line.startswith("#EXT-X-MAP"):
                uri = re.search('URI="([^"]+)"', line)[1]
                if not pieces or pieces[-1][0] != uri:
                    pieces.append((uri, []))
            is_gap = is_gap or line == "#EXT-X-GAP"
            if re.match(r"s\d+\.m4s", line):
                if not is_gap:
                    pieces[-1][1].append(self._get(server, f"{folder}/{line}"))
                is_gap = False
        self.files = []
        for uri, media in pieces:
            if media:
                path = scratch / f"{folder.strip('/').replace('/', '-')}-{len(self.files)}.mp4"
                initialization, media = self._get(server, f"{folder}/{uri}"), b"".join(media)
                path.write_bytes(initialization + media)
                self.files.append((path, list(timings(initialization, media))))

    @staticmethod
    def _get(server, path):
        answer = server.get(path)
        assert answer.status == 200, path
        return answer.body

    def onsets(self):
        """When its flashes begin, or its beeps."""
        return [time for path, samples in self.files for time in
                (flashes(path, sorted(sample[0] for sample in samples)) if self.is_video else beeps(path))]

    def complaints(self):
        """What a decoder has to say of it."""
        command = ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-loglevel", "warning", "-i"]
        done = [subprocess.run([*command, str(path), "-f", "null", "-"], capture_output=True, text=True, check=True)
                for path, _ in self.files]
        return "".join(one.stderr for one in done)

    @property
    def samples(self):
        """Presentation time, decode time and length of all samples, in seconds."""
        return [sample for _, samples in self.files for sample in samples]

    def holes(self):
        """Where a sample does not begin when the one before it ends, and how far off it is."""
        pairs = [(before[1], now[1] - before[1] - before[2]) for before, now in zip(self.samples, self.samples[1:])]
        return [(round(at, 3), round(step, 5)) for at, step in pairs if abs(step) > 0.00005]

    def steps(self):
        """From each presentation time to the next."""
        times = sorted(sample[0] for sample in self.samples)
        return [now - before for before, now in zip(times, times[1:])]

    def largest_step(self):
        return max(self.steps())
