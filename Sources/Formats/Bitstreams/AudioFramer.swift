import Bytes
import Glibc

/// Cuts a stream of sound into its frames, wherever the packets that carry it begin and end.
///
/// A frame is taken where another one begins right behind it or its packet ends there; everything else is searched for
/// the next frame of which that is true. Frames that lie in one packet share its memory, those that span packets are
/// copied. A packet's time is that of the first frame that begins in it.
struct AudioFramer<Framing: AudioFraming>: Sendable {
    private var framing: Framing
    private var output = AudioSampleOutput()
    /// The beginning of a frame at the end of the last packet, and its time, if that is stated.
    private var carried: ByteChunk?
    private var carriedTimes: PacketTimes?
    /// True in a stretch of bytes that is no frame, which has been counted.
    private var isSearching = false

    /// How many frames, or stretches of bytes, nothing could be made of.
    private(set) var faults = 0

    init(_ framing: Framing) { self.framing = framing }

    mutating func read(_ packet: ByteChunk, times: PacketTimes?, into events: inout [ElementaryStreamEvent]) {
        guard !packet.isEmpty else { return }
        swap(&events, &output.events)
        defer { swap(&events, &output.events) }
        guard let carried else { return scan(packet, from: 0, times: times) }
        self.carried = nil
        if let rest = rest(of: carried, in: packet) {
            deliver(ByteChunk(joining: [carried, packet[0..<rest]]), times: carriedTimes)
            scan(packet, from: rest, times: times)
        } else {
            scan(ByteChunk(joining: [carried, packet]), from: 0, packetStart: carried.count, times: times)
        }
    }

    mutating func skip() {
        if carried != nil, !isSearching { faults += 1 }
        carried = nil
        // What is left of a frame at the beginning of the next packet is part of the same loss.
        isSearching = true
    }

    mutating func finish(into events: inout [ElementaryStreamEvent]) {
        guard let carried else { return }
        swap(&events, &output.events)
        defer { swap(&events, &output.events) }
        self.carried = nil
        scan(carried, from: 0, packetStart: carried.count, times: nil, isLast: true)
    }

    /// How many bytes at the start of `packet` make the frame that was begun whole; nothing where that is not as plain.
    private mutating func rest(of carried: ByteChunk, in packet: ByteChunk) -> Int? {
        guard case .bytes(let size) = framing.extent(of: carried.span, isLast: false), size > carried.count,
            size - carried.count <= packet.count
        else { return nil }
        let rest = size - carried.count
        return isBoundary(packet.span.extracting(rest..<packet.count)) ? rest : nil
    }

    /// True where a frame may begin, or nothing follows.
    private mutating func isBoundary(_ bytes: Span<UInt8>) -> Bool {
        bytes.isEmpty || framing.extent(of: bytes, isLast: false) != .none
    }

    /// Delivers the frames in `bytes` and carries what may be the beginning of one. What lies before `packetStart` came
    /// with packets before; `times` are those of the packet.
    private mutating func scan(
        _ bytes: ByteChunk, from start: Int, packetStart: Int = 0, times: PacketTimes?, isLast: Bool = false
    ) {
        var (offset, times) = (start, times)
        let span = bytes.span
        while offset < span.count {
            let rest = span.extracting(offset..<span.count)
            switch framing.extent(of: rest, isLast: isLast) {
            case .bytes(let size) where size <= rest.count:
                guard isBoundary(rest.extracting(size..<rest.count)) else { break }
                deliver(
                    bytes[offset..<(offset + size)],
                    times: offset < packetStart ? carriedTimes.take() : times.take())
                offset += size
                continue
            case .unknown where !isLast, .bytes where !isLast:
                carried = bytes[offset..<bytes.count]
                if offset >= packetStart { carriedTimes = times }
                return
            case .none, .unknown, .bytes: break
            }
            if !isSearching { faults += 1 }
            isSearching = true
            offset = Self.nextFirstByte(in: bytes, from: offset + 1)
        }
        carriedTimes = nil
    }

    private mutating func deliver(_ frame: ByteChunk, times: PacketTimes?) {
        isSearching = false
        if let times { output.synchronize(to: times.presentation) }
        do throws(BitstreamError) {
            try framing.unpack(frame, into: &output)
        } catch {
            faults += 1
            output.skipFrame()
        }
    }

    private static func nextFirstByte(in bytes: ByteChunk, from start: Int) -> Int {
        bytes.withUnsafeBytes { memory in
            guard let base = memory.baseAddress, start < memory.count,
                let found = memchr(base + start, Int32(Framing.firstByte), memory.count - start)
            else { return memory.count }
            return UnsafeRawPointer(found) - base
        }
    }
}
