"""Transport streams changed on their way to a server: packets get lost, clocks jump, tracks stop, splices and metadata
come.

    rewriter = Rewriter()
    rewriter.drop(chance(0.01, seed=1))
    rewriter.shift(-3600, at=10)                    # the encoder starts again
    rewriter.mute([AUDIO], until=20)                # its sound comes late
    rewriter.splice(5, lambda first: splice_insert(7, True, first + 8 * 90000, 30 * 90000))
    rewriter.metadata(6, tag, 0x1F1, 0x15, ID3)
    pump("clip.ts", socket.send, rewriter=rewriter)

Moments are seconds since the first PCR, by the clock of the source. Edits are made in the order they were asked for.
"""

import random
import time

PACKET = 188
# What a message of SRT or a datagram carries.
MESSAGE = 7 * PACKET
# PTS, DTS and the PCR's base have 33 bits; the clock itself runs at 27 MHz.
CLOCK = 1 << 33
TICKS = CLOCK * 300
# Where ffmpeg puts the first two streams.
VIDEO, AUDIO = 0x100, 0x101
FOREVER = float("inf")


def crc32(data):
    """The CRC of sections, ISO/IEC 13818-1 annex A."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


def difference(new, old, modulus):
    """How far `new` is ahead of `old`, on a clock that begins again."""
    return (new - old + modulus // 2) % modulus - modulus // 2


class Packet:
    """A packet, which number it had in the source, and the moment."""

    def __init__(self, data, number=0, seconds=0.0):
        self.bytes, self.number, self.seconds = bytearray(data), number, seconds

    @property
    def pid(self):
        return (self.bytes[1] & 0x1F) << 8 | self.bytes[2]

    @property
    def starts(self):
        """True when a PES packet or a section begins in it."""
        return bool(self.bytes[1] & 0x40)

    @property
    def payload(self):
        """Where the payload begins."""
        control = self.bytes[3] >> 4 & 3
        return PACKET if not control & 1 else min(PACKET, 5 + self.bytes[4]) if control & 2 else 4

    @property
    def pcr(self):
        """The program clock reference, of 27 MHz, if there is one."""
        data = self.bytes
        if not data[3] & 0x20 or data[4] < 7 or not data[5] & 0x10:
            return None
        return (int.from_bytes(data[6:10], "big") << 1 | data[10] >> 7) * 300 + ((data[10] & 1) << 8 | data[11])

    @pcr.setter
    def pcr(self, value):
        base, extension = divmod(value % TICKS, 300)
        self.bytes[6:12] = (base << 15 | 0x7E00 | extension).to_bytes(6, "big")

    def _stamps(self):
        """Where the PTS and the DTS stand."""
        data, start = self.bytes, self.payload
        if not self.starts or data[start:start + 3] != b"\0\0\1" or start + 9 > PACKET:
            return []
        # Padding, private stream 2, and what belongs to the program stream have no such header.
        if data[start + 3] in (0xBC, 0xBE, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF):
            return []
        count = {2: 1, 3: 2}.get(data[start + 7] >> 6, 0)
        places = [start + 9 + 5 * index for index in range(count)]
        return [place for place in places if place + 5 <= PACKET]

    def _stamp(self, place):
        data = self.bytes[place:place + 5]
        return (data[0] >> 1 & 7) << 30 | data[1] << 22 | data[2] >> 1 << 15 | data[3] << 7 | data[4] >> 1

    @property
    def pts(self):
        places = self._stamps()
        return self._stamp(places[0]) if places else None

    @property
    def dts(self):
        places = self._stamps()
        return self._stamp(places[-1]) if places else None

    def retime(self, change, pcr=True):
        """Puts `change` of each time in its place, in ticks of 27 MHz."""
        for place in self._stamps():
            value = change(self._stamp(place) * 300) // 300 % CLOCK
            self.bytes[place:place + 5] = bytes([
                self.bytes[place] & 0xF0 | value >> 29 & 0xE | 1, value >> 22 & 0xFF, value >> 14 & 0xFE | 1,
                value >> 7 & 0xFF, value << 1 & 0xFE | 1])
        if pcr and self.pcr is not None:
            self.pcr = change(self.pcr)


def chance(share, pids=None, seed=1):
    """Chooses such a share of the packets, of some PIDs or of all, always the same ones."""
    generator = random.Random(seed)
    return lambda packet: (pids is None or packet.pid in pids) and generator.random() < share


def between(since, until=FOREVER, pids=None):
    """Chooses the packets of a time, of some PIDs or of all."""
    return lambda packet: since <= packet.seconds < until and (pids is None or packet.pid in pids)


class Rewriter:
    """Takes a transport stream in pieces of any size, and answers what goes on from it."""

    def __init__(self):
        self._edits = []
        self._rest = b""
        self._count = 0
        self._pcr = self._pcr_pid = self._pmt_pid = None
        # What the program map tells of from now on, by PID: the stream type and descriptors; and the packets counted.
        self._added, self._counters = {}, {}
        self._waiting = []
        # The moment, and the first presentation time of the stream that has the clock.
        self.seconds, self.first_pts = 0.0, None

    def feed(self, data):
        """What goes on of `data`, in whole packets."""
        data = self._rest + data
        whole = len(data) - len(data) % PACKET
        self._rest = data[whole:]
        return b"".join(bytes(packet.bytes) for start in range(0, whole, PACKET)
                        for packet in self._pass(Packet(data[start:start + PACKET])))

    def finish(self):
        """What was kept back for later, when the source has ended."""
        late, self._waiting = [packet for _, packet in self._waiting], []
        return b"".join(bytes(packet.bytes) for packet in late)

    def _pass(self, packet):
        assert packet.bytes[0] == 0x47, "the source is a transport stream"
        self._watch(packet)
        packet.number, packet.seconds = self._count, self.seconds
        self._count += 1
        if self._added and packet.pid == self._pmt_pid and packet.starts:
            self._announce(packet)
        packets = [packet]
        for edit in list(self._edits):
            packets = [result for one in packets for result in edit(one)]
        # What was kept back goes behind the packet that it waited for.
        packets += [late for number, late in self._waiting if number <= packet.number]
        self._waiting = [(number, late) for number, late in self._waiting if number > packet.number]
        return packets

    def _watch(self, packet):
        """Learns the clock, and where the program map is."""
        if packet.pid == 0 and packet.starts:
            section = packet.bytes[packet.payload + 1 + packet.bytes[packet.payload]:]
            programs = section[8:3 + ((section[1] & 0xF) << 8 | section[2]) - 4]
            entries = [programs[place:place + 4] for place in range(0, len(programs), 4)]
            self._pmt_pid = next((e[2] & 0x1F) << 8 | e[3] for e in entries if e[:2] != b"\0\0")
        pcr = packet.pcr
        if pcr is not None and self._pcr_pid in (None, packet.pid):
            if self._pcr is not None:
                self.seconds += difference(pcr, self._pcr, TICKS) / 27e6
            self._pcr, self._pcr_pid = pcr, packet.pid
        if self.first_pts is None and packet.pid == self._pcr_pid:
            self.first_pts = packet.pts

    # Packets

    def drop(self, choose):
        """Loses the packets that are chosen."""
        self._edits.append(lambda packet: [] if choose(packet) else [packet])

    def duplicate(self, choose):
        """Sends the packets that are chosen twice."""
        self._edits.append(lambda packet: [packet, Packet(packet.bytes, packet.number, packet.seconds)]
                           if choose(packet) else [packet])

    def reorder(self, choose, by=1):
        """Sends the packets that are chosen behind so many others."""
        def edit(packet):
            if not choose(packet):
                return [packet]
            self._waiting.append((packet.number + by, packet))
            return []

        self._edits.append(edit)

    def corrupt(self, choose, place=None, mask=0xFF, seed=1):
        """Flips the bits of `mask` in the packets that are chosen: in the byte at `place`, or in any behind the header.
        Place 0 is the sync byte; the mask 0x80 at place 1 is the transport_error_indicator."""
        generator = random.Random(seed)

        def edit(packet):
            if choose(packet):
                packet.bytes[generator.randrange(4, PACKET) if place is None else place] ^= mask
            return [packet]

        self._edits.append(edit)

    # Clocks

    def shift(self, by, at=0.0, pids=None, pcr=True):
        """Adds seconds to the times of some PIDs, or of all, from a moment on: a track or an encoder that starts again.
        Without `pcr` the program's clock goes on."""
        self._retime(lambda ticks: ticks + round(by * 27e6), at, pids, pcr)

    def scale(self, factor, at=0.0, pids=None, pcr=True):
        """Makes the clock of some PIDs, or of all, run at another speed from a moment on."""
        origin = []

        def change(ticks):
            if not origin:
                origin.append(self._pcr if self._pcr is not None else ticks)
            return origin[0] + round(difference(ticks, origin[0], TICKS) * factor)

        self._retime(change, at, pids, pcr)

    def _retime(self, change, at, pids, pcr):
        def edit(packet):
            if packet.seconds >= at and (pids is None or packet.pid in pids):
                packet.retime(change, pcr)
            return [packet]

        self._edits.append(edit)

    # Tracks

    def mute(self, pids, since=0.0, until=FOREVER):
        """Leaves out some PIDs for a time, in whole PES packets: a track that stops, or that comes late."""
        self._silence(pids, since, until, lambda packet: None)

    def hold(self, pids, since, until):
        """Keeps some PIDs back for a time, in whole PES packets, and sends all of that in one go."""
        kept = []
        self._silence(pids, since, until, kept.append)

        def release(packet):
            late = list(kept) if packet.seconds >= until else []
            del kept[:len(late)]
            return late + [packet]

        self._edits.append(release)

    def delay(self, pids, by):
        """Sends some PIDs so many seconds later than the others."""
        kept = []

        def edit(packet):
            if packet.pid in pids:
                kept.append((packet.seconds + by, packet))
            late = [one for moment, one in kept if moment <= packet.seconds]
            del kept[:len(late)]
            return late + [packet] * (packet.pid not in pids)

        self._edits.append(edit)

    def _silence(self, pids, since, until, take):
        silent = set()

        def edit(packet):
            if packet.pid not in pids:
                return [packet]
            if packet.starts:
                (silent.add if since <= packet.seconds < until else silent.discard)(packet.pid)
            if packet.pid not in silent:
                return [packet]
            take(packet)
            return []

        self._edits.append(edit)

    def conceal(self, pids, until):
        """Does not have some PIDs before a moment: the program map does not name them, and is another version then."""
        def edit(packet):
            if packet.seconds >= until:
                return [packet]
            if packet.pid == self._pmt_pid and packet.starts:
                self._leave_out(packet, pids)
            return [] if packet.pid in pids else [packet]

        self._edits.append(edit)

    @staticmethod
    def _leave_out(packet, pids):
        start = packet.payload + 1 + packet.bytes[packet.payload]
        old = packet.bytes[start:]
        end = 3 + ((old[1] & 0xF) << 8 | old[2]) - 4
        place = 12 + ((old[10] & 0xF) << 8 | old[11])
        section = old[:place]
        while place < end:
            size = 5 + ((old[place + 3] & 0xF) << 8 | old[place + 4])
            if ((old[place + 1] & 0x1F) << 8 | old[place + 2]) not in pids:
                section += old[place:place + size]
            place += size
        section[5] = old[5] & 0xC1 | (old[5] - 2) & 0x3E
        section[1:3] = (0xB000 | len(section) + 4 - 3).to_bytes(2, "big")
        section += crc32(section).to_bytes(4, "big")
        packet.bytes[start:] = section.ljust(PACKET - start, b"\xFF")

    # Splices and metadata

    def splice(self, at, section, pid=0x1F0):
        """Sends a section of SCTE 35 at a moment, on a PID that the program map tells of from now on. It may be a
        function of the first presentation time, in ticks of 90 kHz, to which the moments of the stream can be added."""
        self._add(at, pid, 0x86, b"", lambda: b"\0" + (section(self.first_pts) if callable(section) else section))

    def metadata(self, at, data, pid, kind, descriptors, stream_id=0xBD):
        """Sends a PES packet at a moment, whose presentation time is as long after the first picture's, on a PID that
        the program map tells of from now on as a stream of that type."""
        def packet():
            pts = (self.first_pts + round(at * 90000)) % CLOCK
            stamp = bytes([0x21 | pts >> 29 & 0xE, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1, pts >> 7 & 0xFF,
                           pts << 1 & 0xFE | 1])
            body = b"\x84\x80\5" + stamp + data
            return b"\0\0\1" + bytes([stream_id]) + len(body).to_bytes(2, "big") + body

        self._add(at, pid, kind, descriptors, packet)

    def _add(self, at, pid, kind, descriptors, unit):
        self._added[pid] = kind, descriptors
        waits = [True]

        def edit(packet):
            if not waits or packet.seconds < at or self.first_pts is None:
                return [packet]
            waits.clear()
            return self._packets(unit(), pid) + [packet]

        self._edits.append(edit)

    def _packets(self, unit, pid):
        """The packets of a section or of a PES packet, with stuffing where it ends: ISO/IEC 13818-1 §2.4.3.4."""
        packets = []
        for start in range(0, len(unit), PACKET - 4):
            piece = unit[start:start + PACKET - 4]
            room = PACKET - 4 - len(piece)
            counter = self._counters.get(pid, 0)
            self._counters[pid] = (counter + 1) % 16
            header = bytes([0x47, (0x40 if start == 0 else 0) | pid >> 8, pid & 0xFF,
                            (0x30 if room else 0x10) | counter])
            stuffing = bytes([room - 1, 0][:room]) + b"\xFF" * (room - 2) if room else b""
            packets.append(Packet(header + stuffing + piece, -1, self.seconds))
        return packets

    def _announce(self, packet):
        """Adds the streams to the program map, which becomes the next version: ISO/IEC 13818-1 §2.4.4.8, SCTE 35 §8."""
        start = packet.payload + 1 + packet.bytes[packet.payload]
        old = packet.bytes[start:]
        end = 3 + ((old[1] & 0xF) << 8 | old[2]) - 4
        info = (old[10] & 0xF) << 8 | old[11]
        registered = b"\5\4CUEI" if any(kind == 0x86 for kind, _ in self._added.values()) else b""
        section = old[:12] + registered + old[12:end]
        section[5] = old[5] & 0xC1 | (old[5] + 2) & 0x3E
        section[10:12] = (0xF000 | info + len(registered)).to_bytes(2, "big")
        for pid, (kind, descriptors) in self._added.items():
            section += bytes([kind, 0xE0 | pid >> 8, pid & 0xFF, 0xF0, len(descriptors)]) + descriptors
        section[1:3] = (0xB000 | len(section) + 4 - 3).to_bytes(2, "big")
        section += crc32(section).to_bytes(4, "big")
        assert start + len(section) <= PACKET, "the program map fits into a packet"
        packet.bytes[start:] = section.ljust(PACKET - start, b"\xFF")


def pump(source, sink, realtime=True, rewriter=None, is_over=lambda: False, speed=1.0):
    """Gives a stream to `sink` in messages of up to seven packets, as fast as its clock runs, or at another speed, until
    it ends or is over.

    `source` is a path, or a file to read from such as a pipe. The pace is that of the source's own clock, whatever the
    rewriter does to the times."""
    if isinstance(source, (str, bytes)) or hasattr(source, "open"):
        with open(source, "rb") as file:
            return pump(file, sink, realtime, rewriter, is_over, speed)
    rewriter = rewriter or Rewriter()
    start, waiting = time.monotonic(), b""
    while not is_over():
        data = source.read(MESSAGE)
        waiting += rewriter.feed(data) if data else rewriter.finish()
        if realtime:
            time.sleep(max(0, start + rewriter.seconds / speed - time.monotonic()))
        while len(waiting) >= MESSAGE or waiting and not data:
            sink(waiting[:MESSAGE])
            waiting = waiting[MESSAGE:]
        if not data:
            break
