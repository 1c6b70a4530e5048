"""What it costs to encode a channel in three sizes, beside ffmpeg that does the same, and how much later viewers get it.

The ladder is 1080p30 to 1080, 720 and 480 lines by x264's `veryfast` with `zerolatency`, a key frame every two seconds, sound
as it comes. ffmpeg runs as fast as it can, and once more at real time, as the server does."""

import http.client
import re
import shutil
import statistics
import subprocess
import threading
import time

from benchmark_ingest import children_seconds
from benchmark_load import spread
from conftest import Server, channel, wait_for
from flashes import Tagged
from flv import is_configuration, tags
from ladders import FFMPEG, Rung
from measuring import Publishers, cpu_seconds, progress, resident_megabytes

# Height, width and bits a second of each size.
SIZES = [(1080, 1920, "5M"), (720, 1280, "2500k"), (480, 854, "1M")]
GROUP, RATE = 60, 30
LADDER = {
    "gop": "2s", "renditions": [{"height": height, "bitrate": rate, "maxrate": rate, "buffer": "1s", "preset": "veryfast",
                                 "profile": "high"} for height, _, rate in SIZES]}
# From the first frame until encoders have all their memory, and how much of the film is compared with its source.
SETTLING, COMPARED = 8, 20
# Options that may differ: what threads share of a picture follows from how many there are.
THREADS = {"threads", "lookahead_threads", "sliced_threads", "slices"}


def command(source, seconds, output, at_real_time=False):
    """ffmpeg for the same ladder: decoded once, each size scaled from the source, key frames where they are asked for."""
    graph = "[0:v]split=3[a][b0][c0];[b0]scale=1280:720:flags=bicubic[b];[c0]scale=854:480:flags=bicubic[c]"
    rates = [part for number, (_, _, rate) in enumerate(SIZES) for name in ("b", "maxrate", "bufsize")
             for part in (f"-{name}:v:{number}", rate)]
    return [*FFMPEG, *(["-re"] if at_real_time else []), "-t", str(seconds), "-i", str(source), "-filter_complex", graph,
            "-map", "[a]", "-map", "[b]", "-map", "[c]", "-map", "0:a", "-c:v", "libx264", "-preset", "veryfast", "-tune",
            "zerolatency", "-profile:v", "high", "-x264-params", "keyint=infinite:min-keyint=1", "-force_key_frames",
            f"expr:gte(n,n_forced*{GROUP})", "-sc_threshold", "0", "-flags", "+cgop", *rates, "-c:a", "copy", "-f", "mpegts",
            str(output)]


def encoded(root, source, seconds, keep=None):
    """CPU seconds of the server per second of media, and its memory at the end in megabytes. `keep` gets what was published,
    by the height."""
    folder = root / "ladder"
    folder.mkdir()
    server = Server(folder, [channel("news", latency="ultra", output=LADDER)])
    publisher = Publishers(source, [server.rtmp_url("news")])
    try:
        server.renditions("news")
        time.sleep(SETTLING)
        before, start = cpu_seconds(server.process.pid), time.monotonic()
        time.sleep(seconds)
        cost = (cpu_seconds(server.process.pid) - before) / (time.monotonic() - start)
        resident = resident_megabytes(server.process.pid)
        if keep is not None:
            for number, (height, _, _) in enumerate(SIZES):
                name = "video" if not number else f"video{number + 1}"
                one = Rung(server, server.renditions("news")[name], folder)
                stream = one.stream()
                assert stream["height"] == height and len(one.files) == 1, (name, stream)
                keep[height] = shutil.copy(one.files[0], root / f"ours-{height}.mp4")
        return cost, resident
    finally:
        publisher.stop()
        server.stop()
        shutil.rmtree(folder)


def options(path, stream, scratch):
    """What x264 says that it was told."""
    # In a transport stream it may be spread over packets.
    copy = scratch / "first.mp4"
    subprocess.run([*FFMPEG, "-i", str(path), "-map", f"0:v:{stream}", "-c", "copy", "-frames:v", "5", str(copy)], check=True)
    text = re.search(rb"x264 - core [^\0]*? - options: ([^\0\x80]*)", copy.read_bytes())
    assert text, f"{path} does not say how it was encoded"
    return dict(one.partition("=")[::2] for one in text[1].decode().split())


