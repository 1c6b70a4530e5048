"""What the way to the server does to a transport stream: datagrams and packets that get lost, damaged, doubled, cut."""

import ctypes
import os
import random
import subprocess

import pytest

from conftest import channel, wait_for
from mpegts import PACKET, Rewriter, chance
from prober import TIMED, Prober
from relay import LossyRelay
from sending import AAC, H264, PICTURES, Encoder, Sender, counter, on_air, play, tone

SOURCE = [*PICTURES, *tone(440), *H264, *AAC]
SECONDS = 120 if os.environ.get("SOAK") == "1" else 8
ERRORS = ["TS_sync_loss", "Sync_byte_error", "Continuity_count_error", "Transport_error", "CRC_error"]


def through(server, name, port, **options):
    """Where to publish to through a relay."""
    return server.srt_url(name, **options).replace(f":{server.srt_port}?", f":{port}?")


def found(server, name):
    """The errors of a channel's transport stream that are not 0."""
    counts = {error: counter(server, "headwater_ts_errors_total", channel=name, error=error) for error in ERRORS}
    return {error: count for error, count in counts.items() if count}


def goes_on(server, folders):
    """Waits until each rendition has another three segments with media behind what it has now."""
    def newest(folder):
        lines = server.get(f"{folder}/index.m3u8").text.splitlines()
        return [line for place, line in enumerate(lines)
                if line.endswith(".m4s") and not line.startswith("#") and "#EXT-X-GAP" not in lines[place - 2:place]]

    for folder in folders.values():
        before = set(newest(folder))
        wait_for(lambda: len(set(newest(folder)) - before) >= 3, what=f"{folder} going on")


def test_what_srt_recovers_is_whole_and_what_it_does_not_is_counted(serve, send):
    server = serve([channel("mended", latency="ultra"), channel("broken", latency="ultra"),
                    channel("late", latency="ultra")])
    target = ("127.0.0.1", server.srt_port)
    with LossyRelay(0, target, loss=0.05, reorder=0.05, seed=1) as light, LossyRelay(
            0, target, loss=0.2, reorder=0.05, seed=2, delay=0.03) as heavy, LossyRelay(
            0, target, loss=0.2, reorder=0.05, seed=3) as patient:
        for name, relay, latency in (
                ("mended", light, 1000), ("broken", heavy, 60), ("late", patient, 1500)):
            # Handshakes get lost as well.
            send(Again, through(server, name, relay.port, latency=latency * 1000), *SOURCE)
        folders = {name: on_air(server, name) for name in ("mended", "late", "broken")}
        probers = {name: Prober(server.url(f"/live/{name}/index.m3u8"), SECONDS) for name in folders}
        for name in folders:
            goes_on(server, folders[name])
        packets = lambda name, kind: counter(  # noqa: E731
            server, "headwater_srt_packets_total", channel=name, kind=kind)
        for name, relay in ("mended", light), ("late", patient):
            wait_for(lambda: packets(name, "lost") > 0 and packets(name, "retransmitted") > 0, what="what was lost")
            assert relay.lost > 0 and relay.reordered > 0
            assert (packets(name, "dropped"), found(server, name)) == (0, {}), name
            assert counter(server, "headwater_ts_packets_total", channel=name, kind="lost") == 0
            player = play(server.url(f"/live/{name}/index.m3u8"))
            assert (player.communicate(timeout=60)[1], player.returncode) == ("", 0), name
            assert violated(probers[name].report()) == []
        wait_for(lambda: packets("broken", "dropped") > 0, what="packets that came too late")
        wait_for(lambda: found(server, "broken").get("Continuity_count_error"), what="what lacks being counted")
        assert counter(server, "headwater_ts_packets_total", channel="broken", kind="lost") > 0
        # Where pictures lack for longer, segments have holes.
        holes = {"media.continuity", "segment.duration"}
        assert violated(probers["broken"].report(), LACKING | holes) == []


class Again(Encoder):
    """An encoder that is started again when it cannot connect."""

    def __init__(self, url, *arguments):
        self._url, self._arguments = url, arguments
        for _ in range(5):
            super().__init__(url, *arguments, seconds=2 * SECONDS + 120)
            try:
                self.process.wait(timeout=4)
            except subprocess.TimeoutExpired:
                return


# What key frames that never came leave behind: segments that begin with another picture, shown later than they begin.
LACKING = {"date.mapping", "date.shared", "segment.aligned", "media.starts-with-sync", "media.earliest-presentation",
           "multivariant.frame-rate"}


def violated(report, lacking=frozenset()):
    """The rules that are broken, without those about time: what lacks may be late. All else holds whatever comes in."""
    return [rule["first"] for rule in report["rules"]
            if rule["violated"] and rule["rule"] not in TIMED and rule["rule"] not in lacking]


class Noise:
    """Puts other bytes between packets, now and then: sync bytes among them, and ends of packets that were cut off."""

    def __init__(self, share):
        self._random, self._share = random.Random(7), share
        self.count = 0

    def __call__(self, data):
        result = b""
        for start in range(0, len(data), PACKET):
            if self._random.random() < self._share:
                self.count += 1
                result += self._random.choice([
                    b"\x47", b"\x47" * 400, self._random.randbytes(37), self._random.randbytes(1000),
                    data[start:start + 100]])
            result += data[start:start + PACKET]
        return result


