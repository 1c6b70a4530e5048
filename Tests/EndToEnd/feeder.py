"""Publishes one file to many channels from one thread, at the pace of the file: `feeder.py FILE URL...`, where the file and
the URLs are of RTMP (FLV) or SRT (MPEG-TS). What goes over the wire is prepared once and shared by all channels, which
begin one after the other within two seconds, so that their key frames do not come together.

It says `ready` when all are connected, and when it is terminated, or the file ends, a line of JSON: how late messages
were sent, and how many could not be sent at all."""

import ctypes
import json
import os
import signal
import socket
import struct
import sys
import time
import urllib.parse

import flv
import mpegts

# Between two looks at what is due.
TICK = 0.005
SPREAD = 2.0


def transport_messages(data):
    """When each message of an SRT connection is due, by the PCR, and where it lies in the file."""
    clocks, first, position = [], None, 0
    for number in range(0, len(data) - mpegts.PACKET + 1, mpegts.PACKET):
        if data[number + 3] & 0x20 and data[number + 4] >= 7 and data[number + 5] & 0x10:
            pcr = mpegts.Packet(data[number:number + mpegts.PACKET]).pcr
            first = pcr if first is None else first
            clocks.append((number, (pcr - first) / 27e6))
    due, place = [], 0
    for position in range(0, len(data), mpegts.MESSAGE):
        while place + 2 < len(clocks) and clocks[place + 1][0] <= position:
            place += 1
        (start, begin), (stop, end) = clocks[place:place + 2]
        due.append(begin + max(position - start, 0) / (stop - start) * (end - begin))
    return due, [(start, min(start + mpegts.MESSAGE, len(data))) for start in range(0, len(data), mpegts.MESSAGE)]


class SRT:
    """Callers that share a UDP port, and with it libsrt's threads."""

    TRANSTYPE, STREAMID, SNDSYN = 50, 46, 1

    def __init__(self, data, urls):
        self.library = ctypes.CDLL("libsrt.so.1.5")
        self.library.srt_getlasterror_str.restype = ctypes.c_char_p
        self.library.srt_send.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
        self.library.srt_startup()
        self.buffer = ctypes.create_string_buffer(data, len(data))
        self.base = ctypes.addressof(self.buffer)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            local = probe.getsockname()[1]
        self.sockets = [self.connect(urllib.parse.urlsplit(url), local) for url in urls]

    @staticmethod
    def address(port):
        return struct.pack("=HHI8x", socket.AF_INET, socket.htons(port), socket.htonl(0x7F000001))

    def option(self, handle, name, value):
        self.check(self.library.srt_setsockflag(handle, name, value, len(value)))

    def check(self, result):
        if result < 0:
            raise OSError(self.library.srt_getlasterror_str().decode())

    def connect(self, url, local):
        """A listener may not be there yet."""
        for left in reversed(range(20)):
            handle = self.library.srt_create_socket()
            try:
                self.option(handle, self.TRANSTYPE, struct.pack("i", 0))
                name = urllib.parse.parse_qs(url.query).get("streamid", [""])[0]
                if name:
                    self.option(handle, self.STREAMID, name.encode())
                self.check(self.library.srt_bind(handle, self.address(local), 16))
                self.check(self.library.srt_connect(handle, self.address(url.port), 16))
                self.option(handle, self.SNDSYN, struct.pack("i", 0))
                return handle
            except OSError:
                self.library.srt_close(handle)
                if not left:
                    raise

    def send(self, channel, start, end):
        """True when all of it went out."""
        return self.library.srt_send(self.sockets[channel], self.base + start, end - start) == end - start


def amf(value):
    if isinstance(value, str):
        return b"\2" + struct.pack(">H", len(value)) + value.encode()
    if isinstance(value, dict):
        return b"\3" + b"".join(amf(name)[1:] + amf(one) for name, one in value.items()) + b"\0\0\t"
    return b"\5" if value is None else b"\0" + struct.pack(">d", value)


def message(kind, body, time=0, stream=0, chunk=128):
    """A message of RTMP in chunks, on a chunk stream of its kind."""
    lane = 3 if kind in (1, 20) else 4 if kind == 8 else 6
    out = bytes([lane]) + min(time, 0xFFFFFF).to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes([kind])
    out += struct.pack("<I", stream)
    return out + bytes([0xC0 | lane]).join(body[start:start + chunk] for start in range(0, len(body), chunk))


def flash_messages(data):
    """When each message of an RTMP connection is due, and what goes over the wire for all of them."""
    due, places, wire = [], [], bytearray()
    for kind, stamp, payload in flv.tags(data):
        begin = len(wire)
        wire += message(kind, payload, stamp, 1, chunk=1 << 20)
        due.append(stamp / 1000)
        places.append((begin, len(wire)))
    return due, places, bytes(wire)


class RTMP:
    def __init__(self, wire, urls):
        self.wire = memoryview(wire)
        self.sockets = [self.connect(urllib.parse.urlsplit(url)) for url in urls]

    @staticmethod
    def connect(url):
        app, key = url.path[1:].split("/")
        peer = socket.create_connection((url.hostname, url.port))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(b"\3" + bytes(1536))
        answer = peer.recv(1 + 1536 + 1536, socket.MSG_WAITALL)
        peer.sendall(answer[1:1537])
        place = f"rtmp://{url.netloc}/{app}"
        for command in [("connect", 1, {"app": app, "tcUrl": place}), ("createStream", 2, None),
                        ("publish", 3, None, key, "live")]:
            peer.sendall(message(20, b"".join(map(amf, command)), stream=1 if command[0] == "publish" else 0))
        said = b""
        while b"NetStream.Publish.Start" not in said:
            more = peer.recv(4096)
            if not more:
                raise OSError(f"refused: {said}")
            said += more
        peer.sendall(message(1, struct.pack(">I", 1 << 20)))
        return peer

    def send(self, channel, start, end):
        """Waits where the other end does not take it, which shows in how late the next ones are."""
        self.sockets[channel].sendall(self.wire[start:end])
        return True


def feed(sink, channels, due, places):
    """Sends what is due until the file ends or somebody asks to stop."""
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    print("ready", flush=True)
    begin = time.monotonic() + 0.1
    starts = [begin + SPREAD * number / channels for number in range(channels)]
    nexts, late, sent, failed, looks = [0] * channels, [], 0, 0, 0
    while not stopping and min(nexts) < len(due):
        now, worst = time.monotonic(), 0
        for channel, position in enumerate(nexts):
            elapsed = now - starts[channel]
            if position < len(due) and due[position] <= elapsed:
                worst = max(worst, elapsed - due[position])
                while position < len(due) and due[position] <= elapsed:
                    failed += not sink.send(channel, *places[position])
                    position += 1
                sent += position - nexts[channel]
                nexts[channel] = position
        late.append(worst)
        rest = TICK - (time.monotonic() - now)
        if rest > 0:
            time.sleep(rest)
    late.sort()
    print(json.dumps({
        "sent": sent, "failed": failed, "seconds": round(time.monotonic() - begin, 1),
        "lateP99": round(late[len(late) * 99 // 100] * 1000, 1), "lateMost": round(late[-1] * 1000, 1),
        "cpu": round(sum(os.times()[:2]), 2)}), flush=True)


def main():
    path, *urls = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    if urls[0].startswith("srt:"):
        due, places = transport_messages(data)
        sink = SRT(data, urls)
    else:
        due, places, wire = flash_messages(data)
        sink = RTMP(wire, urls)
    feed(sink, len(urls), due, places)
    os._exit(0)


if __name__ == "__main__":
    main()
