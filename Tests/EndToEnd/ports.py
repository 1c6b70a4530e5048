"""Ports for those who cannot let the kernel choose one: below those that it gives away, and other ones in each worker, so that
nobody takes them in the meantime."""

import os
import socket

FIRST, BLOCK, BLOCKS = 20_000, 1000, 12
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw11").removeprefix("gw")) % BLOCKS
# Where other runs on the machine begin nobody knows.
_next = os.getpid() * 37


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as one:
            try:
                one.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def free_port():
    """A port that nobody uses, over TCP or UDP; another one each time."""
    global _next
    for _ in range(BLOCK):
        _next += 1
        port = FIRST + _worker * BLOCK + _next % BLOCK
        if _is_free(port):
            return port
    raise AssertionError(f"no port is free from {FIRST + _worker * BLOCK} on")


def free_ports(count):
    return [free_port() for _ in range(count)]
