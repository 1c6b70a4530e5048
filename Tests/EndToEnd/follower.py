"""A client that follows the live edge of a rendition, and knows when each change of it came."""

import re
import threading
import time

from conftest import wait_for


class Follower:
    """A client that asks for each part of a rendition as soon as it may, and notes when it came. Of those behind a
    discontinuity it gets the first, too."""

    def __init__(self, server, folder):
        self.server, self.folder, self.path = server, folder, f"{folder}/index.m3u8"
        self.stopping, self.answers = threading.Event(), []
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        text = self.server.get(self.path).text
        while not self.stopping.is_set():
            number = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF")
            part = text.rsplit("#EXTINF", 1)[-1].count("#EXT-X-PART:")
            answer = self.server.get(f"{self.path}?_HLS_msn={number}&_HLS_part={part}")
            assert answer.status == 200, (answer.status, answer.text)
            text = answer.text
            # What is not listed any more was seen in its time.
            found = self.discontinuities(text)
            if self.answers and found > self.count():
                uri = re.search(r'#EXT-X-PART:.*URI="([^"]+)"', text.rsplit("#EXT-X-DISCONTINUITY\n", 1)[1])[1]
                status = self.server.get(f"{self.folder}/{uri}").status
                assert status == 200, (uri, status)
            self.answers.append((time.monotonic(), number, found))

    @staticmethod
    def discontinuities(text):
        return int(re.search(r"DISCONTINUITY-SEQUENCE:(\d+)|$", text)[1] or 0) + text.count("#EXT-X-DISCONTINUITY\n")

    def count(self):
        return self.answers[-1][2] if self.answers else 0

    def first_after(self, count):
        """When the first part behind more than `count` discontinuities came."""
        return wait_for(
            lambda: next((at for at, _, found in self.answers if found > count), None), what="a discontinuity")

    def stop(self):
        self.stopping.set()
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()
        numbers = [number for _, number, _ in self.answers]
        assert numbers == sorted(numbers), "numbers never go back"
