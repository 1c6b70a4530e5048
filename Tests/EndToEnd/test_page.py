"""The viewers' page in real browsers: it plays every profile, and it outlives encoders and servers."""

import os
import pathlib
import signal
import time

import pytest

from browsers import Chromium, Firefox
from conftest import ROOT, Server, channel, wait_for

HLS = str(ROOT / ".build/player/hls.js")
ARTEFACTS = pathlib.Path(os.environ.get("E2E_ARTEFACTS", ROOT / ".build/e2e-artefacts"))
STATE = "document.getElementById('player')?.dataset.state"
TIME = "document.querySelector('video').currentTime"
PROFILES = ["ultra", "low", "standard"]


@pytest.fixture(params=[Chromium, Firefox], ids=lambda kind: kind.name)
def browser(request):
    browser = request.param()
    browser.resize(1280, 800)
    yield browser
    browser.close()


def shoot(browser, name):
    time.sleep(0.4)  # The curtain fades in.
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    browser.screenshot(ARTEFACTS / f"{browser.name}-{name}.png")


def watch(browser, server, name, seconds=60):
    """Opens the page of a channel and waits until it plays live."""
    browser.open(server.url(f"/watch/{name}"))
    browser.wait(f"{STATE} === 'live' && {TIME} > 0", seconds)


def wait_for_three_targets(server, name):
    """Whoever comes before there are three target durations of media has to wait for some."""
    playlist = server.renditions(name)["video"] + "/index.m3u8"
    wait_for(lambda: server.get(playlist).text.count("#EXTINF") >= 5, what="18 s of media")


def expect_progress(browser, seconds=3):
    """The picture moves on at the pace of the clock, at the latest after a few tries: a start may stall once."""
    windows = []
    for _ in range(5):
        before, began = browser.evaluate(TIME), time.monotonic()
        time.sleep(seconds)
        advanced, elapsed = browser.evaluate(TIME) - before, time.monotonic() - began
        windows.append((round(advanced, 1), round(elapsed, 1), browser.evaluate(STATE)))
        if 0.85 * elapsed < advanced < 1.6 * elapsed and windows[-1][2] in ("live", "behind"):
            return
    raise AssertionError(f"(advanced, elapsed, state) {windows}; the console says {browser.console}")


def test_every_profile_plays(browser, serve, publish):
    server = serve([channel(name, latency=name) for name in PROFILES], "--player-hls", HLS)
    for name in PROFILES:
        publish(server, name, size="640x360")
    for name in PROFILES:
        server.renditions(name)
    for name in PROFILES:
        if name == "standard":
            wait_for_three_targets(server, name)
        watch(browser, server, name)
        expect_progress(browser)
        assert browser.wait("document.getElementById('resolution').textContent") == "640 × 360"
        media = [url.split(f"/live/{name}/")[1] for url in browser.requests if f"/live/{name}/" in url]
        parts = [url for url in media if "/p" in url and url.endswith(".m4s")]
        reloads = [url for url in media if "_HLS_msn=" in url]
        assert (len(parts) > 5, len(reloads) > 5) == ((False, False) if name == "standard" else (True, True))
        behind = float(browser.evaluate("document.getElementById('latency').textContent").split()[0])
        assert behind < {"standard": 24, "low": 6, "ultra": 4}[name]
        shoot(browser, name)
    browser.resize(390, 844)
    expect_progress(browser)
    shoot(browser, "phone")
    assert browser.console == []


def test_a_channel_off_air_says_so_and_comes_alive_by_itself(browser, serve, publish):
    server = serve([channel("news", name="<News> & \"more\"")], "--player-hls", HLS)
    browser.open(server.url("/"))
    browser.wait(f"{STATE} === 'offAir'")
    assert browser.evaluate("document.getElementById('message').textContent") == "Not on air yet"
    assert browser.evaluate("document.querySelector('h1').textContent") == "<News> & \"more\""
    shoot(browser, "off-air")
    publish(server, "news")
    browser.wait(f"{STATE} === 'live'")
    expect_progress(browser)


