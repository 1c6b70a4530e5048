import Bytes
import SeededRandom

@testable import RTMP

/// Writes random messages on several chunk streams at once, in every header form that says what is to be said, and
/// changes the chunk size in between.
struct Interleaver {
    private struct Stream {
        let id: UInt32
        var last: RTMPMessage?
        var lastDelta: UInt32 = 0
        var current: RTMPMessage?
        var extended: UInt32?
        var sent = 0
    }

    private var streams = ([3, 4, 63, 64, 319, 320, 65_599] as [UInt32]).map { Stream(id: $0) }
    private let repeatsExtendedTimestamp: Bool

    /// What was written.
    private(set) var client = ClientBytes()
    /// The messages in the order in which they were finished.
    private(set) var messages: [RTMPMessage] = []

    init(repeatsExtendedTimestamp: Bool) { self.repeatsExtendedTimestamp = repeatsExtendedTimestamp }

    mutating func write(messages count: Int, using generator: inout SeededGenerator) {
        var started = 0
        while started < count || streams.contains(where: { $0.current != nil }) {
            let index = Int.random(in: 0..<streams.count, using: &generator)
            if streams[index].current != nil {
                continueMessage(index)
            } else if started < count {
                started += 1
                startMessage(index, using: &generator)
            }
            if Int.random(in: 0..<20, using: &generator) == 0 { changeChunkSize(using: &generator) }
        }
    }

    private mutating func startMessage(_ index: Int, using generator: inout SeededGenerator) {
        let stream = streams[index]
        let deltas: [UInt32] = [0, 20, stream.lastDelta, 0xFF_FFFE, 0xFF_FFFF, 0x100_0000, 0x7FFF_FFFF, 0xFFFF_FFF0]
        let delta = deltas.randomElement(using: &generator) ?? 0
        let isLikeLast = Bool.random(using: &generator)
        let length = isLikeLast ? stream.last?.payload.count : nil
        let message = RTMPMessage(
            type: isLikeLast ? stream.last?.type ?? .video : .audio,
            timestamp: (stream.last?.timestamp ?? 0) &+ delta,
            streamID: isLikeLast ? stream.last?.streamID ?? 1 : UInt32.random(in: 0...3, using: &generator),
            payload: ByteChunk(generator.bytes(length ?? Int.random(in: 0...700, using: &generator))))
        var formats: [UInt8] = [0]
        if let last = stream.last, last.streamID == message.streamID {
            formats.append(1)
            if last.type == message.type, last.payload.count == message.payload.count {
                formats.append(2)
                if stream.lastDelta == delta { formats.append(3) }
            }
        }
        let format = formats.randomElement(using: &generator) ?? 0
        let time = format == 0 ? message.timestamp : delta
        streams[index].lastDelta = time
        streams[index].extended = time >= 0xFF_FFFF ? time : nil
        streams[index].current = message
        let end = min(client.chunkSize, message.payload.count)
        client.chunk(
            format, on: stream.id, time: time, length: message.payload.count, type: message.type.rawValue,
            streamID: message.streamID, extended: streams[index].extended, message.payload[0..<end].array)
        sent(index, upTo: end)
    }

    private mutating func continueMessage(_ index: Int) {
        guard let message = streams[index].current else { return }
        let start = streams[index].sent
        let end = min(start + client.chunkSize, message.payload.count)
        client.chunk(
            3, on: streams[index].id, extended: repeatsExtendedTimestamp ? streams[index].extended : nil,
            message.payload[start..<end].array)
        sent(index, upTo: end)
    }

    private mutating func sent(_ index: Int, upTo end: Int) {
        streams[index].sent = end
        guard let message = streams[index].current, end == message.payload.count else { return }
        messages.append(message)
        streams[index].last = message
        streams[index].current = nil
    }

    private mutating func changeChunkSize(using generator: inout SeededGenerator) {
        let size = UInt32.random(in: 1...300, using: &generator)
        client.control(.setChunkSize, size)
        client.chunkSize = Int(size)
        var payload = ByteWriter()
        payload.write(size)
        messages.append(RTMPMessage(type: .setChunkSize, timestamp: 0, streamID: 0, payload: ByteChunk(payload.bytes)))
    }
}
