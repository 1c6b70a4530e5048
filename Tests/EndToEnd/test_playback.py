"""ffprobe and ffmpeg read what ffmpeg published: every profile, the usual frame rates, with and without B-frames."""

import subprocess

import pytest

from conftest import channel, wait_for

RATES = ["24", "25", "30000/1001", "30", "50", "60"]


def gop(rate):
    frames, _, seconds = rate.partition("/")
    return round(2 * int(frames) / int(seconds or 1))


@pytest.mark.parametrize("bframes", [0, 2])
@pytest.mark.parametrize("profile", ["standard", "low", "ultra"])
def test_players_read_without_errors_and_in_order(serve, publish, profile, bframes):
    names = [f"c{index}" for index in range(len(RATES))]
    server = serve([channel(name, latency=profile) for name in names])
    for name, rate in zip(names, RATES):
        publish(server, name, fps=rate, gop=gop(rate), bframes=bframes)
    for name in names:
        for folder in server.renditions(name).values():
            # These players do not use parts: they begin where whole segments are.
            wait_for(lambda: server.get(folder + "/index.m3u8").text.count("#EXTINF") >= 2, what="two segments")
    probes, players = [], []
    for name in names:
        url = server.url(f"/live/{name}/index.m3u8")
        probes.append(subprocess.Popen(
            # At "warning" it notes that it reads the initialization again after each reload of a live playlist.
            ["ffprobe", "-v", "error", "-show_entries", "packet=stream_index,pts,dts", "-of", "csv=p=0",
             "-read_intervals", "%+6", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        players.append(subprocess.Popen(
            ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", url, "-t", "6", "-f", "null", "-"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
    for rate, probe, player in zip(RATES, probes, players):
        out, errors = probe.communicate(timeout=60)
        assert errors == "", f"{rate} fps"
        packets = [line.split(",") for line in out.split()]
        assert {packet[0] for packet in packets} == {"0", "1"}, f"{rate} fps has picture and sound"
        for stream in "01":
            pts = [int(packet[1]) for packet in packets if packet[0] == stream]
            dts = [int(packet[2]) for packet in packets if packet[0] == stream]
            assert len(dts) > 100
            assert all(a < b for a, b in zip(dts, dts[1:])), f"{rate} fps: decode times rise"
            assert len(set(pts)) == len(pts), f"{rate} fps: no presentation time comes twice"
            if not bframes:
                assert all(a < b for a, b in zip(pts, pts[1:])), f"{rate} fps: presentation times rise"
        assert player.communicate(timeout=60)[1] == "", f"{rate} fps"
        assert player.returncode == 0
