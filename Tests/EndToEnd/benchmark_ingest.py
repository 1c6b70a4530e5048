"""What it costs to take in many channels: a hundred on one core over SRT and RTMP, SRT beside ffmpeg as the packager, and
transport streams alone beside libavformat."""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

from benchmark_load import on_core, spread
from conftest import ROOT, Server, channel, wait_for
from measuring import cpu_seconds, make_source, progress, resident_megabytes
from ports import free_port

DEMULTIPLEXER = os.environ.get("E2E_DEMULTIPLEXER", str(ROOT / ".build/release/TransportStreamBenchmark"))
FFMPEG = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
# From the last channel's first frame until everything runs as it will.
SETTLING = 12


def lengthened(source, seconds, kind):
    """The source of a minute again and again, without a seam."""
    path = source.with_name(f"{source.stem}-{seconds}.{kind}")
    if not path.exists():
        subprocess.run(
            [*FFMPEG, "-stream_loop", str(seconds // 60 + 1), "-i", str(source), "-t", str(seconds), "-c", "copy", "-f",
             {"ts": "mpegts"}.get(kind, kind), str(path)], check=True)
    return path


class Feeder:
    """One process on the second core that publishes to all channels."""

    def __init__(self, file, urls):
        with on_core(1):
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "Tests/EndToEnd/feeder.py"), str(file), *urls], stdout=subprocess.PIPE,
                text=True)
        assert self.process.stdout.readline() == "ready\n", "the feeder did not get all connections"

    def stop(self):
        self.process.terminate()
        said = self.process.communicate(timeout=30)[0]
        return json.loads(said.strip().rpartition("\n")[2]) if said.strip() else {"failed": "it fell over"}


def told(report):
    if "sent" not in report:
        return str(report)
    return (f"late p99 {report['lateP99']} ms, at most {report['lateMost']} ms; {report['failed']} not sent; "
            f"{report['cpu'] / report['seconds'] * 100:.0f} % of its core")


def total(metrics, name, **labels):
    """The sum of the samples with these labels."""
    found = 0
    for braces, value in re.findall(rf"^{name}(?:{{(.*)}})? ([0-9.e+]+)$", metrics, re.MULTILINE):
        if all(f'{label}="{wanted}"' in braces for label, wanted in labels.items()):
            found += float(value)
    return int(found)


