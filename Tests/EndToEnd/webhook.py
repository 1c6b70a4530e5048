"""A service that is asked who may publish, with faults of all kinds."""

import hashlib
import hmac
import json
import socket
import threading
import time

SECRET = "the secret of the webhook"


def answer(status, body=b"", *fields):
    """A whole answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]).encode() + body


class Webhook:
    """Answers each request as the channel that it is about has it in `behaviours`: with bytes, or by what a function does
    with the connection; others with 204."""

    def __init__(self, behaviours=None):
        self.behaviours = behaviours or {}
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def settings(self):
        return {"url": f"http://127.0.0.1:{self.port}/may-publish", "secret": SECRET}

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection:
            connection.settimeout(30)
            try:
                head, _, body = self._receive(connection).partition(b"\r\n\r\n")
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
                request = {"fields": fields, "raw": head + body, "body": json.loads(body), "at": time.monotonic()}
                stamp = fields["Headwater-Timestamp"]
                code = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
                request["is_signed"] = fields["Headwater-Signature"] == "v1=" + code
                request["is_new"] = abs(time.time() - int(stamp)) < 60
                self.requests.append(request)
                behaviour = self.behaviours.get(request["body"]["channel"], answer("204 No Content"))
                behaviour(connection) if callable(behaviour) else connection.sendall(behaviour)
            except OSError:
                pass  # it left

    @staticmethod
    def _receive(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head = data.partition(b"\r\n\r\n")[0].decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        while len(data) < len(head) + 4 + length:
            data += connection.recv(65536)
        return data

    def close(self):
        # A thread that accepts would keep the socket open.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()


def slow(seconds, then=answer("204 No Content")):
    """Answers late."""

    def behave(connection):
        time.sleep(seconds)
        connection.sendall(then)

    return behave


def endless(start, piece):
    """Never stops to answer."""

    def behave(connection):
        connection.sendall(start)
        for _ in range(100_000):
            connection.sendall(piece)

    return behave
