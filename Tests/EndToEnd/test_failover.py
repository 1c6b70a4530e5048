"""A channel with a backup: what viewers see when its primary input fails, and when it comes back."""

import os
import signal
import statistics
import time

import pytest

from browsers import Chromium
from conftest import Publisher, channel, wait_for
from follower import Follower
from prober import Prober
from test_life import WATCH
from test_page import HLS, STATE, TIME

RESTARTS = 100 if os.environ.get("SOAK") == "1" else 10
BACKUP_KEY = "key-of-the-backup-1234"


@pytest.fixture
def follow():
    followers = []

    def start(*arguments):
        followers.append(Follower(*arguments))
        return followers[-1]

    yield start
    for follower in followers:
        follower.stop()


def with_backup(latency, **backup):
    return channel("news", latency=latency, backup={"streamKey": BACKUP_KEY, **backup})


def primary(server):
    return Publisher(server.rtmp_url("news"))


def backup(server):
    return Publisher(server.srt_url("news", streamid=BACKUP_KEY), size="320x180", gop=90)


def reasons(server):
    return [event["reason"] for event in server.events("channel.input_switched")]


def test_the_backup_stands_in_and_the_primary_input_comes_back(serve, send, follow):
    # Longer than a machine that others share stands still.
    server = serve([with_backup("low", switchAfter="3s")], "--player-hls", HLS)
    first = send(primary, server)
    # A backup that is there first stands in.
    wait_for(lambda: len(server.events("ingest.accepted")) == 1, what="the primary input")
    send(backup, server)
    folder = server.renditions("news")["video"]
    wait_for(lambda: len(server.events("ingest.accepted")) == 2, what="both inputs")
    prober = Prober(server.url("/live/news/index.m3u8"), 50)
    page = Chromium()
    try:
        page.open(server.url("/watch/news"))
        page.wait(f"{STATE} === 'live' && {TIME} > 0", 90)
        page.evaluate(WATCH)
        follower = follow(server, folder)
        time.sleep(5)
        count = follower.count()
        # A connection that is closed is left at once, for the group of pictures that is held of the other.
        first.process.kill()
        killed = time.monotonic()
        taken = follower.first_after(count) - killed
        assert reasons(server) == ["closed"] and taken < 2, taken
        second = send(primary, server)
        wait_for(lambda: reasons(server)[1:] == ["primary_is_back"], what="the return")
        assert follower.first_after(count + 1)
        time.sleep(3)
        # One that is silent, when its time is over.
        second.process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        silent = follower.first_after(count + 2) - stopped
        assert reasons(server)[2:] == ["silent"] and 2.5 < silent < 6, silent
        time.sleep(3)
        at = page.evaluate(TIME)
        wait_for(lambda: page.evaluate(TIME) > at + 1, what="the player going on")
        # It may have to wait for what lacked, but not for ever.
        page.wait(f"['live', 'behind'].includes({STATE})", 20)
        # All that it told of since it began, and not only the last.
        errors = [error for _, error in page.evaluate("window.watched.errors")]
        assert not [one for one in errors if ", fatal" in one], errors
        second.process.send_signal(signal.SIGCONT)
    finally:
        page.close()
    # What is silent is waited for: the part that lacks comes so much late.
    prober.check(late={"cadence.part": 9})
    assert len(server.events("channel.presentation_started")) == 1


@pytest.mark.parametrize("latency", ["low", "ultra"])
def test_how_long_it_takes(serve, send, follow, latency):
    server = serve([with_backup(latency, prefer="either", switchAfter="10s")])
    inputs = {"primary": send(primary, server), "backup": send(backup, server)}
    folder = server.renditions("news")["video"]
    wait_for(lambda: len(server.events("ingest.accepted")) == 2, what="both inputs")
    follower = follow(server, folder)
    times = []
    # The one on the air goes, and comes again as the one that waits.
    for turn in range(4):
        time.sleep(3)
        name = ["primary", "backup"][turn % 2]
        if name == "backup":
            # An SRT connection that nobody closes is only silent.
            inputs[name].process.send_signal(signal.SIGINT)
        else:
            inputs[name].process.kill()
        count, gone = follower.count(), time.monotonic()
        times.append(follower.first_after(count) - gone)
        inputs[name] = send(primary if name == "primary" else backup, server)
        wait_for(lambda: len(server.events("ingest.accepted")) == turn + 3, what="the input")
    assert reasons(server) == ["closed"] * 4
    assert statistics.median(times) < 1, times
    print(latency, "closed to first part, seconds:", [round(one, 3) for one in times])


def test_an_encoder_that_is_killed_again_and_again(serve, send, follow):
    server = serve([channel("news", latency="low")])
    encoder = send(primary, server)
    follower = follow(server, server.renditions("news")["video"])
    prober = Prober(server.url("/live/news/index.m3u8"), 6 * RESTARTS)
    for turn in range(RESTARTS):
        time.sleep(3)
        encoder.process.kill()
        count = follower.count()
        encoder = send(primary, server)
        follower.first_after(count)
    prober.check(late={"cadence.part": 3 * RESTARTS})
    assert len(server.events("channel.presentation_started")) == 1
    assert len(server.events("ingest.accepted")) == RESTARTS + 1