def published(server, playlist):
    """How many seconds of segments there ever were in a playlist, of two seconds each."""
    text = server.get(playlist).text
    return 2 * (int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF"))


def hundred(root, light, protocol, seconds, count):
    """The server on one core with so many channels, as rows of the table."""
    folder = root / f"many-{protocol}"
    folder.mkdir()
    file = lengthened(light, seconds + 90, "ts" if protocol == "srt" else "flv")
    names = [f"c{number}" for number in range(count)]
    with on_core(0):
        server = Server(folder, [channel(one, latency="low") for one in names])
    feeder = None
    try:
        address = server.srt_url if protocol == "srt" else server.rtmp_url
        feeder = Feeder(file, [address(one) for one in names])
        playlists = [server.renditions(one)["video"] + "/index.m3u8" for one in names]
        time.sleep(SETTLING)
        before, start = cpu_seconds(server.process.pid), time.monotonic()
        media = [published(server, one) for one in playlists]
        time.sleep(seconds)
        share = (cpu_seconds(server.process.pid) - before) / (time.monotonic() - start)
        grown = [published(server, one) - earlier for one, earlier in zip(playlists, media)]
        metrics = server.metrics()
        memory = resident_megabytes(server.process.pid)
        report = feeder.stop()
        feeder = None
    finally:
        if feeder:
            feeder.stop()
        server.stop()
        shutil.rmtree(folder)
    losses = {
        "TS continuity errors": total(metrics, "headwater_ts_errors_total", error="Continuity_count_error"),
        "units dropped": total(metrics, "headwater_ts_dropped_units_total")}
    if protocol == "srt":
        losses = {
            kind: total(metrics, "headwater_srt_packets_total", kind=kind)
            for kind in ["received", "lost", "retransmitted", "dropped", "belated"]} | losses
    progress(f"{count} {protocol.upper()} channels: {share * 100:.0f} % of the core, {losses}, the slowest published "
             f"{min(grown)} s; feeder {told(report)}")
    rows = [(f"{count} {protocol.upper()} channels of 2 Mb/s for {seconds} s: of the core; memory",
             f"{share * 100:.0f} %; {memory:.0f} MB"),
            ("  published by the slowest and the fastest channel", f"{min(grown)} s, {max(grown)} s")]
    if protocol == "srt":
        rows.append(("  SRT packets " + ", ".join(losses), ", ".join(map(str, losses.values()))))
    return [*rows, ("  feeder", told(report))]


class Packagers:
    """An ffmpeg for each channel, which listens for SRT and writes HLS with fMP4."""

    def __init__(self, folder, count):
        self.urls, self.processes, self.playlists = [], [], []
        for number in range(count):
            place = folder / str(number)
            place.mkdir(parents=True)
            self.urls.append(f"srt://127.0.0.1:{free_port()}")
            self.playlists.append(place / "index.m3u8")
            self.processes.append(subprocess.Popen(
                [*FFMPEG, "-i", f"{self.urls[-1]}?mode=listener", "-c", "copy", "-bsf:a", "aac_adtstoasc", "-f", "hls",
                 "-hls_time", "2", "-hls_list_size", "6", "-hls_segment_type", "fmp4", "-hls_flags",
                 "delete_segments+independent_segments", str(self.playlists[-1])]))

    def stop(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


def packaged(root, file, seconds, count, ours):
    """CPU seconds per channel-second of the server, or of ffmpeg."""
    folder = root / "packaged"
    folder.mkdir()
    feeder = server = packagers = None
    try:
        if ours:
            server = Server(folder, [channel(f"c{number}", latency="low") for number in range(count)])
            pids, urls = [server.process.pid], [server.srt_url(one) for one in server.keys]
        else:
            packagers = Packagers(folder, count)
            pids, urls = [process.pid for process in packagers.processes], packagers.urls
        feeder = Feeder(file, urls)
        if ours:
            wait_for(lambda: all(server.get(f"/live/{one}/index.m3u8").status == 200 for one in server.keys))
        else:
            wait_for(lambda: all(playlist.exists() for playlist in packagers.playlists))
        time.sleep(SETTLING)
        before, start = sum(map(cpu_seconds, pids)), time.monotonic()
        time.sleep(seconds)
        spent = (sum(map(cpu_seconds, pids)) - before) / (time.monotonic() - start) / count
        dropped = total(server.metrics(), "headwater_srt_packets_total", kind="dropped") if ours else 0
        return spent, dropped
    finally:
        for one in (feeder, packagers, server):
            if one:
                one.stop()
        shutil.rmtree(folder)


def children_seconds(command):
    """CPU seconds of a command, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def demultiplexing(source, pairs):
    """Bytes per CPU second: of ten minutes, less what a minute of it takes, with which starting up is taken out; and once
    more less what it takes to read the file, as dd does."""
    short, long = lengthened(source, 60, "ts"), lengthened(source, 600, "ts")
    size = long.stat().st_size - short.stat().st_size

    def cost(*command):
        (few, _), (many, said) = (
            children_seconds([part.format(file) for part in command]) for file in (short, long))
        return many - few, said

    # The files are in memory from then on.
    cost("dd", "if={}", "of=/dev/null", "bs=32768", "status=none")
    speeds, ratios, ratios_unread = [], [], []
    for number in range(pairs):
        ours, said = cost(DEMULTIPLEXER, "{}")
        theirs, _ = cost(*FFMPEG, "-i", "{}", "-map", "0", "-c", "copy", "-f", "null", "-")
        reading, _ = cost("dd", "if={}", "of=/dev/null", "bs=32768", "status=none")
        speeds.append(size / ours)
        ratios.append(theirs / ours)
        ratios_unread.append((theirs - reading) / (ours - reading))
        progress(f"transport streams, pair {number + 1}: {ours:.3f} CPU-s, libavformat {theirs:.3f}, reading alone "
                 f"{reading:.3f}, for {size / 1e6:.0f} MB; {said}")
    return [("MPEG-TS to samples, 1080p30 5 Mb/s, from a file", spread(speeds, 1e-6, 0, "MB per CPU-second")),
            ("  × libavformat's demultiplexer and parsers, median of pairs (range)", spread(ratios, 1, 2, "")),
            ("  the same less what it takes to read the file", spread(ratios_unread, 1, 2, ""))]


def ingest(root, source, seconds, pairs):
    """The rows of the table. `source` has 5 Mb/s."""
    rows = demultiplexing(source, pairs)
    light = make_source(root, "2M", "1280x720")
    for protocol in ["srt", "rtmp"]:
        rows += hundred(root, light, protocol, seconds, 100)
    file = lengthened(source, seconds + 90, "ts")
    costs, ratios, lost = [], [], 0
    for number in range(pairs):
        ours, dropped = packaged(root, file, seconds, 10, ours=True)
        reference, _ = packaged(root, file, seconds, 10, ours=False)
        progress(f"SRT, pair {number + 1}: {ours:.5f}, ffmpeg {reference:.5f} CPU-s/channel-s; {dropped} dropped")
        costs.append(ours)
        ratios.append(ours / reference)
        lost += dropped
    return [*rows, ("SRT passthrough 1080p30 5 Mb/s, 10 channels, CPU-s per channel-second; dropped",
                    f"{spread(costs, 1, 5, '')}; {lost}"),
            ("  ÷ ffmpeg packaging the same, median of pairs (range)", spread(ratios, 1, 2, ""))]
