"""A sender of SRT on libsrt itself: one message goes on the air when it is given, as long as is said here."""

import ctypes
import functools
import socket
import struct
import time

_SEND_TIMEOUT, _SEND_DATA, _PEER_LATENCY, _STREAM_ID = 13, 19, 44, 46


@functools.cache
def _library():
    library = ctypes.CDLL("libsrt.so.1.5")
    library.srt_getlasterror_str.restype = ctypes.c_char_p
    assert library.srt_startup() >= 0
    return library


class SRTSender:
    """A connection of a caller to a port of this machine, which wants its packets to be held for `latency` milliseconds.
    `OSError` says that it failed or was refused, or that for ten seconds nothing could be sent."""

    def __init__(self, port, stream_id, latency=None):
        library = _library()
        self._socket = library.srt_create_socket()
        stream_id = stream_id.encode()
        self._check(library.srt_setsockflag(self._socket, _STREAM_ID, stream_id, len(stream_id)))
        for option, number in [(_SEND_TIMEOUT, 10_000), (_PEER_LATENCY, latency)]:
            if number is not None:
                self._check(library.srt_setsockflag(self._socket, option, struct.pack("=i", number), 4))
        address = struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton("127.0.0.1") + bytes(8)
        self._check(library.srt_connect(self._socket, address, len(address)))

    def send(self, data):
        self._check(_library().srt_send(self._socket, data, len(data)))

    def settle(self):
        """Waits until the other end has acknowledged all that was sent: what is not, a close loses."""
        left, size, end = ctypes.c_int32(1), ctypes.c_int(4), time.monotonic() + 60
        while left.value:
            assert time.monotonic() < end, f"{left.value} messages are not acknowledged"
            self._check(_library().srt_getsockflag(
                self._socket, _SEND_DATA, ctypes.byref(left), ctypes.byref(size)))
            time.sleep(0.002)

    def close(self):
        _library().srt_close(self._socket)

    def _check(self, result):
        if result < 0:
            raise OSError(_library().srt_getlasterror_str().decode())
