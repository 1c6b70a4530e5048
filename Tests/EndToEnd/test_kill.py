"""A live event whose server is killed at random moments, with viewers attached and an encoder that comes back; and one
whose disk is full, and hangs: what was announced stays, and the live edge does not notice."""

import hashlib
import http.client
import os
import random
import re
import statistics
import subprocess
import threading
import time

import pytest

from conftest import Publisher, Server, channel, wait_for
from ports import free_ports
from prober import Prober

KILLS = 50 if os.environ.get("SOAK") == "1" else 10
PROFILES = ["low", "ultra"]


class Event:
    """A server on the same ports and the same data every time, and encoders that connect as soon as they can."""

    def __init__(self, folder, profiles):
        self.folder, self.profiles = folder, profiles
        self.http_port, self.rtmp_port = free_ports(2)
        self.publishers = {}
        self.stopping = threading.Event()
        self.start()
        self.threads = [threading.Thread(target=self.publish, args=(name,), daemon=True) for name in profiles]
        for thread in self.threads:
            thread.start()

    def start(self):
        channels = [channel(name, latency=name) for name in self.profiles]
        self.server = Server(self.folder, channels, http_port=self.http_port, rtmp_port=self.rtmp_port)

    def publish(self, name):
        while not self.stopping.wait(0.3):
            publisher = Publisher(f"rtmp://127.0.0.1:{self.rtmp_port}/live/{self.server.keys[name]}", seconds=3600)
            while publisher.process.poll() is None and not self.stopping.wait(0.05):
                pass
            publisher.stop()

    def kill(self, when_dead=lambda: None):
        """Ends the server as the kernel would, and starts it again; returns how long playlists were away."""
        self.server.process.kill()
        began = time.monotonic()
        self.server.process.wait()
        when_dead()
        self.start()
        for name in self.profiles:
            for folder in self.server.renditions(name).values():
                assert self.server.get(f"{folder}/index.m3u8").status == 200
        return time.monotonic() - began

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=60)
        return self.server.stop()


class Viewer:
    """Follows a media playlist by blocking reloads, and takes every part as soon as it is announced."""

    def __init__(self, event, folder):
        self.folder, self.port = folder, event.http_port
        self.playlist, self.bodies, self.reloads = "", {}, 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopping.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                while not self.stopping.is_set():
                    self.step(connection)
            except (OSError, http.client.HTTPException):
                self.stopping.wait(0.05)

    def step(self, connection):
        query = ""
        if self.playlist and self.reloads:
            sequence, part = position(self.playlist)
            query = f"?_HLS_msn={sequence}&_HLS_part={part}"
        status, body = self.get(connection, f"index.m3u8{query}")
        if status != 200:
            self.reloads = 0
            self.stopping.wait(0.05)
            return
        self.playlist, self.reloads = body.decode(), self.reloads + 1
        for uri in parts(self.playlist):
            if uri not in self.bodies:
                status, body = self.get(connection, uri)
                assert status == 200, f"{uri} was announced: {status}"
                self.bodies[uri] = hashlib.sha256(body).digest()

    def get(self, connection, name):
        connection.request("GET", f"{self.folder}/{name}")
        answer = connection.getresponse()
        return answer.status, answer.read()

    def stop(self):
        self.stopping.set()
        self.thread.join(timeout=60)


def parts(playlist):
    return re.findall(r'#EXT-X-PART:(?!.*GAP=YES).*URI="([^"]+)"', playlist)


def position(playlist):
    """Where the playlist ends: the number of the segment that grows, and how many parts it has."""
    sequence = int(re.search(r"MEDIA-SEQUENCE:(\d+)", playlist)[1]) + playlist.count("#EXTINF")
    growing = playlist.rsplit("\n#EXTINF", 1)[-1].split("\n", 2)[-1]
    return sequence, growing.count("#EXT-X-PART:")


def segments(playlist):
    """The complete segments by number: the date and the name, which is nothing where they are gaps."""
    number = int(re.search(r"MEDIA-SEQUENCE:(\d+)", playlist)[1])
    found, date, is_gap = {}, None, False
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = line.split(":", 1)[1]
        elif line == "#EXT-X-GAP":
            is_gap = True
        elif line and not line.startswith("#"):
            found[number] = (date, None if is_gap else line)
            number, is_gap = number + 1, False
    return found


def count(playlist, tag):
    match = re.search(rf"#EXT-X-{tag}:(\d+)", playlist)
    return int(match[1]) if match else 0


def check_rules(prober, kills=0):
    """No rule is broken; while a server is dead nobody answers, and nothing comes in time."""
    late = {"cadence.part": 2 * kills, "cadence.segment": 2 * kills}
    rules = prober.check(late, unanswered=1_000_000 if kills else 0).values()
    assert sum(rule["checked"] for rule in rules) > 1000
    return sum(rule["violated"] for rule in rules)


def bodies(server, folder, playlist):
    """What the segments of a playlist are."""
    found = {}
    for number, (_, name) in segments(playlist).items():
        if name:
            answer = server.get(f"{folder}/{name}")
            found[number] = hashlib.sha256(answer.body).digest() if answer.status == 200 else answer.status
    return found


