"""Pictures that come late, stop, come seldom or begin in the middle of a group. Beside each source runs the prober, and
what it finds is the test; what viewers are told is looked at besides."""

import subprocess
import time

import pytest

from conftest import channel, wait_for
from flashes import Rewritten
from mpegts import VIDEO, Packet, Rewriter
from prober import Prober

FFMPEG = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-threads", "1"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:a", "aac", "-ac", "2"]
SMOOTH = ["-muxdelay", "0", "-muxpreload", "0", "-pes_payload_size", "0"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
EVEN = [*X264, "-g", "50"]
# Key frames come in time, whatever is left out before them.
UNEVEN = [*X264, "-g", "600", "-force_key_frames", "expr:gte(t,n_forced)", "-fps_mode", "vfr", "-enc_time_base", "1:90000"]
OPEN = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=50:open-gop=1:bframes=3:log-level=none"]


def make(path, *codec, rate=25, select=None, seconds=40, mux=SMOOTH):
    picture = f"testsrc2=size=160x90:rate={rate}" + (f",select='{select}'" if select else "")
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", picture, *SOUND, *codec, "-t", str(seconds), *mux, str(path)], check=True)
    return path


def without_beginning(path):
    """The same from the middle of its first group of pictures on."""
    data = path.read_bytes()
    packets = [Packet(data[place:place + 188]) for place in range(0, len(data), 188)]
    pictures = [place for place, packet in enumerate(packets) if packet.pid == VIDEO and packet.starts]
    other = path.with_name(f"{path.stem}-later.ts")
    # The tables come again within a tenth of a second.
    other.write_bytes(b"".join(bytes(packet.bytes) for packet in packets[pictures[30]:]))
    return other


def muted(since=0.0, until=1e9):
    rewriter = Rewriter()
    rewriter.mute([VIDEO], since, until)
    return rewriter


@pytest.fixture
def even(tmp_path):
    return make(tmp_path / "even.ts", *EVEN)


def test_pictures_that_come_seldom_or_stop_for_a_moment(serve, send, tmp_path):
    stories = {
        "pausing": make(tmp_path / "pausing.ts", *UNEVEN, rate=30, select="gt(mod(t,3),0.7)"),
        # 33, 67 and 233 ms apart: more than a part can last.
        "jerky": make(tmp_path / "jerky.ts", *UNEVEN, rate=30, select="not(mod(n,10))+eq(mod(n,10),1)+eq(mod(n,10),3)"),
        "seven": make(tmp_path / "seven.ts", *EVEN, rate=7),
        "eleven": make(tmp_path / "eleven.ts", *EVEN, rate="113/10"),
    }
    server = serve([channel(f"{name}-{latency}", latency=latency) for name in stories for latency in ["ultra", "standard"]])
    for name, path in stories.items():
        for latency in ["ultra", "standard"]:
            send(Rewritten, server.srt_port, server.keys[f"{name}-{latency}"], path)
    probers = [Prober(server.url(f"/live/{one}/index.m3u8"), 16) for one in server.keys if server.renditions(one)]
    for prober in probers:
        prober.check()
    rates = {name: server.get(f"/live/{name}-ultra/index.m3u8").text.split("FRAME-RATE=")[1][:6] for name in stories}
    assert rates["seven"].startswith("7.000") and rates["eleven"].startswith("11.3"), rates


def test_pictures_that_come_late_or_stop(serve, send, even):
    """The picture joins the presentation that the sound has begun; the sound goes on at its pace without it."""
    stories = {"late": muted(until=6), "stopping": muted(since=6), "interrupted": muted(since=6, until=13)}
    server = serve([channel(name, latency="ultra") for name in stories])
    for name, rewriter in stories.items():
        send(Rewritten, server.srt_port, server.keys[name], even, rewriter)
    probers = {name: Prober(server.url(f"/live/{name}/index.m3u8"), 22) for name in stories if server.renditions(name)}
    alone = server.renditions("late")
    assert set(alone) == {"audio"}
    both = wait_for(lambda: len(server.renditions("late")) == 2 and server.renditions("late"), 20, "the picture joins")
    assert both["audio"] == alone["audio"] and set(both) == {"audio", "video"}
    assert server.get(f"{both['video']}/index.m3u8").text.count("#EXT-X-GAP") >= 1
    rules = {name: prober.check() for name, prober in probers.items()}
    assert rules["stopping"]["cadence.part"]["checked"] > 40


def test_whoever_joins_an_open_group_is_in_step(serve, send, tmp_path):
    hevc = without_beginning(make(tmp_path / "hevc.ts", *OPEN))
    avc = without_beginning(
        make(tmp_path / "avc.ts", "-c:v", "libx264", "-preset", "ultrafast", "-x264-params",
             "keyint=50:open-gop=1:bframes=3:b-adapt=0:scenecut=0"))
    stories = {"hevc": hevc, "avc": avc}
    server = serve([channel(name, latency="ultra") for name in stories])
    for name, path in stories.items():
        send(Rewritten, server.srt_port, server.keys[name], path)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 16) for name in stories if server.renditions(name)]
    for prober in probers:
        prober.check()


def test_a_picture_that_is_renewed_bit_by_bit_is_joined(serve, send, tmp_path):
    """x264 with periodic intra refresh: after the first picture none is whole by itself."""
    path = without_beginning(
        make(tmp_path / "refresh.ts", *X264, "-bf", "0", "-x264-params", "intra-refresh=1:keyint=30"))
    server = serve([channel("refresh", latency="ultra")])
    send(Rewritten, server.srt_port, server.keys["refresh"], path)
    # The parameter sets come a second later, and the sound has begun by then.
    wait_for(lambda: set(server.renditions("refresh")) == {"video", "audio"}, 20, "the picture joins")
    Prober(server.url("/live/refresh/index.m3u8"), 12).check()
    assert "EXT-X-INDEPENDENT-SEGMENTS" not in server.get("/live/refresh/index.m3u8").text
    assert server.events("channel.keyframe_missing") == []


def test_sound_is_heard_where_no_key_frame_comes(serve, send, tmp_path):
    """Its pictures never get on the air, and the log says why."""
    path = without_beginning(
        make(tmp_path / "keyless.ts", *X264, "-g", "5000", "-flags:v", "+global_header", "-bsf:v", "dump_extra=freq=all"))
    server = serve([channel("keyless", latency="ultra")])
    send(Rewritten, server.srt_port, server.keys["keyless"], path)
    assert set(server.renditions("keyless")) == {"audio"}
    Prober(server.url("/live/keyless/index.m3u8"), 10).check()
    missing, = server.events("channel.keyframe_missing")
    assert "keyframe interval" in missing["hint"], missing


def test_no_part_is_too_long_when_an_encoder_stops(serve, tmp_path):
    """ffmpeg as it muxes by itself: sound comes in packets of a quarter of a second."""
    path = make(tmp_path / "usual.ts", *EVEN, mux=[])
    server = serve([channel("usual", latency="ultra")])
    sender = Rewritten(server.srt_port, server.keys["usual"], path)
    try:
        server.renditions("usual")
        prober = Prober(server.url("/live/usual/index.m3u8"), 22)
        for _ in range(3):
            time.sleep(4.3)
            sender.stop()
            sender = Rewritten(server.srt_port, server.keys["usual"], path)
        # Between two encoders nothing comes in time, and what the picture has more than the sound is there first: up to three
        # looks at each of three stops find it so.
        prober.check(late={"cadence.part": 60, "cadence.segment": 8, "part.line-rate": 8, "rendition.together": 9})
    finally:
        sender.stop()
