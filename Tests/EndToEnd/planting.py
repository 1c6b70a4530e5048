"""A proxy in front of a running server that plants a fault into what it answers: one fault for each path prefix.

A fault stands between a request and the server's answer and may change either. What it has to remember of a rendition
it keeps in a memory that the playlist and the media of that rendition share.
"""

import collections
import dataclasses
import gzip
import http.client
import http.server
import threading
import time
import types
import typing

HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclasses.dataclass(frozen=True)
class Request:
    """What a client asked for: the path without the fault's prefix, and the query without its question mark."""

    path: str
    query: str
    headers: dict

    @property
    def target(self):
        return self.path + (f"?{self.query}" if self.query else "")

    @property
    def name(self):
        return self.path.rsplit("/", 1)[1]

    def asking(self, query, name=None):
        """The same request with another query, and another file of the same folder where one is named."""
        path = f"{self.path.rsplit('/', 1)[0]}/{name or self.name}"
        return dataclasses.replace(self, path=path, query=query)


@dataclasses.dataclass
class Answer:
    """What goes back. The body is never compressed here; it is when it is sent, where the header says so."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    is_chunked: bool = False
    # How long the first half of the body waits for the second one, in seconds.
    pause: float = 0

    def set(self, name, value):
        del self.headers[name]
        self.headers[name] = value

    def refuse(self, status):
        self.status, self.body = status, b""
        return self


@dataclasses.dataclass(frozen=True)
class Fault:
    """`rule` must catch it. `apply` takes a request, a function that gets the server's answer to it, and the memory."""

    rule: str | None
    seconds: int
    apply: typing.Callable


# The fault "none" shows that the proxy itself breaks no rule.
FAULTS = {"none": Fault(None, 10, lambda request, forward, _: forward(request))}


def plant(rule, seconds=5, name=None):
    """Plants a function, under its name with hyphens where no other is given."""

    def register(apply):
        own = name or apply.__name__.replace("_", "-")
        assert own not in FAULTS, f"{own} is planted twice"
        FAULTS[own] = Fault(rule, seconds, apply)
        return apply

    return register


class Handler(http.server.BaseHTTPRequestHandler):
    """Takes one connection's requests, over one connection of its own to the server."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 60
    upstream = None

    def do_GET(self):
        _, prefix, rest = self.path.split("/", 2)
        path, _, query = f"/{rest}".partition("?")
        request = Request(path, query, {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP})
        memory = self.server.memory[prefix, path.rsplit("/", 1)[0]]
        self.send(FAULTS[prefix].apply(request, self.forward, memory))

    def forward(self, request):
        """The server's own answer to `request`. A connection that the server closed meanwhile is opened again."""
        for last in False, True:
            try:
                self.upstream = self.upstream or http.client.HTTPConnection(*self.server.origin, timeout=30)
                self.upstream.request("GET", request.target, headers=request.headers)
                response = self.upstream.getresponse()
                body = response.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                self.upstream.close()
                if last:
                    raise
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(response.status, response.headers, body)

    def send(self, answer):
        body = answer.body
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.compress(body, 1)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if answer.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer.pause:
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            time.sleep(answer.pause)
            body = body[half:]
        self.wfile.write(body)

    def finish(self):
        if self.upstream:
            self.upstream.close()
        try:
            super().finish()
        except ConnectionError:
            pass

    def handle(self):
        """A client that leaves in the middle of an answer is no fault."""
        try:
            super().handle()
        except ConnectionError:
            pass

    def log_message(self, *_):
        pass


class Proxy(http.server.ThreadingHTTPServer):
    """Listens on a free port while it is entered."""

    request_queue_size = 128

    def __init__(self, origin_port):
        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = "127.0.0.1", origin_port
        # What a fault remembers of one rendition: its folder's path is the key, beside the fault's name.
        self.memory = collections.defaultdict(types.SimpleNamespace)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def url(self, fault, path):
        return f"http://127.0.0.1:{self.server_port}/{fault}{path}"

    def forget(self, fault):
        """The fault begins anew."""
        for key in [key for key in list(self.memory) if key[0] == fault]:
            del self.memory[key]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()
