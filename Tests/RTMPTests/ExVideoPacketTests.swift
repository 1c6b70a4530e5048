import Bytes
import SeededRandom
import Testing

@testable import RTMP

/// Video of Enhanced RTMP: ExVideoTagHeader and ExVideoTagBody.
@Suite struct ExVideoPacketTests {
    typealias Body = ExVideoPacket.Body

    static let hvc1 = Array("hvc1".utf8)
    static let av01 = Array("av01".utf8)

    private static func frame(_ bytes: [UInt8], time: Int32 = 0, key: Bool = false) -> Body {
        .frame(compositionTime: time, isKeyframe: key, ByteChunk(bytes))
    }

    private static let single: [([UInt8], ExVideoCodec, Body)] = [
        ([0x90] + hvc1 + [1, 2], .hevc, .sequenceStart(ByteChunk([1, 2]))),
        ([0x91] + hvc1 + [0, 0, 40, 9], .hevc, frame([9], time: 40, key: true)),
        ([0xA1] + hvc1 + [0xFF, 0xFF, 0xD8, 9, 8], .hevc, frame([9, 8], time: -40)),
        ([0xC1] + Array("avc1".utf8) + [0, 0, 0, 9], .avc, frame([9], key: true)),
        ([0xA1] + Array("vvc1".utf8) + [0, 0, 1, 9], .vvc, frame([9], time: 1)),
        // Codecs that show pictures in the order of decoding have no composition time.
        ([0x91] + av01 + [0, 0, 40, 9], .av1, frame([0, 0, 40, 9], key: true)),
        ([0xA1] + Array("vp09".utf8) + [9], .vp9, frame([9])),
        ([0xA1] + Array("vp08".utf8) + [9], .vp8, frame([9])),
        ([0xA3] + hvc1 + [0, 0, 40, 9], .hevc, frame([0, 0, 40, 9])),
        ([0x92] + hvc1, .hevc, .sequenceEnd),
        ([0x95] + av01 + [0x80, 4], .av1, .mpeg2TSSequenceStart(ByteChunk([0x80, 4]))),
    ]

    @Test(arguments: single.indices)
    func eachPacketTypeIsRead(row: Int) {
        let (bytes, codec, body) = Self.single[row]
        let (packets, isWhole) = Self.read(bytes)
        #expect(packets == [ExVideoPacket(codec: codec, body: body)] && isWhole)
    }

    @Test(arguments: [[0xD0, 0], [0xD1], [0xD3, 1], [0xA1] + hvc1 + [0, 0, 0], [0xA3] + hvc1] as [[UInt8]])
    func commandsAndEmptyFramesAreNothing(bytes: [UInt8]) {
        let (packets, isWhole) = Self.read(bytes)
        #expect(packets.isEmpty && isWhole)
    }

    private static let faults: [[UInt8]] = [
        [0x90], [0x90] + hvc1, [0x90, 0x68], [0xA1] + hvc1 + [0, 0], [0xA8] + hvc1 + [1], [0x95] + hvc1 + [1],
        [0x90] + Array("abcd".utf8) + [1], [0x97], [0x97, 0, 1], [0x97, 255, 0xFF], [0x96], [0x96, 0x06] + hvc1,
        [0x96, 0x07] + hvc1, [0x96, 0x30] + hvc1 + [0, 9], [0x94] + hvc1 + [5], [0x94] + hvc1 + [2, 0, 1, 0x61],
        [0x94] + hvc1 + [2, 0, 1, 0x61, 0x11],
    ]

