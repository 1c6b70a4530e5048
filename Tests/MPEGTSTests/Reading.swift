import Bitstreams
import Bytes
import MPEGTS
import Time

/// What a reader makes of a stream.
struct Reading: Equatable {
    var events: [TransportStreamEvent] = []
    var health = TransportStreamHealth()

    /// Reads `bytes` in pieces of `size`, all of which arrive at once, up to the end.
    init(
        _ bytes: [UInt8], program: UInt16? = nil, limits: TransportStreamLimits = TransportStreamLimits(),
        pieces size: Int = 1316
    ) {
        var reader = TransportStreamReader(program: program, limits: limits)
        var position = 0
        while position < bytes.count {
            let end = min(position + size, bytes.count)
            reader.receive(bytes.span.extracting(position..<end), at: .zero, into: &events)
            position = end
        }
        reader.finish(into: &events)
        health = reader.health
    }

    var programs: [TransportProgram] {
        events.compactMap { if case .program(let program) = $0 { program } else { nil } }
    }

    var packets: [ElementaryPacket] {
        events.compactMap { if case .packet(let packet) = $0 { packet } else { nil } }
    }

    var sections: [ByteChunk] {
        events.compactMap { if case .section(_, let section) = $0 { section } else { nil } }
    }

    /// Which of the packets, counted from 0 on, come after a loss.
    var afterLoss: [Int] { packets.indices.filter { packets[$0].isAfterLoss } }

    /// The packets of the stream with that index.
    func packets(of stream: Int) -> [ElementaryPacket] { packets.filter { $0.stream == stream } }

    /// The bytes of an elementary stream.
    func bytes(of stream: Int) -> [UInt8] { packets(of: stream).flatMap(\.payload.array) }
}

extension Instant {
    static let zero = Instant(nanoseconds: 0)

    static func milliseconds(_ count: Int64) -> Instant { Instant(nanoseconds: count * 1_000_000) }
}
