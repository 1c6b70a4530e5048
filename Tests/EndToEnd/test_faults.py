"""The prober finds each planted fault over real HTTP, and nothing where none is planted."""

import concurrent.futures
import os
import subprocess
import time

# These two plant what they hold into FAULTS.
import faults
import timed_faults
from conftest import channel, wait_for
from planting import FAULTS, Proxy
from prober import Prober, broken

AT_ONCE = 6
# What unit tests of the rules show nearly as well is left to the long run.
LONG_RUN = {
    "byte-order-mark", "space-at-a-line-end", "duration-with-exponent", "version-too-high", "hold-back-too-small",
    "skip-boundary-too-near", "blocking-not-offered", "start-at-the-edge", "hint-twice", "parts-gone-from-the-edge",
    "server-control-changes", "resolution-missing", "frame-rate-wrong", "language-missing", "vary-missing",
    "malformed-number-accepted", "decode-time-missing", "run-of-version-0", "base-not-the-moof", "header-with-duration",
    "discontinuity-sequence-missing", "average-above-the-peak", "codec-too-many", "channels-wrong",
    "playlist-kept-for-ever", "sound-as-video", "parts-rewritten",
}


def probe(proxy, name):
    """Why `name` was not judged as it must be; nothing when it was. A run in which the machine stood still may be too short
    for a fault to show: then a longer one counts."""
    fault = FAULTS[name]
    reason = judge(proxy, name, fault.seconds)
    if reason is None or fault.rule is None:
        return reason
    proxy.forget(name)
    return judge(proxy, name, 4 * fault.seconds)


def judge(proxy, name, seconds):
    fault, prober = FAULTS[name], Prober(proxy.url(name, "/live/c/index.m3u8"), seconds)
    try:
        report = prober.report()
    except subprocess.TimeoutExpired:
        return f"{name}: the prober does not end"
    except (AssertionError, ValueError) as error:
        return f"{name}: no report, but {error}"
    violated = {entry["rule"]: entry["first"] for entry in report["rules"] if entry["violated"]}
    found = "".join(f"\n    {rule}: {first}" for rule, first in violated.items()) or " nothing"
    found += f"\n    {report['unanswered']} without an answer" if report["unanswered"] else ""
    if fault.rule is None:
        return f"{name}: expected nothing, found{found}" if broken(report) or report["unanswered"] else None
    if prober.process.returncode == 1 and fault.rule in violated:
        return None
    return f"{name}: expected {fault.rule} and exit code 1, got {prober.process.returncode} and{found}"


def test_every_planted_fault_is_found(serve, publish):
    server = serve([channel("c", latency="low")])
    publish(server, "c", seconds=3600)
    playlist = server.renditions("c")["video"] + "/index.m3u8"
    wait_for(lambda: server.get(playlist).text.count("#EXTINF") >= 2, what="the second segment")
    # The long ones come first: none is left alone at the end, and the old answer is asked for before the window slides.
    assert LONG_RUN < FAULTS.keys()
    left_out = set() if os.environ.get("SOAK") == "1" else LONG_RUN
    names = sorted((name for name in FAULTS if name not in left_out), key=lambda name: -FAULTS[name].seconds)
    with Proxy(server.http_port) as proxy, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        def staggered(index, name):
            # A prober begins with a burst of requests: the first ones do not all begin together.
            time.sleep(index * 5 / AT_ONCE if index < AT_ONCE else 0)
            return probe(proxy, name)

        missed = [text for text in pool.map(staggered, range(len(names)), names) if text]
    assert not missed, "\n".join([f"{len(missed)} of {len(names)} faults:", *missed])
