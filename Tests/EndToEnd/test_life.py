"""Two minutes of a channel's life, ten in the soak: viewers come and go, the encoder changes its picture and its sound
within a connection, is gone for three seconds and comes back. An independent prober finds no rule broken, and hls.js in
Chromium plays through all of it."""

import json
import os
import socket
import subprocess
import threading
import time

import pytest

import flv
from browsers import Chromium
from conftest import channel, wait_for
from test_page import ARTEFACTS, HLS, STATE, TIME
from prober import Prober

SECONDS = 600 if os.environ.get("SOAK") == "1" else 120
PROFILES = ["standard", "low", "ultra"]
CLIP = 16
# What hls.js is told to stay behind the live edge, and how much more it may be.
HOLD_BACK = {"standard": 18, "low": 1.605, "ultra": 0.645}

WATCH = """(() => {
  const player = document.getElementById('player'), video = document.querySelector('video')
  const log = window.watched = { states: [], errors: [], samples: [], stalls: [] }
  new MutationObserver(() => log.states.push([performance.now(), player.dataset.state]))
    .observe(player, { attributes: true, attributeFilter: ['data-state'] })
  new MutationObserver(() => log.errors.push([performance.now(), player.dataset.error]))
    .observe(player, { attributes: true, attributeFilter: ['data-error'] })
  let last = { time: video.currentTime, at: performance.now() }, isStalled = false
  setInterval(() => {
    const now = performance.now()
    if (video.currentTime !== last.time) { last = { time: video.currentTime, at: now }; isStalled = false }
    else if (now - last.at > 400 && !isStalled) { isStalled = true; log.stalls.push(last.at) }
  }, 50)
  setInterval(() => log.samples.push([performance.now(), parseFloat(document.getElementById('latency').textContent),
    video.videoWidth, player.dataset.state]), 1000)
  return performance.now()
})()"""


class Visitors:
    """Clients that come, ask for what is about to come, and leave without waiting for it."""

    def __init__(self, server, paths):
        self.server, self.paths, self.stopping = server, paths, threading.Event()
        self.answered = 0
        self.thread = threading.Thread(target=self.visit, daemon=True)
        self.thread.start()

    def visit(self):
        while not self.stopping.wait(0.2):
            for path in self.paths:
                answer = self.server.get(path)
                self.answered += answer.status == 200
                number = answer.text.split("MEDIA-SEQUENCE:")[1].split()[0]
                following = int(number) + answer.text.count("#EXTINF")
                with socket.create_connection(("127.0.0.1", self.server.http_port), timeout=60) as client:
                    request = f"GET {path}?_HLS_msn={following}&_HLS_skip=v2 HTTP/1.1\r\nHost: here\r\n\r\n"
                    client.sendall(request.encode())
                    time.sleep(0.05)

    def stop(self):
        self.stopping.set()
        self.thread.join(timeout=60)


@pytest.fixture
def browsers():
    opened = []

    def start():
        opened.append(Chromium())
        opened[-1].resize(800, 600)
        return opened[-1]

    yield start
    for browser in opened:
        browser.close()


