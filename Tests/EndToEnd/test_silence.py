"""While the encoder is silent the channel goes on: missing media at the pace of the clock, and waiters are answered."""

import re
import signal
import time

import pytest

from conftest import channel, wait_for
from prober import Prober

PROFILES = ["standard", "low", "ultra"]


def gaps(text):
    """How many segments of a playlist are missing."""
    return text.count("#EXT-X-GAP\n")


def edge(text):
    """The number of the newest complete segment."""
    return int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF") - 1


@pytest.mark.parametrize("way", ["gone", "frozen"])
def test_silence_is_published_at_the_pace_of_the_clock_and_obeys_the_rules(serve, publish, way):
    server = serve([channel(name, latency=name) for name in PROFILES])
    encoders = [publish(server, name) for name in PROFILES]
    folders = {name: server.renditions(name) for name in PROFILES}
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), 30) for name in PROFILES]
    for encoder in encoders:
        encoder.process.send_signal(signal.SIGSTOP if way == "frozen" else signal.SIGTERM)
    wait_for(lambda: len(server.events("channel.silence_began")) == 3, what="silence on all channels")
    began = time.monotonic()
    assert server.metrics().count("headwater_channel_silent{") == 3
    for name in ["low", "ultra"]:
        for folder in folders[name].values():
            number = edge(server.get(f"{folder}/index.m3u8").text) + 1
            answer = server.get(f"{folder}/index.m3u8?_HLS_msn={number}&_HLS_part=1")
            assert answer.status == 200 and "GAP=YES" in answer.text
    for name, folder in [(name, folder) for name in PROFILES for folder in folders[name].values()]:
        text = wait_for(
            lambda: (lambda text: gaps(text) >= 1 and text)(server.get(f"{folder}/index.m3u8").text), what="a gap")
        gap = text.split("#EXT-X-GAP\n")[1]
        uri = next(line for line in gap.splitlines() if line and not line.startswith("#"))
        assert server.get(f"{folder}/{uri}").status == 404
    # Of ten seconds, ten are published, in every rendition: two in each segment.
    wait_for(lambda: time.monotonic() > began + 10, what="ten seconds")
    for folder in folders["ultra"].values():
        least = int((time.monotonic() - began) / 2) - 1
        count = gaps(server.get(f"{folder}/index.m3u8").text)
        # The log may have been read a while after the silence began.
        assert least <= count <= (time.monotonic() - began) / 2 + 4
    for index, name in enumerate(PROFILES):
        if way == "frozen":
            encoders[index].process.kill()
            wait_for(lambda: len(server.events("ingest.closed")) > index, what="the end of the connection")
        publish(server, name)
    for name, folder in [(name, folder) for name in PROFILES for folder in folders[name].values()]:
        text = wait_for(
            lambda: (lambda text: "#EXT-X-DISCONTINUITY\n" in text and text)(server.get(f"{folder}/index.m3u8").text),
            what=f"{name} coming back")
        dates = re.findall(r"PROGRAM-DATE-TIME:(\S+)", text)
        assert dates == sorted(dates) and "ENDLIST" not in text
    wait_for(lambda: len(server.events("channel.silence_ended")) == 3, what="the end of the silence")
    for prober in probers:
        # A frozen encoder is given two seconds before it counts as silent: the part that lacks comes so much late.
        prober.check(late={"cadence.part": 1000} if way == "frozen" else {})