def check_whole(server, folder, before, after, before_bodies, viewer):
    """What was announced in `before` is in `after`, with its numbers and its dates, or has left at the front."""
    for tag in ["MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"]:
        assert count(after, tag) >= count(before, tag), tag
    (old, new), first = (segments(before), segments(after)), count(after, "MEDIA-SEQUENCE")
    for number, known in old.items():
        if number >= first:
            assert new.get(number) == known, f"segment {number} was {known} and is {new.get(number)}"
    dates = [date for date, _ in new.values()]
    assert dates == sorted(dates) and len(set(dates)) == len(dates)
    for number, body in bodies(server, folder, after).items():
        if number in before_bodies:
            assert body == before_bodies[number], f"segment {number} has changed"
    sequence, growing = position(before)
    assert not growing or sequence in new, "what was growing is complete"
    for uri in parts(before):
        answer = server.get(f"{folder}/{uri}")
        assert answer.status == 200, f"{uri} was announced: {answer.status}"
        assert viewer.bodies.get(uri) in (None, hashlib.sha256(answer.body).digest()), f"{uri} has changed"


def test_an_event_outlives_its_server(tmp_path):
    seed = int(os.environ.get("KILL_SEED", random.randrange(1 << 32)))
    print(f"KILL_SEED={seed}")
    choices = random.Random(seed)
    pauses = [choices.uniform(0.3, 4.5) for _ in range(KILLS)]
    event, viewers, probers, away = Event(tmp_path, PROFILES), {}, [], []
    seconds = int(sum(pauses) + KILLS * 1.5 + 5)
    try:
        folders = {name: event.server.renditions(name) for name in PROFILES}
        probers = [Prober(event.server.url(f"/live/{name}/index.m3u8"), seconds) for name in PROFILES]
        for name in PROFILES:
            for folder in folders[name].values():
                viewers[folder] = Viewer(event, folder)
        wait_for(lambda: all(viewer.playlist for viewer in viewers.values()), what="the viewers")
        for pause in pauses:
            known = {folder: bodies(event.server, folder, viewer.playlist) for folder, viewer in viewers.items()}
            time.sleep(pause)
            before = {}
            away.append(event.kill(lambda: before.update({folder: one.playlist for folder, one in viewers.items()})))
            assert {name: event.server.renditions(name) for name in PROFILES} == folders, "the presentation goes on"
            for folder, viewer in viewers.items():
                after = event.server.get(f"{folder}/index.m3u8").text
                check_whole(event.server, folder, before[folder], after, known[folder], viewer)
        for prober in probers:
            print(check_rules(prober, KILLS), "parts or segments came late")
        wait_for(lambda: all(viewer.reloads > 0 for viewer in viewers.values()), what="the viewers coming back")
        print("away for", " ".join(f"{one:.2f}" for one in away), "s")
        # Two seconds are promised; a machine that others share may stand still during one of the kills.
        assert statistics.median(away) <= 2, away
    finally:
        for prober in probers:
            prober.process.kill()
        for viewer in viewers.values():
            viewer.stop()
        code = event.stop()
    assert code == 0


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own where the server's data are."""
    image, folder = tmp_path / "disk", tmp_path / "server-data"
    folder.mkdir()
    with open(image, "wb") as file:
        file.truncate(24 << 20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk of one's own takes the rights to mount one: {error}")
    yield folder
    subprocess.run(["fsfreeze", "-u", folder], capture_output=True)
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in [1 << 20, 1 << 12, 1]:
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def test_a_disk_that_is_full_or_hangs_leaves_the_live_edge_untouched(tmp_path, disk):
    event, prober, seconds = Event(tmp_path, ["low"]), None, 25
    try:
        folder = event.server.renditions("low")["video"]
        prober = Prober(event.server.url("/live/low/index.m3u8"), seconds)
        began = time.monotonic()
        time.sleep(3)
        fill(disk / "filler")
        wait_for(lambda: event.server.events("window.write_failed"), what="the alert")
        time.sleep(5)
        assert "headwater_window_write_failing 1" in event.server.metrics()
        (disk / "filler").unlink()
        wait_for(lambda: event.server.events("window.write_recovered"), what="the end of the alert")
        assert "headwater_window_write_failing 0" in event.server.metrics()
        subprocess.run(["fsfreeze", "-f", disk], check=True)
        # Longer than a segment, and players' patience.
        time.sleep(6)
        subprocess.run(["fsfreeze", "-u", disk], check=True)
        time.sleep(max(0, began + seconds - time.monotonic()))
        check_rules(prober)
        for alert in ["window.write_failed", "window.write_recovered"]:
            assert len(event.server.events(alert)) == 1, alert
        # All of it has been made up for.
        before = event.server.get(f"{folder}/index.m3u8").text
        known = bodies(event.server, folder, before)
        assert len(known) > 8
        event.kill()
        after = event.server.get(f"{folder}/index.m3u8").text
        assert {number: known[number] for number in segments(after) if number in known} \
            == {number: body for number, body in bodies(event.server, folder, after).items() if number in known}
    finally:
        if prober:
            prober.process.kill()
        event.stop()
