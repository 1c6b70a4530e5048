import Bytes
import Testing

@testable import RTMP

/// Messages inside aggregate messages, RTMP 1.0 §7.1.6.
@Suite struct RTMPAggregateTests {
    /// A message with its back pointer. The timestamp's upper byte stands behind the others.
    private static func part(_ type: UInt8, at time: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: time >> UInt32(24 - 8 * $0)) }
        return [type, 0, 0, UInt8(payload.count)] + bytes[1...] + [bytes[0], 0, 0, 0] + payload
            + [0, 0, 0, UInt8(11 + payload.count)]
    }

    private static let sound: [UInt8] = [0xAF, 1, 6]

    private static func read(_ parts: [UInt8], at time: UInt32) -> (messages: [RTMPMessage], isWhole: Bool) {
        RTMPAggregate.messages(
            in: RTMPMessage(type: .aggregate, timestamp: time, streamID: 1, payload: ByteChunk(parts)), limit: 100)
    }

    @Test(
        arguments: [
            // The message's own time, those of its parts, and what becomes of them.
            (1000, [5, 25, 20], [1000, 1020, 1015]), (0xFFFF_FFF0, [0, 0x20], [0xFFFF_FFF0, 0x10]),
            (7, [0xFFFF_FFFE, 3], [7, 12]), (0x7FFF_FFF0, [0x7FFF_FFF0, 0x8000_0010], [0x7FFF_FFF0, 0x8000_0010]),
            (100, [0x0100_0000, 0x0100_0005], [100, 105]),
        ] as [(UInt32, [UInt32], [UInt32])])
    func timesAreMovedSoThatTheFirstIsTheAggregates(time: UInt32, parts: [UInt32], expected: [UInt32]) {
        let bytes = Array(parts.map { Self.part(8, at: $0, Self.sound) }.joined())
        let (messages, isWhole) = Self.read(bytes, at: time)
        #expect(messages.map(\.timestamp) == expected && isWhole)
    }

    /// Also one that is left out is the first.
    @Test func mediaAndDataAreTakenAndNothingElse() {
        let types: [UInt8] = [1, 8, 9, 15, 18, 20, 17, 3]
        let bytes = Array(types.map { Self.part($0, at: UInt32($0), Self.sound) }.joined())
        let (messages, isWhole) = Self.read(bytes, at: 50)
        #expect(messages.map(\.type.rawValue) == [8, 9, 15, 18] && isWhole)
        #expect(messages.map(\.timestamp) == [57, 58, 64, 67])
    }

    @Test func anAggregateInsideIsAFaultAndLeftOut() throws {
        let inner = Self.part(22, at: 0, Self.part(8, at: 0, Self.sound))
        let (messages, isWhole) = Self.read(inner + Self.part(8, at: 4, Self.sound), at: 10)
        #expect(messages.map(\.timestamp) == [14] && !isWhole)
    }

    /// What one message of it suffers from, the others do not.
    @Test func aFaultInsideIsThatMessagesAlone() throws {
        var client = ClientBytes()
        client.message(
            .aggregate, time: 30, streamID: 1,
            Self.part(9, at: 0, [0x91, 0x68]) + Self.part(9, at: 5, [0x92] + Array("hvc1".utf8))
                + Self.part(8, at: 6, [0xAF]) + Self.part(8, at: 7, Self.sound))
        var session = try RTMPServerSession.publishing()
        #expect(
            try session.events(client.bytes) == [
                .exVideo(timestamp: 35, ExVideoPacket(codec: .hevc, body: .sequenceEnd)),
                .audio(timestamp: 37, .frame(ByteChunk([6]))),
            ])
        #expect(session.malformedMessages == 2)
    }

    @Test func everyPrefixEndsInWholeMessages() {
        let bytes = Self.part(8, at: 0, Self.sound) + Self.part(9, at: 5, Self.sound)
        let counts = (0...bytes.count).map { Self.read(Array(bytes[..<$0]), at: 0).messages.count }
        #expect(counts == counts.sorted() && Set(counts) == [0, 1, 2])
    }
}
