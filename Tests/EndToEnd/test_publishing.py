"""Publishers: who is let in, what the others are told, and what viewers see when one leaves and comes back."""

import concurrent.futures
import re
import signal
import urllib.error

import pytest

from conftest import channel, in_some_run, wait_for


def test_both_forms_of_the_url_publish(serve, publish):
    server = serve([channel("news"), channel("sport")])
    publish(server, "news")
    publish(server, "sport", path=f"sport?key={server.keys['sport']}")
    assert set(server.renditions("news")) == {"video", "audio"}
    assert set(server.renditions("sport")) == {"video", "audio"}


def refused(server, publish, reason, said, **options):
    publisher = publish(server, "news", seconds=10, **options)
    output = publisher.wait()
    assert publisher.process.returncode != 0
    assert said in output
    events = lambda: [event for event in server.events("ingest.refused") if event["reason"] == reason]
    assert len(wait_for(events, what="the log event")) == 1
    metrics = server.metrics()
    assert f'headwater_ingest_refused_total{{reason="{reason}"}} 1' in metrics


def test_a_wrong_key_is_refused_by_name(serve, publish):
    refused(serve([channel("news")]), publish, "wrong_key", "No channel has this stream key", path="nonsense")


def test_a_channel_in_place_of_its_key_is_told_apart(serve, publish):
    refused(serve([channel("news")]), publish, "wrong_key", "That is a channel's name", path="news")


def test_an_unknown_channel_is_refused_by_name(serve, publish):
    refused(
        serve([channel("news")]), publish, "unknown_channel", 'There is no channel "films"', path="films?key=12345678")


def test_an_unsupported_codec_is_refused_by_name(serve, publish):
    refused(serve([channel("news")]), publish, "unsupported_codec", "Sorenson H.263", video="flv1", audio="aac")


def test_a_busy_channel_is_refused_and_the_running_stream_goes_on(serve, publish):
    server = serve([channel("news")])
    first = publish(server, "news")
    playlist = server.renditions("news")["video"] + "/index.m3u8"
    refused(server, publish, "busy", "Somebody else is publishing")
    before = server.get(playlist).text
    wait_for(lambda: server.get(playlist).text != before, what="the stream going on")
    assert first.process.poll() is None


def test_an_encoder_that_comes_back_continues_the_presentation(serve, publish):
    server = serve([channel("news", latency="ultra")])
    publish(server, "news", seconds=5).wait()
    renditions = server.renditions("news")
    before = {name: server.get(folder + "/index.m3u8").text for name, folder in renditions.items()}
    publish(server, "news")
    for name, folder in renditions.items():
        after = wait_for(
            lambda: (lambda text: "#EXT-X-DISCONTINUITY\n" in text and text)(server.get(folder + "/index.m3u8").text),
            what="the discontinuity")
        assert "#EXT-X-ENDLIST" not in after
        dates = re.findall(r"PROGRAM-DATE-TIME:(\S+)", after)
        assert dates == sorted(dates)
        assert all(line in after for line in before[name].splitlines() if line.endswith(".m4s"))
    assert server.renditions("news") == renditions


def test_key_frames_that_come_too_rarely_are_told(serve, publish):
    server = serve([channel("news", latency="ultra")])
    publish(server, "news", gop=150)
    server.renditions("news")
    wait_for(lambda: server.events("channel.keyframe_interval_too_long"), what="the log event")
    assert "INDEPENDENT-SEGMENTS" not in server.get("/live/news/index.m3u8").text
    metrics = server.metrics()
    assert re.search(r'segments_without_key_frame_total\{channel="news"\} [1-9]', metrics)


def test_a_shutdown_answers_viewers_and_tells_publishers(serve, publish):
    server = serve([channel("news")])
    publisher = publish(server, "news")
    playlist = server.renditions("news")["video"] + "/index.m3u8"
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        def wait_together():
            text = server.get(playlist).text
            number = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF") + 1
            answers = [pool.submit(server.get, f"{playlist}?_HLS_msn={number}") for _ in range(20)]
            wait_for(lambda: "headwater_http_parked_requests 20\n" in server.metrics() or answers[0].done(),
                     what="20 waiting viewers")
            [answer.result() for answer in answers if answers[0].done()]
            assert not answers[0].done(), "it came before all had asked"
            return answers

        answers = in_some_run(wait_together)
        assert server.stop() == 0
        results = [answer.result(timeout=60) for answer in answers]
        assert [(result.status, result.headers["Connection"]) for result in results] == [(200, "close")] * 20
        assert len({result.body for result in results}) == 1
    with pytest.raises(urllib.error.URLError):
        server.get("/healthz")
    assert "The server is shutting down" in publisher.wait()
    assert server.events("server.stopped")


def test_a_frozen_encoder_gives_way_to_one_with_the_same_key(serve, publish):
    server = serve([channel("news", latency="ultra")])
    first = publish(server, "news")
    folder = server.renditions("news")["video"]
    refused(server, publish, "busy", "Somebody else is publishing")
    first.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: server.events("channel.silence_began"), what="the silence")
    refused(server, publish, "wrong_key", "No channel has this stream key", path="nonsense")
    second = publish(server, "news")
    wait_for(lambda: "#EXT-X-DISCONTINUITY\n" in server.get(f"{folder}/index.m3u8").text, what="the second encoder")
    assert len(server.events("channel.publisher_replaced")) == 1
    first.process.send_signal(signal.SIGCONT)
    first.wait()
    assert wait_for(lambda: [event for event in server.events("ingest.closed") if "took over" in event["reason"]])
    before = server.get(f"{folder}/index.m3u8").text
    wait_for(lambda: server.get(f"{folder}/index.m3u8").text != before, what="the stream going on")
    assert second.process.poll() is None
