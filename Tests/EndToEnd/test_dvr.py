"""The DVR window: viewers go back further than the live playlist reaches, and a killed server has it again."""

import gzip
import re
import subprocess

from conftest import Publisher, Server, channel, wait_for
from prober import Prober


def segments(text):
    return re.findall(r"^s\d+\.m4s$", text, re.MULTILINE)


def test_what_has_left_the_live_playlist_is_in_the_other_and_outlives_a_server(tmp_path):
    channels = [channel("news", latency="ultra") | {"dvrWindow": "10m"}]
    server = Server(tmp_path, channels)
    encoder = Publisher(f"rtmp://127.0.0.1:{server.rtmp_port}/live/{server.keys['news']}", gop=30, seconds=600)
    try:
        folders = server.renditions("news")
        index = folders["video"] + "/index.m3u8"
        wait_for(lambda: int(re.search(r"MEDIA-SEQUENCE:(\d+)", server.get(index).text)[1]) > 6, 120, "leaving segments")
        # It comes out of memory no more: it is on disk.
        before = {name: server.get(f"{folder}/s0.m4s").body for name, folder in folders.items()}
        Prober(server.url("/live/news/dvr.m3u8"), 10).check()
        known = server.get(folders["video"] + "/dvr.m3u8").text
        assert "#EXT-X-MEDIA-SEQUENCE:0\n" in known and len(segments(known)) > len(segments(server.get(index).text)) + 5

        server.process.kill()
        server.process.wait()
        encoder.wait()
        server = Server(tmp_path, channels, http_port=server.http_port)
        assert server.renditions("news") == folders
        zipped = server.get(folders["video"] + "/dvr.m3u8", headers={"Accept-Encoding": "gzip"})
        after = gzip.decompress(zipped.body).decode()
        assert segments(after)[:len(segments(known))] == segments(known)
        lines = [line for line in known.splitlines() if re.match(r"#EXTINF|#EXT-X-PROGRAM|s\d", line)]
        assert [line for line in after.splitlines() if re.match(r"#EXTINF|#EXT-X-PROGRAM|s\d", line)][:len(lines)] == lines
        for name, folder in folders.items():
            assert server.get(f"{folder}/s0.m4s").body == before[name]
            for segment in segments(known):
                assert server.get(f"{folder}/{segment}").status == 200, segment
        # And all of it is a film.
        counted = subprocess.run(
            ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets",
             "-of", "csv=p=0", "-live_start_index", "0", "-read_intervals", "%+20", server.url("/live/news/dvr.m3u8")],
            capture_output=True, text=True, timeout=180)
        assert int(re.search(r"\d+", counted.stdout)[0]) >= 19 * 30, counted
    finally:
        encoder.stop()
        assert server.stop() == 0