def test_a_damaged_stream_goes_on_and_what_is_wrong_is_counted(serve, send):
    def damaged(edit):
        rewriter = Rewriter()
        edit(rewriter)
        return {"rewriter": rewriter}

    kinds = {
        "flipped": damaged(lambda rewriter: rewriter.corrupt(chance(0.01))),
        "flagged": damaged(lambda rewriter: rewriter.corrupt(chance(0.01, seed=2), place=1, mask=0x80)),
        "lost": damaged(lambda rewriter: rewriter.drop(chance(0.01, seed=3))),
        "overtaken": damaged(lambda rewriter: rewriter.reorder(chance(0.01, seed=4), by=2)),
        "noisy": {"change": Noise(0.02)},
    }
    server = serve([channel(name, latency="ultra") for name in kinds])
    for name, options in kinds.items():
        send(Sender, server.srt_url(name), *SOURCE, **options)
    folders = {name: on_air(server, name) for name in kinds}
    probers = {name: Prober(server.url(f"/live/{name}/index.m3u8"), SECONDS) for name in kinds}
    for name in kinds:
        goes_on(server, folders[name])
    expected = {"flagged": "Transport_error", "lost": "Continuity_count_error", "overtaken": "Continuity_count_error",
                "noisy": "Sync_byte_error"}
    for name, error in expected.items():
        wait_for(lambda: found(server, name).get(error), what=f"{error} of {name}")
    # Bits that are flipped in media are what no counter of the transport stream sees; in tables their checksum does.
    assert "Transport_error" not in found(server, "flipped")
    for name in "lost", "overtaken":
        assert counter(server, "headwater_ts_packets_total", channel=name, kind="lost") > 0
    for name, prober in probers.items():
        assert violated(prober.report(), LACKING) == [], name
    assert not server.events("ingest.closed")


def test_packets_that_come_twice_and_messages_of_any_size_change_nothing(serve, send):
    sizes = [188, 376, 1000, 1128, 1316, 1456]
    names = [f"by-{size}" for size in sizes]
    server = serve([channel(name, latency="ultra") for name in [*names, "twice"]])
    for name, size in zip(names, sizes):
        send(Sender, server.srt_url(name), *SOURCE, size=size)
    rewriter = Rewriter()
    rewriter.duplicate(chance(0.05))
    send(Sender, server.srt_url("twice"), *SOURCE, rewriter=rewriter)
    for name in [*names, "twice"]:
        on_air(server, name)
    probers = [Prober(server.url(f"/live/{name}/index.m3u8"), SECONDS) for name in [*names, "twice"]]
    players = {name: play(server.url(f"/live/{name}/index.m3u8")) for name in [*names, "twice"]}
    for name, player in players.items():
        assert (player.communicate(timeout=60)[1], player.returncode) == ("", 0), name
        assert found(server, name) == {}, name
        assert counter(server, "headwater_ts_dropped_units_total", channel=name) == 0, name
    kinds = {name: counter(server, "headwater_ts_packets_total", channel=name, kind="repeated") for name in players}
    assert kinds.pop("twice") > 0 and set(kinds.values()) == {0}
    for prober in probers:
        assert violated(prober.report()) == []


@pytest.fixture
def lossy_network():
    """The test runs in a network of its own, whose loopback loses a twentieth of what it carries, and reorders."""
    name = f"headwater-test-{os.getpid()}"

    def run(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{' '.join(command)}: {done.stderr.strip()}")

    enter, before = ctypes.CDLL(None, use_errno=True).setns, None
    try:
        run("ip", "netns", "add", name)
        inside = ["ip", "netns", "exec", name]
        run(*inside, "ip", "link", "set", "lo", "up")
        run(*inside, "tc", "qdisc", "add", "dev", "lo", "root",
            *"netem delay 10ms loss 5% reorder 20%".split())
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        with open(f"/run/netns/{name}") as space:
            if enter(space.fileno(), 0):
                pytest.skip(f"a network cannot be entered: {os.strerror(ctypes.get_errno())}")
        yield
    except FileNotFoundError as error:
        pytest.skip(str(error))
    finally:
        if before is not None:
            enter(before, 0)
            os.close(before)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def test_what_a_lossy_network_carries_is_whole(lossy_network, serve, send):
    server = serve([channel("mended", latency="ultra")])
    send(Again, server.srt_url("mended", latency=1500000), *SOURCE)
    folders = on_air(server, "mended")
    goes_on(server, folders)
    kinds = {kind: counter(server, "headwater_srt_packets_total", channel="mended", kind=kind)
             for kind in ("lost", "retransmitted", "dropped")}
    assert kinds["lost"] > 0 and kinds["retransmitted"] > 0 and kinds["dropped"] == 0
    assert found(server, "mended") == {}
    player = play(server.url("/live/mended/index.m3u8"))
    assert (player.communicate(timeout=60)[1], player.returncode) == ("", 0)
