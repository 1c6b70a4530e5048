import Bytes
import Testing

@testable import RTMP

/// Audio of Enhanced RTMP: ExAudioTagHeader and ExAudioTagBody.
@Suite struct ExAudioPacketTests {
    static let mp4a = Array("mp4a".utf8)
    static let opus = Array("Opus".utf8)

    private static let single: [([UInt8], ExAudioCodec, ExAudioPacket.Body)] = [
        ([0x90] + mp4a + [0x12, 0x10], .aac, .sequenceStart(ByteChunk([0x12, 0x10]))),
        ([0x91] + mp4a + [0x21], .aac, .frame(ByteChunk([0x21]))), ([0x92] + opus, .opus, .sequenceEnd),
        ([0x90] + opus, .opus, .sequenceStart(ByteChunk())),
        ([0x90] + Array("ac-3".utf8), .ac3, .sequenceStart(ByteChunk())),
        ([0x90] + Array("ec-3".utf8), .eac3, .sequenceStart(ByteChunk())),
        ([0x91] + Array("ec-3".utf8) + [0x0B], .eac3, .frame(ByteChunk([0x0B]))),
        ([0x91] + Array("fLaC".utf8) + [1], .flac, .frame(ByteChunk([1]))),
        ([0x91] + Array(".mp3".utf8) + [1], .mp3, .frame(ByteChunk([1]))),
        (
            [0x94] + opus + [1, 6, 0, 0, 6, 0x3F], .opus,
            .multichannelConfiguration(.init(channelCount: 6, order: .native(mask: 0x63F)))
        ),
        (
            [0x94] + opus + [2, 3, 0, 9, 1], .opus,
            .multichannelConfiguration(.init(channelCount: 3, order: .custom([0, 9, 1])))
        ),
        ([0x94] + opus + [0, 2], .opus, .multichannelConfiguration(.init(channelCount: 2, order: .unspecified))),
    ]

    @Test(arguments: single.indices)
    func eachPacketTypeIsRead(row: Int) {
        let (bytes, codec, body) = Self.single[row]
        let (packets, isWhole) = Self.read(bytes)
        #expect(packets == [ExAudioPacket(codec: codec, body: body)] && isWhole)
    }

    @Test func framesWithoutBytesAreNothing() {
        let (packets, isWhole) = Self.read([0x91] + Self.mp4a)
        #expect(packets.isEmpty && isWhole)
    }

    private static let faults: [[UInt8]] = [
        [0x90], [0x90] + mp4a, [0x90] + Array("fLaC".utf8), [0x91, 0x6D], [0x93] + mp4a + [1], [0x96] + mp4a + [1],
        [0x91] + Array("abcd".utf8) + [1], [0x94] + opus + [1, 6, 0], [0x94] + opus + [2, 3, 0, 9], [0x97, 255, 0xFF],
        [0x95], [0x95, 0x05] + mp4a, [0x95, 0x41] + mp4a + [0, 1],
    ]

    @Test(arguments: faults)
    func whatCannotBeReadIsAFaultOfItsMessageAlone(bytes: [UInt8]) throws {
        var session = try RTMPServerSession.publishing()
        var client = ClientBytes()
        client.message(.audio, on: 4, streamID: 1, bytes)
        client.message(.audio, on: 4, time: 7, streamID: 1, [0x92] + Self.opus)
        #expect(
            try session.events(client.bytes) == [
                .exAudio(timestamp: 7, ExAudioPacket(codec: .opus, body: .sequenceEnd))
            ])
        #expect(session.malformedMessages == 1)
    }

    @Test func tracksAreToldApart() {
        let frame = { (bytes: [UInt8]) in ExAudioPacket.Body.frame(ByteChunk(bytes)) }
        var (packets, isWhole) = Self.read([0x95, 0x01] + Self.mp4a + [1, 0xDE, 2])
        #expect(packets == [ExAudioPacket(codec: .aac, track: 1, body: frame([0xDE, 2]))] && isWhole)
        (packets, isWhole) = Self.read(
            [0x97, 2, 0, 0, 8, 0x05, 0x11] + Self.mp4a + [1, 0, 0, 1, 0xDE, 200, 0, 0, 2, 3, 4])
        #expect(
            packets == [
                ExAudioPacket(codec: .aac, track: 1, nanoseconds: 8, body: frame([0xDE])),
                ExAudioPacket(codec: .aac, track: 200, nanoseconds: 8, body: frame([3, 4])),
            ])
        #expect(isWhole)
        (packets, isWhole) = Self.read(
            [0x95, 0x21] + Self.mp4a + [0, 0, 0, 1, 1] + Self.opus + [1, 0, 0, 1, 2])
        #expect(packets.map(\.codec) == [.aac, .opus] && packets.map(\.track) == [0, 1] && isWhole)
    }

    @Test func everyPrefixAndEveryBitFlipEndsInPacketsOrAFault() {
        let samples =
            Self.single.map(\.0) + Self.faults
            + [[0x95, 0x21] + Self.mp4a + [0, 0, 0, 1, 1] + Self.opus + [1, 0, 0, 1, 2]]
        var outcomes: Set<Bool> = []
        for sample in samples {
            for count in 0...sample.count { outcomes.insert(Self.read(Array(sample[..<count])).isWhole) }
            for bit in 0..<(8 * sample.count) {
                var flipped = sample
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                outcomes.insert(Self.read(flipped).isWhole)
            }
        }
        #expect(outcomes == [true, false])
    }

    private static func read(_ bytes: [UInt8]) -> (packets: [ExAudioPacket], isWhole: Bool) {
        ExAudioPacket.packets(in: ByteChunk(bytes), limits: RTMPLimits())
    }
}
