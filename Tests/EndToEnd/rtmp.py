"""A publisher of RTMP that says any times: what encoders of other makes, and encoders that have run for long, send."""

import os
import socket
import struct
import threading


def _amf(value):
    """A value of AMF 0."""
    match value:
        case None: return b"\5"
        case str(): return b"\2" + struct.pack(">H", len(value)) + value.encode()
        case dict():
            pairs = (struct.pack(">H", len(name)) + name.encode() + _amf(one) for name, one in value.items())
            return b"\3" + b"".join(pairs) + b"\0\0\11"
        case _: return b"\0" + struct.pack(">d", value)


class RTMPSender:
    """A connection that publishes, over TLS where there is a context for it. Messages are sent in one chunk each, with the
    whole header. What the server says is read by a thread of its own, or, where `drains` is false, only by `settle`."""

    CHUNK = 1 << 20

    def __init__(self, port, key, app="live", tls=None, drains=True):
        self._key = key
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.socket.sendall(b"\3" + bytes(8) + b"x" * 1528)
        answer = b""
        while len(answer) < 1 + 2 * 1536:
            answer += self._receive()
        self.socket.sendall(answer[1:1537])
        self._send(2, 1, 0, 0, struct.pack(">I", self.CHUNK))
        self._command("connect", 1, {"app": app, "type": "nonprivate", "tcUrl": f"rtmp://127.0.0.1:{port}/{app}"})
        self._command("createStream", 2, None)
        self._command("publish", 3, None, key, "live", stream=1)
        answer = answer[1 + 2 * 1536:]
        while b"NetStream.Publish.Start" not in answer:
            answer += self._receive()
        if drains:
            threading.Thread(target=self._drain, daemon=True).start()

    def _receive(self):
        data = self.socket.recv(65536)
        assert data, "the server closed the connection"
        return data

    def _drain(self):
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass

    def _command(self, *values, stream=0):
        self._send(3, 20, 0, stream, b"".join(map(_amf, values)))

    def _send(self, chunk_stream, kind, stamp, stream, payload):
        short = min(stamp, 0xFFFFFF)
        header = bytes([chunk_stream]) + short.to_bytes(3, "big") + len(payload).to_bytes(3, "big") + bytes([kind])
        header += stream.to_bytes(4, "little")
        if short == 0xFFFFFF:
            header += stamp.to_bytes(4, "big")
        self.socket.sendall(header + payload)

    def send(self, kind, stamp, payload):
        """Sends a tag of FLV with a time of 32 bits."""
        self._send(4 if kind == 8 else 6, kind, stamp, 1, payload)

    def settle(self):
        """Waits until the server has taken all that was sent: only then does it answer a ping. RTMP 1.0 §7.1.7."""
        mark = os.urandom(4)
        self._send(2, 4, 0, 0, b"\0\6" + mark)
        answer = b""
        while b"\0\7" + mark not in answer:
            answer += self._receive()

    def unpublish(self):
        """Says that the stream ends, as ffmpeg does; the connection stays."""
        self._command("FCUnpublish", 4, None, self._key)
        self._command("deleteStream", 5, None, 1)

    def close(self):
        self.socket.close()

    def reset(self):
        """Breaks the connection off: what is under way, either way, is lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
