"""What stays when pictures are encoded anew: captions, breaks, colour, and how players turn the picture."""

import pytest

from captions import captioned, pairs, read
from conftest import channel, wait_for
from flashes import Rewritten, Tagged
from flv import tags
from ladders import cut_alike, heights, make, probed, publish_file, rungs, shown, source_pictures, variants
from mpegts import Rewriter
from prober import Prober
from scte35 import splice_insert
from sending import Listing, moment


def test_captions_are_in_each_picture_where_they_were(serve, send, tmp_path):
    """In all sizes, with pictures that are decoded in another order than they are shown, in the source and in what is made
    of it; and where the source is on top."""
    path = make(tmp_path / "clip.flv", 45, video=["-bf", "2", "-g", "50"])
    content = list(captioned(tags(path.read_bytes())))
    times = sorted(one.time for one in source_pictures(path, tmp_path))
    stories = {"low": heights(180, 90), "standard": heights(180, 90), "mixed": heights(90, mixed=True)}
    server = serve([channel(name, latency="standard" if name == "standard" else "low", output=output)
                    for name, output in stories.items()])
    for name in stories:
        send(Tagged, server.rtmp_port, server.keys[name], content)
    for name in stories:
        folder = server.renditions(name)["video2"]
        wait_for(lambda: server.get(f"{folder}/index.m3u8").text.count("#EXTINF") >= 4, what="four segments")
    for name in stories:
        found = rungs(server, name, tmp_path)
        assert len(found) == 2
        for one in found:
            told = [read(picture) for picture in sorted(one.pictures, key=lambda one: one.time)]
            # From the first picture on, each its own.
            assert told == [pairs(number) for number in range(len(told))], (name, one.folder, told[:5])
            assert [time - one.times[0] for time in one.times] == pytest.approx(
                [time - times[0] for time in times[:len(told)]], abs=0.002)
            # So it is for others who read them.
            frames = probed(one.files[0], "-show_entries", "frame_side_data=side_data_type")["frames"]
            captions = [frame for frame in frames if any(
                "A53" in data["side_data_type"] for data in frame.get("side_data_list", []))]
            assert len(captions) == len(frames) >= len(told), (name, one.folder, len(captions), len(frames))


def test_all_sizes_have_a_key_frame_where_a_break_begins_and_ends(serve, send, tmp_path):
    """At no multiple of anything, whatever pictures a size has, and none shortly before it."""
    path = make(tmp_path / "clip.ts", 45, video=["-bf", "2", "-g", "1000"])
    output = heights(180, 120, 90)
    output["renditions"][2]["frameRateDivisor"] = 2
    server = serve([channel(name, latency=name, output=output) for name in ("low", "ultra")])
    begin, end, frame = 7.32, 11.48, 1 / 25
    rewriters = {}
    for name in server.keys:
        rewriters[name] = rewriter = Rewriter()
        rewriter.splice(3, lambda first: splice_insert(7, True, first + round(begin * 90000), round((end - begin) * 90000)))
        rewriter.splice(9, lambda first: splice_insert(7, False, first + round(end * 90000)))
        send(Rewritten, server.srt_port, server.keys[name], path, rewriter)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 18) for name in server.keys if server.renditions(name)]
    for prober in probers:
        prober.check()
    for name in server.keys:
        found = rungs(server, name, tmp_path)
        keys = cut_alike(found, least=5)
        part = {"low": 0.5, "ultra": 0.2}[name]
        for splice in (begin, end):
            # The server has all of the source from its first picture on.
            place = min(range(len(keys)), key=lambda number: abs(keys[number] - keys[0] - splice))
            assert -0.0005 < keys[place] - keys[0] - splice < frame - 0.0005, (name, splice, keys)
            assert keys[place] - keys[place - 1] >= part - 0.001, (name, splice, keys)
            for one in found:
                assert keys[place] in [segment.start for segment in one.segments], (name, one.folder, splice)
        listings = [Listing(server, one.folder) for one in found]
        assert all(listing.ranges == listings[0].ranges for listing in listings)
        break_, = listings[0].ranges.values()
        told = {key: value for tag in break_ for key, value in tag.items()}
        assert "SCTE35-OUT" in told and "SCTE35-IN" in told
        dates = [moment(segment.date) for segment in found[0].segments]
        assert min(abs(date - moment(told["START-DATE"])) for date in dates) < frame / 2, (told, dates)


