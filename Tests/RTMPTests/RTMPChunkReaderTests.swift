import Bytes
import SeededRandom
import Testing

@testable import RTMP

@Suite struct RTMPChunkReaderTests {
    @Test func formatsLeaveOutWhatTheChunkStreamKnows() throws {
        var client = ClientBytes()
        client.chunk(0, on: 5, time: 1000, length: 2, type: 8, streamID: 0x0102, [1, 2])
        client.chunk(1, on: 5, time: 20, length: 1, type: 9, [3])
        client.chunk(2, on: 5, time: 30, [4])
        client.chunk(3, on: 5, [5])
        client.chunk(0, on: 5, time: 7, length: 1, type: 8, streamID: 3, [6])
        client.chunk(3, on: 5, [7])
        let messages = try ServerMessages.read(client.bytes)
        #expect(messages.map(\.timestamp) == [1000, 1020, 1050, 1080, 7, 14])
        #expect(messages.map(\.type.rawValue) == [8, 9, 9, 9, 8, 8])
        #expect(messages.map(\.streamID) == [0x0102, 0x0102, 0x0102, 0x0102, 3, 3])
        #expect(messages.map(\.payload.array) == [[1, 2], [3], [4], [5], [6], [7]])
    }

    @Test func theHeaderFormsAreWhatTheSpecificationDraws() throws {
        let bytes: [UInt8] =
            [0x03, 0, 0, 1, 0, 0, 1, 8, 4, 3, 2, 1, 0xAA]
            + [0x00, 0xFF, 0, 0, 2, 0, 0, 1, 9, 0, 0, 0, 0, 0xBB]
            + [0x01, 0x02, 0x01, 0, 0, 3, 0, 0, 1, 9, 0, 0, 0, 0, 0xCC]
            + [0xC1, 0x02, 0x01, 0xDD]
        let messages = try ServerMessages.read(bytes)
        #expect(messages.map(\.timestamp) == [1, 2, 3, 6])
        #expect(messages.first?.streamID == 0x0102_0304)
        #expect(messages.map(\.payload.array) == [[0xAA], [0xBB], [0xCC], [0xDD]])
    }

    @Test func format1MayOpenAChunkStreamAndMessagesMayBeEmpty() throws {
        var client = ClientBytes()
        client.chunk(1, on: 2, time: 5, length: 0, type: 8, [])
        client.chunk(3, on: 2, [])
        let messages = try ServerMessages.read(client.bytes)
        #expect(messages.map(\.timestamp) == [5, 10])
        #expect(messages.allSatisfy { $0.payload.isEmpty && $0.streamID == 0 })
    }

    @Test(arguments: [0xFF_FFFE, 0xFF_FFFF, 0x100_0000, 0x8000_0000, 0xFFFF_FFFF] as [UInt32], [true, false])
    func extendedTimestampsAreReadWithAndWithoutRepetition(time: UInt32, isRepeated: Bool) throws {
        let extended = isRepeated && time >= 0xFF_FFFF ? time : nil
        var client = ClientBytes()
        client.chunk(0, on: 6, time: time, length: 130, type: 9, [UInt8](repeating: 1, count: 128))
        client.chunk(3, on: 6, extended: extended, [2, 3])
        client.chunk(1, on: 6, time: 10, length: 129, type: 9, [UInt8](repeating: 4, count: 128))
        client.chunk(3, on: 6, [5])
        client.chunk(2, on: 6, time: time, [UInt8](repeating: 6, count: 128))
        client.chunk(3, on: 6, extended: extended, [7])
        let messages = try ServerMessages.read(client.bytes)
        #expect(messages.map(\.timestamp) == [time, time &+ 10, time &+ 10 &+ time])
        #expect(messages.map { $0.payload.array.suffix(2) } == [[2, 3], [4, 5], [6, 7]])
    }

    @Test func aNewMessageInFormat3ReusesAnExtendedDelta() throws {
        var client = ClientBytes()
        client.chunk(0, on: 6, time: 5, length: 1, type: 9, [1])
        client.chunk(2, on: 6, time: 0x100_0000, [2])
        client.chunk(3, on: 6, extended: 0x100_0000, [3])
        #expect(try ServerMessages.read(client.bytes).map(\.timestamp) == [5, 0x100_0005, 0x200_0005])
    }

    /// Without a repeated timestamp, payload that begins like it is told apart at the first byte that differs.
    @Test(arguments: [[1], [1, 2], [1, 2, 3], [1, 2, 3, 5], [1, 2, 3, 5, 6]] as [[UInt8]])
    func payloadThatLooksLikeTheTimestampIsPayload(rest: [UInt8]) throws {
        var client = ClientBytes()
        let length = 128 + rest.count
        client.chunk(0, on: 6, time: 0x0102_0304, length: length, type: 9, [UInt8](repeating: 0, count: 128))
        client.chunk(3, on: 6, rest)
        client.chunk(0, on: 7, time: 1, length: 1, type: 8, [9])
        for split in 0...client.bytes.count {
            let messages = try read(client.bytes, splitAt: [split])
            #expect(messages.map(\.payload.count) == [length, 1], "split at \(split)")
            #expect(messages.first?.payload.array.suffix(rest.count) == rest[...], "split at \(split)")
        }
    }