def test_the_page_outlives_an_encoder_and_a_server(browser, tmp_path, publish):
    channels = [channel("news", latency="low")]
    server = Server(tmp_path, channels, "--player-hls", HLS)
    try:
        first = publish(server, "news")
        watch(browser, server, "news")
        first.stop()
        browser.wait(f"{STATE} === 'silent'")
        shoot(browser, "silent")
        time.sleep(10)
        second = publish(server, "news")
        browser.wait(f"{STATE} === 'live'")
        expect_progress(browser)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        browser.wait(f"{STATE} === 'lost'")
        shoot(browser, "lost")
        second.wait()
        server = Server(tmp_path, channels, "--player-hls", HLS, http_port=server.http_port, rtmp_port=server.rtmp_port)
        # The presentation goes on where it stopped.
        browser.wait(f"{STATE} === 'silent'")
        publish(server, "news")
        browser.wait(f"{STATE} === 'live'")
        expect_progress(browser)
        shoot(browser, "after-restart")
    finally:
        assert server.stop() == 0


def test_controls_do_what_they_say(browser, serve, publish):
    server = serve([channel("news", latency="ultra")], "--player-hls", HLS)
    publish(server, "news")
    watch(browser, server, "news")
    browser.evaluate("document.getElementById('play').click()")
    browser.wait(f"{STATE} === 'paused' && document.querySelector('video').paused")
    shoot(browser, "paused")
    time.sleep(6)
    browser.evaluate("document.getElementById('play').click()")
    browser.wait(f"{STATE} === 'live' || {STATE} === 'behind'")
    browser.evaluate("document.getElementById('edge').click()")
    browser.wait(f"{STATE} === 'live'")
    browser.evaluate("document.getElementById('sound').click()")
    browser.wait("!document.querySelector('video').muted")
    expect_progress(browser)


def test_without_hls_js_the_page_plays_natively_or_says_what_lacks(browser, serve, publish):
    server = serve([channel("news", latency="standard")])
    publish(server, "news")
    if browser.name == "chromium":
        wait_for_three_targets(server, "news")
    browser.open(server.url("/watch/news"))
    if browser.name == "chromium":
        browser.wait(f"{STATE} === 'live' && {TIME} > 0")
        expect_progress(browser)
    else:
        browser.wait(f"{STATE} === 'broken'")
        assert "hls.js is not installed" in browser.evaluate("document.getElementById('hint').textContent")
    shoot(browser, "without-hls")


def test_pages_are_told_apart_and_kept_to_this_server(serve):
    server = serve([channel("news"), channel("sport", name="Sport")], "--player-hls", HLS)
    page = server.get("/watch/sport", headers={"Accept-Encoding": "gzip"})
    assert page.status == 200 and page.headers["Content-Encoding"] == "gzip"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    plain = server.get("/watch/sport").text
    assert 'data-playlist="/live/sport/index.m3u8"' in plain and "{{" not in plain and "<h1>Sport</h1>" in plain
    assert 'data-playlist="/live/news/index.m3u8"' in server.get("/").text
    assert "Dailymotion" in server.get("/player/hls.LICENSE.txt").text
    assert server.get("/player/hls.js").headers["Content-Type"].startswith("text/javascript")
    assert server.get("/watch/films").text == "There is nothing here\n"
    missing = server.get("/watch/films", headers={"Accept": "text/html,*/*"})
    assert missing.status == 404 and 'href="/watch/sport"' in missing.text and "{{" not in missing.text
    assert missing.headers["Cache-Control"] == "no-store"
    assert server.get("/", method="HEAD").body == b""


def test_a_name_is_text_whatever_it_holds(serve):
    # A combining mark on a character does not make it another one for HTML.
    server = serve([channel("odd", name="A<\u0338b> & \"B'")])
    assert "<h1>A&lt;\u0338b&gt; &amp; &quot;B&#39;</h1>" in server.get("/").text


def test_without_a_channel_the_first_page_says_so(serve):
    server = serve([])
    page = server.get("/", headers={"Accept": "text/html"})
    assert page.status == 404 and "<h1>No channels yet</h1>" in page.text