def differences(ours, theirs):
    """Those of one size, but for threads."""
    return [f"{name}={ours.get(name)} ({theirs.get(name)})" for name in sorted({*ours, *theirs} - THREADS)
            if ours.get(name) != theirs.get(name)]


def likeness(path, stream, source, width, height, seconds):
    """SSIM of a size to the source in that size, scaled by lanczos, at the beginning."""
    graph = (f"[1:v]trim=end_frame={seconds * RATE},scale={width}:{height}:flags=lanczos+accurate_rnd+full_chroma_inp,"
             f"setsar=1,settb=1/{RATE},setpts=N[source];[0:v:{stream}]trim=end_frame={seconds * RATE},setsar=1,"
             f"settb=1/{RATE},setpts=N[made];[made][source]ssim")
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-i", str(path), "-i", str(source), "-filter_complex", graph,
         "-f", "null", "-"], capture_output=True, text=True, check=True)
    return float(re.search(r"SSIM .*All:([\d.]+)", done.stderr)[1])


def ladder(root, source, seconds, pairs):
    """The rows of the table. `source` has 1080 lines, 30 frames a second, and 5 Mb/s."""
    costs, memory, ratios, ratios_live, theirs, ours = [], [], [], [], root / "theirs.ts", {}
    for number in range(pairs):
        cost, resident = encoded(root, source, seconds, ours if number == 0 else None)
        quick = children_seconds(command(source, seconds, theirs))[0] / seconds
        live = children_seconds(command(source, seconds, root / "live.ts", at_real_time=True))[0] / seconds
        progress(f"ladder, pair {number + 1}: {cost:.3f}, ffmpeg {quick:.3f}, at real time {live:.3f} CPU-s/media-s; "
                 f"{resident:.0f} MB")
        costs.append(cost)
        memory.append(resident)
        ratios.append(cost / quick)
        ratios_live.append(cost / live)
    rows = [("1080p30 over RTMP → 1080p + 720p + 480p, CPU-s per media-second", spread(costs, 1, 3, "")),
            ("  ÷ ffmpeg's command line, median of pairs (range)", spread(ratios, 1, 3, "")),
            ("  ÷ the same at real time, median of pairs (range)", spread(ratios_live, 1, 3, "")),
            (f"  resident memory after {seconds + SETTLING} s", spread(memory, 1, 0, "MB"))]
    for number, (height, width, _) in enumerate(SIZES):
        different = differences(options(ours[height], 0, root), options(theirs, number, root))
        likenesses = [likeness(path, stream, source, width, height, min(seconds, COMPARED))
                      for path, stream in ((ours[height], 0), (theirs, number))]
        rows.append((f"  {height} lines: SSIM, ffmpeg's, the difference; other options of x264 (ffmpeg's)",
                     f"{likenesses[0]:.4f}, {likenesses[1]:.4f}, {likenesses[0] - likenesses[1]:+.4f}; "
                     f"{', '.join(different) or 'none'}"))
    return rows


# How much later viewers get it


class Edge:
    """A client that asks for each part of a rendition as soon as it may. `ends` has when the end of each part, in seconds
    from the first picture, was first told of."""

    def __init__(self, server, folder):
        self.path, self.ends, self.starts = f"{folder}/index.m3u8", {}, {}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
        self.stopping = threading.Event()
        self.known = 0.0
        self.take(self.ask(""), None)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def ask(self, query):
        self.connection.request("GET", self.path + query)
        answer = self.connection.getresponse()
        body = answer.read()
        moment = time.monotonic()
        assert answer.status == 200, (self.path, answer.status)
        return moment, body.decode()

    def take(self, answer, since):
        moment, text = answer
        self.number = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1])
        at = self.starts.setdefault(self.number, 0.0 if self.number == 0 else None)
        assert at is not None, "the client came too late to know where media begin"
        end, self.part = at, 0
        for line in text.splitlines():
            if line.startswith("#EXT-X-PART:"):
                end, self.part = end + float(re.search(r"DURATION=([\d.]+)", line)[1]), self.part + 1
                self.tell(end, moment, since)
            elif line.startswith("#EXTINF:"):
                at += float(line.split(":")[1].split(",")[0])
                end, self.part, self.number = at, 0, self.number + 1
                self.starts[self.number] = at

    def tell(self, end, moment, since):
        if end > self.known + 0.001:
            self.known = end
            # What was there before is not new.
            if since is not None:
                self.ends[round(end, 3)] = moment

    def follow(self):
        while not self.stopping.is_set():
            self.take(self.ask(f"?_HLS_msn={self.number}&_HLS_part={self.part}"), True)

    def stop(self):
        self.stopping.set()
        self.thread.join(timeout=30)
        self.connection.close()