# How a source is coded, what its renditions are coded as, and what ffprobe says of each.
HDR = ("colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:hdr10=1:max-cll=1000,400:"
       "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):keyint=50:log-level=error")
HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params"]


def flags(primaries, transfer, matrix, colour_range="tv"):
    return ["-color_primaries", primaries, "-color_trc", transfer, "-colorspace", matrix, "-color_range", colour_range]


COLOURS = {
    "hd": ("flv", flags("bt709", "bt709", "bt709"), {}, ("bt709", "bt709", "bt709", "tv", "yuv420p", "High"), "SDR"),
    "pal": ("ts", flags("bt470bg", "smpte170m", "bt470bg"), {},
            ("bt470bg", "smpte170m", "bt470bg", "tv", "yuv420p", "High"), "SDR"),
    "full": ("ts", flags("bt709", "iec61966-2-1", "smpte170m", "pc"), {"profile": "main"},
             ("bt709", "iec61966-2-1", "smpte170m", "pc", "yuvj420p", "Main"), "SDR"),
    "hdr": ("ts", [*HEVC, HDR], {"codec": "hevc"},
            ("bt2020", "smpte2084", "bt2020nc", "tv", "yuv420p10le", "Main 10"), "PQ"),
    "hlg": ("ts", [*HEVC, HDR.replace("smpte2084", "arib-std-b67").replace("hdr10=1", "hdr10=0")], {"codec": "hevc"},
            ("bt2020", "arib-std-b67", "bt2020nc", "tv", "yuv420p10le", "Main 10"), "HLG"),
}


def test_colours_are_described_as_in_the_source(serve, send, tmp_path):
    server_channels = []
    for name, (_, _, more, _, _) in COLOURS.items():
        output = heights(180, 90)
        for rendition in output["renditions"]:
            rendition.update(more)
        server_channels.append(channel(name, latency="ultra", output=output))
    paths = {name: make(tmp_path / f"{name}.{kind}", 35, video=[*video, *([] if "-c:v" in video else ["-g", "50"])])
             for name, (kind, video, *_) in COLOURS.items()}
    server = serve(server_channels)
    for name, path in paths.items():
        send(publish_file, server, name, path)
    for name in COLOURS:
        folder = server.renditions(name)["video2"]
        wait_for(lambda: server.get(f"{folder}/index.m3u8").text.count("#EXTINF") >= 2, what="two segments")
    for name, (_, _, _, wanted, dynamic) in COLOURS.items():
        found = rungs(server, name, tmp_path)
        assert len(found) == 2
        for one in found:
            stream = one.stream()
            keys = ("color_primaries", "color_transfer", "color_space", "color_range", "pix_fmt", "profile")
            assert tuple(stream.get(key) for key in keys) == wanted, (name, one.folder, stream)
        for variant in variants(server, name).values():
            assert variant.get("VIDEO-RANGE", "SDR") == dynamic, (name, variant)


@pytest.mark.parametrize("degrees", [90, 180])
def test_players_turn_the_picture_as_they_turned_the_source(serve, send, tmp_path, degrees):
    turned = f"h264_metadata=display_orientation=insert:rotate={degrees}"
    path = make(tmp_path / "clip.ts", 30, "-bsf:v", turned, video=["-bf", "0", "-g", "50"])
    server = serve([channel("news", latency="ultra", output=heights(180, 90))])
    send(publish_file, server, "news", path)
    folder = server.renditions("news")["video2"]
    wait_for(lambda: server.get(f"{folder}/index.m3u8").text.count("#EXTINF") >= 2, what="two segments")
    wanted = turns(shown(path))
    assert len(wanted) == 1 and wanted != {0}
    for one, (width, height) in zip(rungs(server, "news", tmp_path), [(320, 180), (160, 90)]):
        stream = one.stream()
        assert (stream["width"], stream["height"]) == (width, height)
        assert turns(stream) == wanted, (one.folder, stream)


def turns(stream):
    """By how much players turn the picture, by what ffprobe says of all of them or of the first."""
    told = stream.get("side_data_list", []) + stream["frame"].get("side_data_list", [])
    return {int(one["rotation"]) % 360 for one in told if "rotation" in one}
