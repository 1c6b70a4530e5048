import Bytes
import RTMP
import Testing

@Suite struct FLVPacketTests {
    @Test func videoPacketsAreToldApart() throws {
        #expect(try video([0x17, 0, 0, 0, 0, 1, 0x64]) == .sequenceHeader(ByteChunk([1, 0x64])))
        #expect(
            try video([0x17, 1, 0, 0, 40, 9]) == .frame(compositionTime: 40, isKeyframe: true, ByteChunk([9])))
        #expect(
            try video([0x27, 1, 0xFF, 0xFF, 0xD8, 9]) == .frame(compositionTime: -40, isKeyframe: false, ByteChunk([9]))
        )
        #expect(
            try video([0x37, 1, 0x80, 0, 0, 9])
                == .frame(compositionTime: -8_388_608, isKeyframe: false, ByteChunk([9])))
        #expect(try video([0x47, 1, 0, 0, 0, 9]) == .frame(compositionTime: 0, isKeyframe: true, ByteChunk([9])))
        #expect(try video([0x17, 2, 0, 0, 0]) == .endOfSequence)
    }

    @Test(arguments: [[], [0x57, 0], [0x57, 1, 0, 0, 0, 9], [0x17, 1, 0, 0, 0]] as [[UInt8]])
    func videoWithoutAnythingToDecodeIsNothing(bytes: [UInt8]) throws {
        #expect(try video(bytes) == nil)
    }

    @Test func audioPacketsAreToldApart() throws {
        #expect(try audio([0xAF, 0, 0x12, 0x10]) == .sequenceHeader(ByteChunk([0x12, 0x10])))
        #expect(try audio([0xAF, 1, 0x21]) == .frame(ByteChunk([0x21])))
        #expect(try audio([]) == .silence)
        #expect(try audio([0xAF, 1]) == nil)
    }

    @Test func faultsAreTyped() {
        #expect(throws: FLVError.truncated) { try video([0x17]) }
        #expect(throws: FLVError.truncated) { try video([0x17, 1, 0, 0]) }
        #expect(throws: FLVError.emptySequenceHeader) { try video([0x17, 0, 0, 0, 0]) }
        #expect(throws: FLVError.unknownPacketType(3)) { try video([0x17, 3, 0, 0, 0, 0]) }
        #expect(throws: FLVError.truncated) { try audio([0xAF]) }
        #expect(throws: FLVError.emptySequenceHeader) { try audio([0xAF, 0]) }
        #expect(throws: FLVError.unknownPacketType(2)) { try audio([0xAF, 2]) }
        #expect(throws: FLVError.enhancedHeader) { try video([0x90] + Array("hvc1".utf8)) }
        #expect(throws: FLVError.enhancedHeader) { try audio([0x90] + Array("Opus".utf8)) }
    }

    private static let videoNames: [([UInt8], String)] = [
        ([0x12], "Sorenson H.263"), ([0x24, 1], "On2 VP6"), ([0x1C, 0, 0, 0, 0], "H.265"), ([0x10], "video codec 0"),
    ]

    private static let audioNames: [([UInt8], String)] = [
        ([0x2F, 0xFF], "MP3"), ([0x3E], "PCM"), ([0xB2], "Speex"), ([0xD0], "Opus"), ([0xFF], "sound format 15"),
    ]

    @Test(arguments: zip(videoNames.map(\.0), videoNames.map(\.1)))
    func otherVideoIsRefusedByName(bytes: [UInt8], name: String) throws {
        #expect(try video(bytes) == .unsupported(codecName: name))
    }

    @Test(arguments: zip(audioNames.map(\.0), audioNames.map(\.1)))
    func otherAudioIsRefusedByName(bytes: [UInt8], name: String) throws {
        #expect(try audio(bytes) == .unsupported(codecName: name))
    }

    @Test func everyPrefixAndEveryBitFlipEndsInAPacketOrAnError() {
        var outcomes: Set<String> = []
        let samples: [[UInt8]] =
            [[0x17, 1, 0, 0, 40, 9], [0xAF, 1, 0x21], [0x17, 0, 0, 0, 0, 1], [0xAF, 0, 0x12, 0x10]]
            + Self.videoNames.map(\.0) + Self.audioNames.map(\.0)
        for sample in samples {
            for count in 0...sample.count { outcomes.formUnion(outcome(Array(sample[..<count]))) }
            for bit in 0..<(8 * sample.count) {
                var flipped = sample
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                outcomes.formUnion(outcome(flipped))
            }
        }
        #expect(outcomes == ["packet", "nothing", "error"])
    }

    private func outcome(_ bytes: [UInt8]) -> Set<String> {
        var outcomes: Set<String> = []
        do { outcomes.insert(try video(bytes) == nil ? "nothing" : "packet") } catch { outcomes.insert("error") }
        do { outcomes.insert(try audio(bytes) == nil ? "nothing" : "packet") } catch { outcomes.insert("error") }
        return outcomes
    }

    private func video(_ bytes: [UInt8]) throws(FLVError) -> FLVVideoPacket? { try .parse(ByteChunk(bytes)) }

    private func audio(_ bytes: [UInt8]) throws(FLVError) -> FLVAudioPacket? { try .parse(ByteChunk(bytes)) }
}
