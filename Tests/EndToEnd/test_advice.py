"""What broadcasters learn of their own feed: from `/v1/feed`, and from the page that shows it."""

import json
import time

import pytest

from browsers import Chromium, Firefox
from conftest import Publisher, channel, wait_for
from test_authorization import token
from test_page import shoot

# An encoder as it comes: a key frame every ten seconds, and B-frames.
USUAL = {"gop": 300, "bframes": 3}
# How ffmpeg multiplies all times.
HASTE = ["-bsf:v", "setts=ts=TS*1.001", "-bsf:a", "setts=ts=TS*1.001"]


def feed(server, key):
    return server.get("/v1/feed", headers={"Authorization": f"Bearer {key}"})


def report(server, name):
    answer = feed(server, server.keys[name])
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    return json.loads(answer.text)


def measured(server, name, seconds):
    return wait_for(lambda: (lambda told: told if told["seconds"] >= seconds else None)(report(server, name)),
                    what=f"{seconds} s of {name}")


def codes(told):
    return [advice["code"] for advice in told["advice"]]


@pytest.mark.parametrize("protocol", ["rtmp", "srt"])
def test_broadcasters_read_advice_on_their_own_feed(serve, send, protocol):
    server = serve([channel("good", latency="low"), channel("usual", latency="low"), channel("off", latency="low")])
    assert report(server, "good")["state"] == "absent"
    address = {"rtmp": server.rtmp_url, "srt": server.srt_url}[protocol]
    send(Publisher, address("good"))
    send(Publisher, address("usual"), **USUAL)
    usual = measured(server, "usual", 16)
    assert codes(usual)[0] == "key_frames_rare" and "b_frames" in codes(usual), usual
    assert usual["advice"][0]["severity"] == "problem" and "interval to 2 s" in usual["advice"][0]["text"]
    assert usual["pictures"]["keyFrameInterval"]["longest"] > 6 and usual["pictures"]["reorderDelay"] >= 0.06
    good = measured(server, "good", 16)
    # The test may make the encoder wait.
    assert set(codes(good)) <= {"feed_uneven"}, good
    assert good["state"] == "onAir" and good["channel"] == "good" and good["input"] == "primary"
    pictures, sound = good["pictures"], good["sound"][0]
    assert (pictures["width"], pictures["height"], pictures["codec"][:5]) == (320, 180, "avc1.")
    assert abs(pictures["frameRate"] - 30) < 0.1 and pictures["reorderDelay"] == 0
    assert abs(pictures["keyFrameInterval"]["longest"] - 2) < 0.05, pictures
    assert 100_000 < pictures["bitRate"]["average"] <= pictures["bitRate"]["peak"] < 2_000_000
    assert sound["sampleRate"] in (44100, 48000) and sound["codec"] == "mp4a.40.2"
    assert report(server, "off")["pictures"] is None


def test_a_clock_that_is_off_is_told(serve, publish):
    server = serve([channel("news", latency="low")])
    publish(server, "news", options=HASTE)
    told = wait_for(lambda: (lambda told: told if told["clock"]["driftPartsPerMillion"] else None)(
        report(server, "news")), seconds=90, what="the drift")
    assert abs(told["clock"]["driftPartsPerMillion"] - 1000) < 400, told
    assert "clock_drift" in codes(told), told


def test_nobody_learns_of_a_feed_without_its_key(serve, publish):
    server = serve([channel("news")], settings={"publishTokens": {"secret": "the token secret of today"}})
    publish(server, "news")
    missing = server.get("/v1/feed")
    assert missing.status == 401 and missing.headers["WWW-Authenticate"].startswith("Bearer")
    assert missing.headers["Content-Type"] == "application/problem+json"
    assert feed(server, "news").status == 401
    assert feed(server, token(server)).status == 200
    assert server.get("/v1/feed", method="POST").status == 405
    answers = {feed(server, f"guess-{number}").status for number in range(20)}
    assert answers == {401, 429}
    assert feed(server, server.keys["news"]).status == 429
    assert not [event for event in server.log if "guess" in str(event) or server.keys["news"] in str(event)]


@pytest.mark.parametrize("kind", [Chromium, Firefox], ids=lambda kind: kind.name)
def test_the_page_shows_a_broadcaster_how_the_feed_does(kind, serve, publish):
    server = serve([channel("news", name="News at nine", latency="ultra")])
    browser = kind()
    try:
        browser.resize(1280, 900)
        browser.open(server.url("/publish"))
        text = "document.getElementById('{}')?.textContent".format
        ask = "(document.getElementById('key').value = '{}', document.querySelector('#ask button').click())".format
        browser.wait("document.querySelector('#ask button')?.disabled === false")
        browser.evaluate(ask("of-somebody-else"))
        browser.wait(f"{text('problem')} === 'No channel has this stream key.'")
        assert browser.evaluate("document.getElementById('report').hidden")
        browser.evaluate(ask(server.keys["news"]))
        browser.wait(f"{text('state')} === 'Nothing comes in'")
        encoder = publish(server, "news", **USUAL)
        browser.wait(f"{text('state')} === 'On the air'")
        browser.wait("document.querySelector('[data-code=key_frames_rare]') !== null")
        browser.wait("document.querySelector('[data-code=b_frames]') !== null")
        assert "News at nine" in browser.evaluate(text("name"))
        facts = browser.evaluate(text("facts"))
        assert "320 × 180" in facts and "s apart" in facts and "stereo" not in facts, facts
        time.sleep(12)
        shoot(browser, "publish")
        browser.resize(390, 900)
        shoot(browser, "publish-narrow")
        encoder.stop()
        browser.wait(f"{text('state')} === 'Nothing comes in'")
        # It is asked again when the page is opened again, in this tab only.
        browser.open(server.url("/publish"))
        browser.wait(f"{text('state')} === 'Nothing comes in'")
        assert not [line for line in browser.console if "401" not in line], browser.console
    finally:
        browser.close()
