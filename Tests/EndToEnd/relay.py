"""A way between two ends of UDP on which datagrams get lost, come late and overtake one another."""

import heapq
import random
import select
import socket
import threading
import time


class LossyRelay:
    """Passes datagrams on between `target`, a pair of host and port, and whoever sent to `port` last, both ways.

    Each is lost with the probability `loss`; one that is reordered comes so late that others overtake it. Which ones,
    the seed says. `watch` is called with each that goes on to the target. With 0 for the port a free one is taken. It runs
    while it is entered, or until `close`."""

    def __init__(self, listen_port, target, loss=0.05, reorder=0.02, seed=1, delay=0.0, lateness=0.03,
                 watch=lambda datagram: None):
        self._watch = watch
        self._random = random.Random(seed)
        self._target, self._client = (socket.gethostbyname(target[0]), target[1]), None
        self.loss, self.reorder, self.delay, self.lateness = loss, reorder, delay, lateness
        self.passed = self.lost = self.reordered = 0
        self._near, self._far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for end in self._near, self._far:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._near.bind(("127.0.0.1", listen_port))
        self._far.bind(("", 0))
        self.port = self._near.getsockname()[1]
        self._late = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._is_over.set()
        self._thread.join()
        self._near.close()
        self._far.close()

    def _run(self):
        count = 0
        while not self._is_over.is_set():
            pause = min(0.05, max(0, self._late[0][0] - time.monotonic())) if self._late else 0.05
            for end in select.select([self._near, self._far], [], [], pause)[0]:
                data, sender = end.recvfrom(65536)
                if end is self._near:
                    self._client = sender
                elif sender != self._target:
                    continue
                # Drawn for each, so that what happens to one does not depend on the others.
                fate, late = self._random.random(), self._random.uniform(0.2, 1) * self.lateness
                if fate < self.loss:
                    self.lost += 1
                    continue
                is_late = fate < self.loss + self.reorder
                self.reordered += is_late
                count += 1
                due = time.monotonic() + self.delay + (late if is_late else 0)
                heapq.heappush(self._late, (due, count, end is self._near, data))
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, goes_on, data = heapq.heappop(self._late)
                receiver = self._target if goes_on else self._client
                if receiver:
                    if goes_on:
                        self._watch(data)
                    (self._far if goes_on else self._near).sendto(data, receiver)
                    self.passed += 1
