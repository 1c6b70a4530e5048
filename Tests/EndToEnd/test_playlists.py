"""What playlists offer beyond playing: key frames alone, tokens, steering, and data that belong to a moment."""

import re
import subprocess

import pytest

from browsers import Chromium
from conftest import channel, wait_for
from test_page import HLS, STATE, TIME
from prober import Prober

TOKEN = "a-b_c.1"


@pytest.fixture
def chromium():
    browser = Chromium()
    yield browser
    browser.close()


def probe(server, path, seconds=12):
    """The rules that were checked; none is broken."""
    return Prober(server.url(path), seconds).check()


def test_each_entry_of_the_i_frame_playlist_is_a_picture(serve, publish, tmp_path):
    server = serve([channel("news")])
    publish(server, "news", gop=30)
    folder = server.renditions("news")["video"]
    text = wait_for(lambda: (lambda t: t.count("BYTERANGE") > 4 and t)(server.get(f"{folder}/iframes.m3u8").text),
                    what="key frames")
    assert "#EXT-X-I-FRAMES-ONLY" in text
    header = server.get(f"{folder}/{re.search('MAP:URI=.([^,]+?).$', text, re.M)[1]}").body
    for length, start, uri in re.findall(r"BYTERANGE:(\d+)@(\d+)\n(\S+)", text):
        last = int(start) + int(length) - 1
        answer = server.get(f"{folder}/{uri}", headers={"Range": f"bytes={start}-{last}"})
        assert answer.status == 206 and len(answer.body) == int(length)
        clip = tmp_path / "picture.mp4"
        clip.write_bytes(header + answer.body)
        shown = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames:frame=pict_type", "-of",
             "csv=p=0", str(clip)], capture_output=True, text=True)
        assert "I" in shown.stdout.splitlines()[0], shown


def test_a_token_goes_with_every_request(serve, publish, chromium):
    server = serve([channel("news")], "--player-hls", HLS,
                   settings={"playlists": {"queryParameters": ["token", "user"]}})
    publish(server, "news")
    folder = server.renditions("news")["video"]
    path = f"{folder}/index.m3u8?token={TOKEN}"
    with_token = wait_for(lambda: (lambda t: "EXTINF" in t and t)(server.get(path).text), what="a segment")
    assert '#EXT-X-DEFINE:QUERYPARAM="token"' in with_token and "VERSION:11" in with_token and '"user"' not in with_token
    uris = [line for line in with_token.splitlines() if line and not line.startswith("#")]
    uris += re.findall('URI="([^"]*)"', with_token)
    assert len(uris) > 5 and all(uri.endswith("?token={$token}") for uri in uris)
    assert "DEFINE" not in server.get(f"{folder}/index.m3u8").text
    assert "DEFINE" not in server.get(f"{folder}/index.m3u8?token=").text, "a player refuses one without a value"
    assert "playlist.variable-defined" in probe(server, f"/live/news/index.m3u8?token={TOKEN}")
    chromium.open(server.url("/player/hls.LICENSE.txt"))
    chromium.evaluate(f"""import('/player/hls.js').then(module => {{
        const Hls = module.default ?? module.Hls ?? module.H
        const video = document.body.appendChild(document.createElement('video'))
        video.muted = video.autoplay = true
        const hls = new Hls({{ lowLatencyMode: true }})
        hls.loadSource('/live/news/index.m3u8?token={TOKEN}')
        hls.attachMedia(video)
    }})""")
    chromium.wait(f"{TIME} > 5", 90)
    asked = [url for url in chromium.requests if "/live/news/" in url]
    assert len(asked) > 10 and all(f"token={TOKEN}" in url for url in asked)


def test_steering_is_announced_where_it_is_configured(serve, publish):
    steering = {"server": "https://steer.example/manifest?id=1", "pathway": "cdn-a"}
    server = serve([channel("news")], settings={"playlists": {"steering": steering}})
    publish(server, "news")
    server.renditions("news")
    text = server.get("/live/news/index.m3u8").text
    assert f'#EXT-X-CONTENT-STEERING:SERVER-URI="{steering["server"]}",PATHWAY-ID="cdn-a"' in text
    assert text.count('PATHWAY-ID="cdn-a"') == 3
    assert "multivariant.steering" in probe(server, "/live/news/index.m3u8")


def test_subtitles_of_an_encoder_reach_the_page_as_timed_metadata(serve, chromium, tmp_path):
    server = serve([channel("news")], "--player-hls", HLS)
    lines = "".join(f"{n + 1}\n00:{n // 60:02}:{n % 60:02},200 --> 00:{n // 60:02}:{n % 60:02},900\nline {n}\n\n" for n in range(300))
    (tmp_path / "lines.srt").write_text(lines)
    encoder = subprocess.Popen(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-f", "lavfi", "-i",
         "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine", "-i", str(tmp_path / "lines.srt"), "-t", "300",
         "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-c:s", "text",
         "-f", "flv", f"rtmp://127.0.0.1:{server.rtmp_port}/live/{server.keys['news']}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server.renditions("news")
        chromium.open(server.url("/watch/news"))
        chromium.wait(f"{STATE} === 'live'")
        cues = chromium.wait("""(() => {
            const track = [...document.querySelector('video').textTracks].find(track => track.kind === 'metadata')
            if (track) track.mode = 'hidden'
            const cues = [...track?.cues ?? []].filter(cue => cue.value?.key === 'TXXX' && cue.value.info === 'text')
            return cues.length > 3 && cues.map(cue => [cue.startTime, cue.value.data])
        })()""")
        numbers = [int(text.split()[1]) for _, text in cues]
        assert numbers == sorted(numbers)
        # A second of the subtitles is a second of the player's time.
        (first, _), (last, _) = cues[0], cues[-1]
        assert abs((last - first) - (numbers[-1] - numbers[0])) < 0.1
        probe(server, "/live/news/index.m3u8", seconds=10)
    finally:
        encoder.terminate()
        encoder.wait()