    @Test(arguments: faults)
    func whatCannotBeReadIsAFaultOfItsMessageAlone(bytes: [UInt8]) throws {
        let (packets, isWhole) = Self.read(bytes)
        #expect(packets.isEmpty && !isWhole)
        var session = try RTMPServerSession.publishing()
        var client = ClientBytes()
        client.message(.video, on: 6, streamID: 1, bytes)
        client.message(.video, on: 6, streamID: 1, [0x92] + Self.hvc1)
        #expect(
            try session.events(client.bytes) == [
                .exVideo(timestamp: 0, ExVideoPacket(codec: .hevc, body: .sequenceEnd))
            ])
        #expect(session.malformedMessages == 1)
    }

    /// Encoders mark them as command frames.
    @Test(arguments: [0x94, 0xD4, 0xA4] as [UInt8])
    func metadataAreNamesAndValues(first: UInt8) {
        let colour: AMF0Value = .object([AMF0Property("colorConfig", .object([]))])
        let bytes = [first] + Self.hvc1 + AMF0Writer.bytes(of: ["colorInfo", colour, "other", .undefined])
        let (packets, isWhole) = Self.read(bytes)
        let properties = [AMF0Property("colorInfo", colour), AMF0Property("other", .undefined)]
        #expect(packets == [ExVideoPacket(codec: .hevc, body: .metadata(properties))] && isWhole)
    }

    // MARK: ModEx

    private static let extensions: [([UInt8], UInt32)] = [
        // An offset; one that is too large, too small a field, of another type; none.
        ([0x97, 2, 0x0F, 0x42, 0x3F, 0x03], 999_999), ([0x97, 2, 0x0F, 0x42, 0x40, 0x03], 0),
        ([0x97, 1, 0x0F, 0x42, 0x03], 0), ([0x97, 2, 0, 0, 1, 0x13], 0), ([0x97, 3, 0, 0, 1, 9, 0x03], 1),
        // Several, the last of which counts; a long one.
        ([0x97, 2, 0, 0, 1, 0x07, 0, 8, 0x17, 2, 0, 1, 0, 0x03], 256),
        ([0x97, 255, 1, 0, 0, 2, 0] + [UInt8](repeating: 7, count: 254) + [0x03], 512),
    ]

    @Test(arguments: extensions.indices)
    func modifierExtensionsStandBeforeThePacketType(row: Int) {
        let (head, nanoseconds) = Self.extensions[row]
        let (packets, isWhole) = Self.read(head + Self.hvc1 + [9])
        #expect(
            packets == [ExVideoPacket(codec: .hevc, nanoseconds: nanoseconds, body: Self.frame([9], key: true))])
        #expect(isWhole)
    }

    @Test func modifierExtensionsStandBeforeTracksToo() {
        let (packets, _) = Self.read([0xA7, 2, 0, 0, 5, 0x06, 0x03] + Self.hvc1 + [3, 9])
        #expect(packets == [ExVideoPacket(codec: .hevc, track: 3, nanoseconds: 5, body: Self.frame([9]))])
    }

    // MARK: Tracks

    @Test func oneTrackGoesOnToTheEnd() {
        let (packets, isWhole) = Self.read([0xA6, 0x01] + Self.hvc1 + [2, 0, 0, 40, 9, 9])
        #expect(packets == [ExVideoPacket(codec: .hevc, track: 2, body: Self.frame([9, 9], time: 40))] && isWhole)
    }

    @Test func manyTracksHaveSizes() {
        let bytes = [0xA6, 0x13] + Self.hvc1 + [0, 0, 0, 2, 1, 2] + [7, 0, 0, 1, 3]
        let (packets, isWhole) = Self.read(bytes)
        #expect(
            packets == [
                ExVideoPacket(codec: .hevc, track: 0, body: Self.frame([1, 2])),
                ExVideoPacket(codec: .hevc, track: 7, body: Self.frame([3])),
            ])
        #expect(isWhole)
        // The last one is cut off.
        let (first, isFirstWhole) = Self.read(bytes.dropLast())
        #expect(first == [packets[0]] && !isFirstWhole)
    }

    @Test func manyTracksMayHaveManyCodecs() {
        let bytes =
            [0x96, 0x20] + Self.hvc1 + [0, 0, 0, 1, 5] + Array("abcd".utf8) + [1, 0, 0, 1, 6] + Self.av01
            + [2, 0, 0, 1, 7]
        let (packets, isWhole) = Self.read(bytes)
        // A codec that nobody knows takes nothing from the others.
        #expect(
            packets == [
                ExVideoPacket(codec: .hevc, track: 0, body: .sequenceStart(ByteChunk([5]))),
                ExVideoPacket(codec: .av1, track: 2, body: .sequenceStart(ByteChunk([7]))),
            ])
        #expect(!isWhole)
    }

    @Test func tracksAreLimited() {
        var limits = RTMPLimits()
        limits.tracksPerMessage = 3
        for (count, isWhole) in [(3, true), (4, false)] {
            let tracks = Array((0..<count).map { [UInt8($0), 0, 0, 1, 9] }.joined())
            let result = ExVideoPacket.packets(in: ByteChunk([0xA6, 0x13] + Self.hvc1 + tracks), limits: limits)
            #expect(result.packets.map(\.track) == [0, 1, 2] && result.isWhole == isWhole)
        }
    }

    @Test func everyPrefixAndEveryBitFlipEndsInPacketsOrAFault() {
        let samples =
            Self.single.map(\.0) + Self.faults + Self.extensions.map { $0.0 + Self.hvc1 + [9] }
            + [[0x96, 0x20] + Self.hvc1 + [0, 0, 0, 1, 5] + Self.av01 + [2, 0, 0, 1, 7]]
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

    private static func read(_ bytes: [UInt8]) -> (packets: [ExVideoPacket], isWhole: Bool) {
        ExVideoPacket.packets(in: ByteChunk(bytes), limits: RTMPLimits())
    }
}
