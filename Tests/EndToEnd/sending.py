"""Encoders of transport streams, what is done to their packets on the way, and what players make of the result."""

import array
import datetime
import re
import subprocess
import threading

from conftest import wait_for
from mpegts import MESSAGE, pump

# Small pictures: what is tested is not how fast they are encoded.
PICTURES = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "25", "-sc_threshold", "0", "-pix_fmt",
        "yuv420p"]
AAC = ["-c:a", "aac", "-b:a", "64k"]


def tone(frequency):
    """The input of a sound."""
    return ["-f", "lavfi", "-i", f"sine=frequency={frequency}:sample_rate=48000"]


def command(*arguments, realtime=True, seconds=120):
    """ffmpeg with inputs of its own filters, at real time."""
    arguments = list(arguments)
    if realtime:
        for place in reversed([place for place, one in enumerate(arguments) if one == "lavfi"]):
            arguments.insert(place - 1, "-re")
    return ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", *arguments, "-t", str(seconds), "-f", "mpegts"]


class Encoder:
    """ffmpeg that sends over SRT itself."""

    def __init__(self, url, *arguments, **options):
        self.process = subprocess.Popen(
            command(*arguments, **options) + [url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Sender:
    """Sends the output of ffmpeg, or files one behind the other, through a rewriter to SRT in messages of `size` bytes.
    `change` makes of each message what goes on from it."""

    def __init__(self, url, *arguments, files=None, rewriter=None, size=MESSAGE, change=None):
        self._is_over = threading.Event()
        self._waiting, self._size, self._change = b"", size, change
        self.transmit = subprocess.Popen(
            ["srt-live-transmit", "-q", "-a:no", f"-chunk:{size}", "file://con", url + "&payloadsize=1456"],
            stdin=subprocess.PIPE, bufsize=0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.encoder = None
        if files is None:
            self.encoder = subprocess.Popen(
                command(*arguments) + ["-flush_packets", "1", "pipe:1"], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
        self._thread = threading.Thread(target=self._run, args=(files, rewriter), daemon=True)
        self._thread.start()

    def _run(self, files, rewriter):
        if files is None:
            pump(self.encoder.stdout, self._write, realtime=False, rewriter=rewriter, is_over=self._is_over.is_set)
        for file in files or []:
            # Each by a clock of its own: the program's may be on another PID.
            pump(file, self._write, rewriter=rewriter, is_over=self._is_over.is_set)

    def _write(self, data):
        self._waiting += self._change(data) if self._change else data
        while len(self._waiting) >= self._size:
            try:
                self.transmit.stdin.write(self._waiting[:self._size])
            except BrokenPipeError:
                return self._is_over.set()
            self._waiting = self._waiting[self._size:]

    def stop(self):
        self._is_over.set()
        for process in filter(None, [self.transmit, self.encoder]):
            process.kill()
            process.wait()
        self._thread.join(timeout=20)


class Listing:
    """A media playlist as it was at one moment, with the dates of its segments."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.text = server.get(f"{folder}/index.m3u8").text
        self.segments, self.ranges = [], {}
        date = length = initialization = None
        for line in self.text.splitlines():
            if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
                date = moment(line.split(":", 1)[1])
            elif line.startswith("#EXT-X-MAP:"):
                initialization = line.split('URI="')[1].split('"')[0]
            elif line.startswith("#EXTINF:"):
                length = float(line.split(":")[1].split(",")[0])
            elif line.startswith("#EXT-X-DATERANGE:"):
                attributes = dict(re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)', line.split(":", 1)[1]))
                attributes = {name: value.strip('"') for name, value in attributes.items()}
                self.ranges.setdefault(attributes["ID"], []).append(attributes)
            elif line and not line.startswith("#"):
                self.segments.append((line, date, length, initialization))

    def media(self, segment):
        """A segment behind its initialization."""
        parts = [self.server.get(f"{self.folder}/{uri}") for uri in (segment[3], segment[0])]
        assert [part.status for part in parts] == [200, 200]
        return b"".join(part.body for part in parts)


def moment(text):
    """Seconds of a date."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def segments(server, folder):
    """How many segments with media are listed."""
    text = server.get(f"{folder}/index.m3u8").text
    return text.count("#EXTINF") - text.count("#EXT-X-GAP\n")


def on_air(server, channel, count=2):
    """The folders of a channel's renditions, once each lists so many segments: ffmpeg as a player knows no parts."""
    folders = server.renditions(channel)
    for name, folder in folders.items():
        wait_for(lambda: segments(server, folder) >= count, what=f"{count} segments of {channel}'s {name}")
    return folders


def play(url, *flags, seconds=3):
    """ffmpeg as a player of all that there is, which ends at the first fault."""
    return subprocess.Popen(
        ["ffmpeg", "-nostdin", "-v", "error", "-xerror", *flags, "-i", url, "-t", str(seconds), "-map", "0", "-f",
         "null", "-"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def probe(url, entries, *flags):
    """What ffprobe says about streams, one line each."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", f"stream={entries}", "-of", "csv=p=0", *flags, url],
        capture_output=True, text=True, timeout=60)
    assert done.stderr == "", url
    return [line.strip().strip(",") for line in done.stdout.splitlines() if line.strip()]


def pitch(media):
    """The frequency of a tone, by how often it crosses zero; 0 for silence."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", "pipe:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"],
        input=media, capture_output=True, timeout=60)
    assert done.stderr == b""
    samples = array.array("h", done.stdout)
    rises = sum(before < 0 <= after for before, after in zip(samples, samples[1:]))
    return rises * 48000 / len(samples)


def counter(server, name, **labels):
    """The value of a metric; 0 where it is not told."""
    for line in server.metrics().splitlines():
        if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return 0
