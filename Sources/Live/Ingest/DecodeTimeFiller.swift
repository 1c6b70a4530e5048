internal import FFmpeg

/// Gives the first pictures of a stream decode times where its container has none, as Matroska: libavformat knows them only
/// when it has seen as many pictures as may be shown in another order. They are held back for so long.
struct DecodeTimeFiller {
    /// No stream reorders more.
    private static let limit = 16

    private var waiting: [DemuxedPacket] = []

    /// The packets that can go on now that `packet` has come, in their order.
    mutating func complete(_ packet: DemuxedPacket) -> [DemuxedPacket] {
        guard let decode = packet.decode else {
            guard packet.presentation != nil else { return [packet] }
            waiting.append(packet)
            return waiting.count > Self.limit ? finish() : []
        }
        guard !waiting.isEmpty else { return [packet] }
        defer { waiting = [] }
        let count = Int64(waiting.count)
        let step = max(packet.duration, 1)
        let filled = waiting.enumerated().map { place, earlier in
            var earlier = earlier
            earlier.decode = decode - (count - Int64(place)) * step
            return earlier
        }
        return filled + [packet]
    }

    /// What waits, as it is.
    mutating func finish() -> [DemuxedPacket] {
        defer { waiting = [] }
        return waiting
    }
}
