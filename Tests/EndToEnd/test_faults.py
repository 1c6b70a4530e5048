"""The prober finds each planted fault over real HTTP, and nothing where none is planted."""

import concurrent.futures
import json
import subprocess
import time

import faults  # noqa: F401  It plants into FAULTS, as the next one does.
import timed_faults  # noqa: F401
from conftest import channel, wait_for
from planting import FAULTS, Proxy
from test_rules import PROBER

AT_ONCE = 6


def probe(proxy, name):
    """Why `name` was not judged as it must be; nothing when it was."""
    fault = FAULTS[name]
    prober = subprocess.run(
        [PROBER, "--json", "--seconds", str(fault.seconds), proxy.url(name, "/live/c/index.m3u8")],
        capture_output=True, text=True, timeout=fault.seconds + 60)
    try:
        report = json.loads(prober.stdout)
    except ValueError:
        return f"{name}: no report, but {prober.stdout}{prober.stderr}"
    broken = {entry["rule"]: entry["first"] for entry in report["rules"] if entry["violated"]}
    found = "".join(f"\n    {rule}: {first}" for rule, first in broken.items()) or " nothing"
    found += f"\n    {report['unanswered']} without an answer" if report["unanswered"] else ""
    if fault.rule is None:
        return None if prober.returncode == 0 and not broken else f"{name}: expected nothing, found{found}"
    if prober.returncode == 1 and fault.rule in broken:
        return None
    return f"{name}: expected {fault.rule} and exit code 1, got {prober.returncode} and{found}"


def test_every_planted_fault_is_found(serve, publish):
    server = serve([channel("c", latency="low")])
    publish(server, "c", seconds=300)
    playlist = server.renditions("c")["video"] + "/index.m3u8"
    wait_for(lambda: server.get(playlist).text.count("#EXTINF") >= 2, what="the second segment")
    # The long ones first, so that none of them is left alone at the end.
    names = sorted(FAULTS, key=lambda name: -FAULTS[name].seconds)
    with Proxy(server.http_port) as proxy, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        def staggered(index, name):
            # A prober begins with a burst of requests: the first ones do not all begin together.
            time.sleep(index * 5 / AT_ONCE if index < AT_ONCE else 0)
            return probe(proxy, name)

        missed = [text for text in pool.map(staggered, range(len(names)), names) if text]
    assert not missed, "\n".join([f"{len(missed)} of {len(names)} faults:", *missed])