class Timed(Tagged):
    """A file over RTMP, of which it is known when each picture went out."""

    def __init__(self, port, key, content):
        self.sent = []
        super().__init__(port, key, content, self.note)

    def note(self, kind, moment):
        if kind == 9:
            self.sent.append((moment / 1000, time.monotonic()))
        return moment


def quantiles(metrics, name, *wanted):
    """How many are in a histogram, and the bounds, in milliseconds, below which such shares of them lie."""
    buckets = {}
    for bound, count in re.findall(rf'^{name}_bucket{{[^}}]*le="([^"]+)"}} (\d+)', metrics, re.MULTILINE):
        buckets[float(bound)] = buckets.get(float(bound), 0) + int(count)
    total = buckets.get(float("inf"), 0)
    return total, [min((bound for bound, count in buckets.items() if count >= share * total), default=0) * 1000
                   for share in wanted]


def small_source(root, seconds):
    """720p30 without reordering, as an encoder sends it that is in a hurry; key frames every second."""
    path = root / "720.flv"
    progress(f"making the source: {seconds} s of 1280x720")
    subprocess.run(
        [*FFMPEG, "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={RATE},noise=alls=12:allf=t,format=yuv420p", "-f",
         "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", str(seconds), "-c:v", "libx264", "-preset", "veryfast",
         "-tune", "zerolatency", "-b:v", "3M", "-maxrate", "3M", "-bufsize", "3M", "-g", str(RATE), "-c:a", "aac", "-b:a",
         "128k", "-ac", "2", "-f", "flv", str(path)], check=True)
    return path


def delays(root, path, output, seconds):
    """For each part, from when its last picture was sent until all renditions of pictures have told of it; and metrics."""
    folder = root / "delay"
    folder.mkdir()
    more = {} if output is None else {"output": output}
    server = Server(folder, [channel("news", latency="ultra", **more)])
    sender = edges = None
    content = list(tags(path.read_bytes()))
    first = next(moment for kind, moment, payload in content if kind == 9 and not is_configuration(kind, payload)) / 1000
    try:
        sender = Timed(server.rtmp_port, server.keys["news"], content)
        folders = server.renditions("news")
        names = [name for name in folders if name.startswith("video")]
        wait_for(lambda: all("#EXT-X-PART:" in server.get(f"{folders[name]}/index.m3u8").text for name in names),
                 what="the first parts")
        edges = [Edge(server, folders[name]) for name in names]
        time.sleep(seconds)
        metrics = server.metrics()
        for edge in edges:
            edge.stop()
        found = []
        for end, moment in edges[0].ends.items():
            moments = [moment] + [edge.ends.get(end) for edge in edges[1:]]
            if None not in moments:
                sent = max(at for shown, at in sender.sent if shown - first < end - 0.5 / RATE)
                found.append(max(moments) - sent)
        assert len(found) > 0.9 * len(edges[0].ends) > 2 * seconds, (len(found), [len(edge.ends) for edge in edges])
        return len(names), found, metrics
    finally:
        for one in [*(edges or []), sender]:
            if one:
                one.stop()
        server.stop()
        shutil.rmtree(folder)


def ladder_delay(root, seconds):
    """The rows of the table."""
    path = small_source(root, seconds + 15)
    rows = []
    for name, output in [("720p30 → 720p + 480p + 360p", "hd"), ("passed through", None)]:
        count, found, metrics = delays(root, path, output, seconds)
        found.sort()
        half, most = statistics.median(found) * 1000, found[len(found) * 99 // 100] * 1000
        progress(f"{name}: {half:.1f} / {most:.1f} ms")
        rows.append((f"`ultra`, {name}: last frame of a part sent → told of by all {count}, {len(found)} parts, p50 / p99",
                     f"{half:.1f} / {most:.1f} ms"))
        if output:
            for what, metric in [("a picture in → out of all encoders", "delay"),
                                 ("a picture out of the first encoder → out of the last", "spread")]:
                total, (p50, p99) = quantiles(metrics, f"headwater_transcoder_{metric}_seconds", 0.5, 0.99)
                rows.append((f"  {what}, {total} of them, p50 / p99 at most", f"{p50:g} / {p99:g} ms"))
    return rows
