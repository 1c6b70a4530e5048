internal import Bytes
internal import FFmpeg

/// Brings the packets of several streams into the order of their times, where a container has two seconds of pictures before
/// two seconds of sound. Within a stream nothing changes its place.
struct PacketOrder {
    /// Streams are waited for up to this, in media and in bytes: one of them may have paused.
    private static let patience = Duration.seconds(5)
    private static let byteLimit = 32 << 20

    private var waiting: [(packet: DemuxedPacket, time: Duration)] = []
    private var bytes = 0

    /// Adds a packet that is decoded at `time`; as the one before it where that is not known.
    mutating func add(_ packet: DemuxedPacket, at time: Duration?) {
        let before = waiting.last { $0.packet.stream == packet.stream } ?? waiting.last
        waiting.append((packet, time ?? before?.time ?? .zero))
        bytes += packet.data.count
    }

    /// The next packet; nothing while one of `streams` may yet have an earlier one.
    mutating func next(of streams: Set<Int>, isEnd: Bool = false) -> DemuxedPacket? {
        var heads: [Int: Int] = [:]
        for (place, one) in waiting.enumerated() where heads[one.packet.stream] == nil {
            heads[one.packet.stream] = place
            if heads.count >= streams.count { break }
        }
        guard let first = waiting.first, let last = waiting.last else { return nil }
        let isFull = last.time - first.time > Self.patience || bytes > Self.byteLimit
        guard isEnd || isFull || streams.allSatisfy({ heads[$0] != nil }) else { return nil }
        // Behind a jump of the times it is as it came.
        let near = heads.values.filter { abs(waiting[$0].time - first.time) <= Self.patience }
        guard let place = near.min(by: { (waiting[$0].time, $0) < (waiting[$1].time, $1) }) else { return nil }
        bytes -= waiting[place].packet.data.count
        return waiting.remove(at: place).packet
    }
}

private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }
