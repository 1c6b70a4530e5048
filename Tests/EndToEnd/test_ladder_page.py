"""hls.js in a real browser takes a smaller picture when its line gets worse and a larger one when it is better again, and
the film goes on all the while."""

import json
import os

import pytest

from browsers import Chromium
from conftest import channel, in_some_run, wait_for
from ladders import make, publish_file, variants
from test_page import ARTEFACTS, HLS

# Pictures that need their bits.
GRAIN = "noise=alls=25:allf=t"
LADDER = {"renditions": [{"height": height, "bitrate": rate}
                         for height, rate in [(360, "1500k"), (240, "600k"), (144, "200k")]]}
# What a viewer's line carries, in bits a second: all sizes, or only the smallest with its sound.
WIDE, NARROW = 5_000_000, 600_000

PLAY = """import('/player/hls.js').then(module => {
  const Hls = module.default ?? module.Hls ?? module.H
  const video = document.body.appendChild(document.createElement('video'))
  video.muted = video.autoplay = true
  // What it thinks of the line follows the line more quickly than usual.
  const hls = new Hls({ lowLatencyMode: true, liveSyncDuration: %d, liveMaxLatencyDuration: 60, abrEwmaFastLive: 1,
    abrEwmaSlowLive: 2 })
  const log = window.watched = { levels: [], errors: [], counters: [], waits: [], ranges: 0, sizes: [], hls }
  let began = false, last = { time: 0, at: 0 }
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, data) => log.levels.push(hls.levels[data.level].height))
  hls.on(Hls.Events.ERROR, (_, data) => log.errors.push(data.details + (data.fatal ? ', fatal' : '')))
  hls.on(Hls.Events.FRAG_CHANGED, (_, data) => log.counters.push(data.frag.cc))
  video.addEventListener('playing', () => { began = true }, { once: true })
  video.addEventListener('waiting', () => { if (began) log.waits.push(video.currentTime) })
  video.addEventListener('resize', () => log.sizes.push([video.currentTime, video.videoHeight]))
  setInterval(() => {
    const now = performance.now()
    log.ranges = Math.max(log.ranges, video.buffered.length)
    if (video.currentTime !== last.time) last = { time: video.currentTime, at: now }
    else if (began && now - last.at > 400 && log.waits.at(-1) !== last.time) log.waits.push(last.time)
  }, 50)
  hls.loadSource('/live/news/index.m3u8')
  hls.attachMedia(video)
})"""
HEIGHT = "document.querySelector('video').videoHeight"
LOG = """(() => { const { hls, ...log } = window.watched
  return { ...log, time: document.querySelector('video').currentTime, estimate: hls.bandwidthEstimate } })()"""


@pytest.fixture
def chromium():
    opened = []

    def start():
        opened.append(Chromium())
        return opened[-1]

    yield start
    for browser in opened:
        browser.close()


def throttle(browser, bits):
    """What its line carries from now on."""
    browser.call("Network.emulateNetworkConditions", offline=False, latency=20, downloadThroughput=bits / 8,
                 uploadThroughput=-1)


# How far the player stays behind, in seconds. It takes long where segments are.
BEHIND = {"low": 8, **({"standard": 18} if os.environ.get("SOAK") == "1" else {})}


@pytest.mark.parametrize("latency, behind", BEHIND.items())
def test_a_player_changes_between_sizes_and_nothing_stops(serve, send, chromium, tmp_path, latency, behind):
    path = make(tmp_path / "clip.flv", 240, size="640x360", filters=GRAIN, video=["-bf", "0", "-g", "50", "-b:v", "3M"])
    server = serve([channel("news", latency=latency, output=LADDER)], "--player-hls", HLS)
    send(publish_file, server, "news", path)
    folder = server.renditions("news")["video"]
    wait_for(lambda: sum_of(server, folder) > behind + 2, what="as much as the player stays behind")
    rates = sorted(int(one["BANDWIDTH"]) for one in variants(server, "news").values())
    assert rates[0] < 0.8 * NARROW < 1.1 * NARROW < rates[1] < rates[2] < WIDE / 2, rates

    def watch():
        browser = chromium()
        browser.open(server.url("/player/hls.LICENSE.txt"))
        throttle(browser, WIDE)
        browser.evaluate(PLAY % behind)
        browser.wait(f"{HEIGHT} === 360", 60)
        throttle(browser, NARROW)
        browser.wait(f"{HEIGHT} === 144", 60)
        narrow = browser.evaluate(LOG)["time"]
        browser.wait(f"document.querySelector('video').currentTime > {narrow + 6}", 30)
        throttle(browser, WIDE)
        browser.wait(f"{HEIGHT} === 360", 60)
        wide = browser.evaluate(LOG)["time"]
        browser.wait(f"document.querySelector('video').currentTime > {wide + 6}", 30)
        log = browser.evaluate(LOG)
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (ARTEFACTS / f"ladder-{latency}.json").write_text(json.dumps(log))
        assert log["waits"] == [], log
        # Not one hole, and nothing begins anew.
        assert log["ranges"] == 1 and len(set(log["counters"])) == 1, log
        assert not [error for error in log["errors"] if "fatal" in error or error.startswith("buffer")], log
        heights = [height for _, height in log["sizes"]]
        assert heights.index(144) < len(heights) - 1 and heights[-1] == 360, log

    in_some_run(watch, times=2)


def sum_of(server, folder):
    """How many seconds of a rendition are listed."""
    text = server.get(f"{folder}/index.m3u8").text
    return sum(float(line.split(":")[1].split(",")[0]) for line in text.splitlines() if line.startswith("#EXTINF"))