    @Test func aChunkSizeAppliesFromTheNextChunkOnEvenInsideAMessage() throws {
        var client = ClientBytes()
        client.chunk(0, on: 6, time: 0, length: 300, type: 9, [UInt8](repeating: 1, count: 128))
        client.control(.setChunkSize, 150)
        client.chunk(3, on: 6, [UInt8](repeating: 2, count: 150))
        client.chunk(3, on: 6, [UInt8](repeating: 3, count: 22))
        let payload = try ServerMessages.read(client.bytes).last?.payload.array
        #expect(payload?.count == 300)
        #expect(payload?.suffix(22) == [UInt8](repeating: 3, count: 22)[...])
    }

    @Test func anAbortedMessageIsForgotten() throws {
        var client = ClientBytes()
        client.chunk(0, on: 6, time: 10, length: 200, type: 9, [UInt8](repeating: 1, count: 128))
        var reader = RTMPChunkReader(limits: RTMPLimits(), offset: 0)
        var position = 0
        #expect(try reader.nextMessage(in: client.bytes.span, at: &position) == nil)
        reader.abortMessage(onChunkStream: 6)
        reader.abortMessage(onChunkStream: 77)
        var next = ClientBytes()
        next.chunk(1, on: 6, time: 5, length: 1, type: 9, [2])
        position = 0
        let message = try reader.nextMessage(in: next.bytes.span, at: &position)
        #expect(message?.payload.array == [2])
        #expect(message?.timestamp == 15)
    }

    @Test func whatNeverStartedCannotContinue() {
        var client = ClientBytes()
        client.chunk(0, on: 5, time: 0, length: 1, type: 8, [1])
        for format in [2, 3] as [UInt8] {
            var bad = client
            bad.chunk(format, on: 6, [1])
            #expect(throws: RTMPError.unknownChunkStream(id: 6, offset: 13)) { try ServerMessages.read(bad.bytes) }
        }
    }

    @Test func aMessageMayNotBeginInsideAnother() {
        var client = ClientBytes()
        client.chunk(0, on: 5, time: 0, length: 129, type: 8, [UInt8](repeating: 0, count: 128))
        client.chunk(1, on: 5, time: 0, length: 1, type: 8, [1])
        #expect(throws: RTMPError.interruptedMessage(chunkStreamID: 5, offset: 140)) {
            try ServerMessages.read(client.bytes)
        }
    }

    @Test func lengthsAreLimitedByTypeBeforeAnyPayload() {
        let limit = RTMPLimits().commandMessageBytes
        for (type, length) in [(20, limit + 1), (1, 1025), (99, limit + 1)] as [(UInt8, Int)] {
            var client = ClientBytes()
            client.chunk(0, on: 5, time: 0, length: length, type: type, [])
            #expect(throws: RTMPError.messageTooLong(type: type, length: length, offset: 0)) {
                try ServerMessages.read(client.bytes)
            }
        }
    }

    @Test func chunkStreamsAndUnfinishedBytesAreLimited() {
        var streams = ClientBytes()
        for id in 3..<68 as Range<UInt32> {
            streams.chunk(0, on: id, time: 0, length: 1000, type: 9, [UInt8](repeating: 0, count: 128))
        }
        var failure: RTMPError?
        do { _ = try ServerMessages.read(streams.bytes) } catch { failure = error as? RTMPError }
        guard case .tooManyChunkStreams = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        var limits = RTMPLimits()
        limits.unfinishedBytes = 255
        var reader = RTMPChunkReader(limits: limits, offset: 0)
        var position = 0
        #expect(throws: RTMPError.tooManyUnfinishedBytes(offset: 280)) {
            try reader.nextMessage(in: streams.bytes.span, at: &position)
        }
    }

    @Test func finishedMessagesDoNotCountAsUnfinished() throws {
        var limits = RTMPLimits()
        limits.unfinishedBytes = 200
        var client = ClientBytes()
        for _ in 0..<100 { client.message(.video, on: 6, [UInt8](repeating: 0, count: 200)) }
        var reader = RTMPChunkReader(limits: limits, offset: 0)
        var position = 0
        var count = 0
        while try reader.nextMessage(in: client.bytes.span, at: &position) != nil { count += 1 }
        #expect(count == 100)
        #expect(reader.offset == UInt64(client.bytes.count))
    }

    @Test(arguments: [true, false], 0..<20)
    func interleavedMessagesComeOutAsTheyWentIn(repeatsExtendedTimestamp: Bool, round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var interleaver = Interleaver(repeatsExtendedTimestamp: repeatsExtendedTimestamp)
        interleaver.write(messages: 60, using: &generator)
        let bytes = interleaver.client.bytes
        let splits = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
            Int.random(in: 0...bytes.count, using: &generator)
        }
        #expect(try read(bytes, splitAt: splits) == interleaver.messages, "seed \(seed)")
        #expect(try read(bytes, splitAt: Array(0...bytes.count)) == interleaver.messages, "byte by byte, seed \(seed)")
    }

    /// The messages in `bytes` when they come in pieces.
    private func read(_ bytes: [UInt8], splitAt splits: [Int]) throws -> [RTMPMessage] {
        var reader = RTMPChunkReader(limits: RTMPLimits(), offset: 0)
        var messages: [RTMPMessage] = []
        var start = 0
        for end in splits.sorted() + [bytes.count] {
            let piece = Array(bytes[start..<end])
            var position = 0
            while let message = try reader.nextMessage(in: piece.span, at: &position) {
                messages.append(message)
                if message.type == .setChunkSize {
                    var payload = ByteReader(message.payload.span)
                    reader.chunkSize = Int(try payload.readUInt32())
                }
            }
            #expect(position == piece.count)
            start = end
        }
        #expect(reader.offset == UInt64(bytes.count))
        return messages
    }
}
