"""The prober: what it finds in what a server serves."""

import json
import os
import subprocess

from conftest import ROOT

PROBER = os.environ.get("E2E_PROBER", str(ROOT / ".build/release/hls-prober"))
# Rules about when something comes. A machine that others share may be late itself: most of what comes has to be in time.
TIMED = {"cadence.part", "cadence.segment", "part.line-rate", "block.old"}


def broken(report, late={}):
    """The rules that are broken, as the prober's JSON has them. Of those in TIMED a tenth may be, and as much as `late` says
    besides."""
    def allowed(rule):
        usual = max(2, rule["checked"] // 10) if rule["rule"] in TIMED else 0
        return usual + late.get(rule["rule"], 0)

    return [rule for rule in report["rules"] if rule["violated"] > allowed(rule)]


class Prober:
    """A run of the prober, which is under way."""

    def __init__(self, url, seconds, *flags):
        self.url, self.seconds = url, seconds
        self.process = subprocess.Popen(
            [PROBER, "--json", "--seconds", str(seconds), *map(str, flags), url], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def report(self):
        """What it says in the end."""
        try:
            text, errors = self.process.communicate(timeout=self.seconds + 120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        assert text, (self.url, errors)
        return json.loads(text)

    def check(self, late={}, unanswered=0):
        """Fails where a rule is broken, or more requests than `unanswered` got no answer. Returns the rules that were
        checked, each with its counts."""
        report = self.report()
        assert not broken(report, late), (self.url, broken(report, late))
        assert report["unanswered"] <= unanswered, (self.url, report["unanswered"])
        return {rule["rule"]: rule for rule in report["rules"] if rule["checked"]}