def publish_file(server, name, path):
    return subprocess.Popen(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-i", str(path), "-c", "copy", "-f", "flv",
         f"rtmp://127.0.0.1:{server.rtmp_port}/live/{server.keys[name]}"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def test_a_life_of_changes_breaks_no_rule_and_no_player(serve, browsers, tmp_path):
    small = flv.make(tmp_path / "small.flv", CLIP)
    large = flv.make(tmp_path / "large.flv", CLIP, size="640x360", rate=44100)
    # Every third of the time something happens: the change, then the restart.
    third = SECONDS // 3
    times = third // CLIP + 1
    source = flv.join(tmp_path / "source.flv", [(small, CLIP, times), (large, CLIP, 2 * times + 2)])
    server = serve([channel(name, latency=name) for name in PROFILES], "--player-hls", HLS)
    encoders = [publish_file(server, name, source) for name in PROFILES]
    began = time.monotonic()
    folders = {name: server.renditions(name) for name in PROFILES}
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), SECONDS) for name in PROFILES]
    visitors = Visitors(server, [f"{folders['low']['video']}/index.m3u8", f"{folders['ultra']['audio']}/index.m3u8"])
    pages = {}
    for name in PROFILES:
        if name == "standard":
            playlist = folders[name]["video"] + "/index.m3u8"
            wait_for(lambda: server.get(playlist).text.count("#EXTINF") >= 5, what="18 s of media")
        pages[name] = browsers()
        pages[name].open(server.url(f"/watch/{name}"))
    for name, page in pages.items():
        page.wait(f"{STATE} === 'live' && {TIME} > 0", 90)
        page.call("Network.disable")
        page.evaluate(WATCH)

    def now(page):
        return page.evaluate("performance.now()")

    def sleep_until(seconds):
        # A browser that nobody listens to stops in the end.
        while time.monotonic() < began + seconds:
            time.sleep(min(5, max(0, began + seconds - time.monotonic())))
            for page in pages.values():
                now(page)

    sleep_until(2 * third)
    restart = {name: now(page) for name, page in pages.items()}
    for encoder in encoders:
        encoder.terminate()
        encoder.wait()
    time.sleep(3)
    encoders = [publish_file(server, name, source) for name in PROFILES]
    try:
        sleep_until(SECONDS + 5)
        rules = [prober.check() for prober in probers]
    finally:
        for encoder in encoders:
            encoder.terminate()
            encoder.wait()
    visitors.stop()
    watched = {name: page.evaluate("window.watched") for name, page in pages.items()}
    for name, page in pages.items():
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(ARTEFACTS / f"life-{name}.png")
        (ARTEFACTS / f"life-{name}.json").write_text(json.dumps({"restart": restart[name], **watched[name]}))
    assert all({"delta.full", "iframe.media"} <= set(checked) for checked in rules)
    assert visitors.answered > SECONDS / 4
    assert not server.events("channel.presentation_started")[3:], "every presentation lives on"
    for name in PROFILES:
        check_playback(name, watched[name], restart[name])


def check_playback(name, log, restart):
    """Nothing fatal; rebuffers only around the restart; the latency mostly within a second of what the playlist asks for."""
    states = {state for _, state in log["states"]}
    assert states <= {"live", "behind", "buffering", "silent"}, f"{name}: {log['states']} {log['errors']}"
    assert not [error for error in log["errors"] if ", fatal" in error[1]], f"{name}: {log['errors']}"
    # What the viewer notices of a restart comes as late as he is behind, and is over when the player is back.
    window = (restart - 1000, restart + 1000 * (HOLD_BACK[name] + 8))
    stalls = [stall for stall in log["stalls"] if not window[0] < stall < window[1]]
    # A machine that others share may hiccup now and then.
    assert len(stalls) <= 3, f"{name}: stalls at {stalls}, the restart was at {restart}"
    # hls.js tells of the moment between two tracks, and of a stall, which is judged above; of nothing else.
    usual = ("bufferSeekOverHole", "bufferStalledError")
    errors = [error for error in log["errors"] if not window[0] < error[0] < window[1] and not error[1].startswith(usual)]
    assert not errors, f"{name}: {errors}"
    assert {width for _, _, width, _ in log["samples"]} >= {320, 640}, f"{name} saw both pictures"
    # hls.js stays a second further behind for each stall that it tells of.
    told = sum(message.startswith("bufferStalledError") for _, message in log["errors"])
    late = [sample for sample in log["samples"][10:]
            if not window[0] < sample[0] < window[1] and not sample[1] <= HOLD_BACK[name] + 1 + told]
    assert len(late) <= len(log["samples"]) / 10, f"{name}: {late}"
