import Bitstreams
import Bytes
import Media
import Testing

@Suite struct OpusIdentificationHeaderTests {
    private static func head(_ rest: [UInt8], version: UInt8 = 1) -> [UInt8] {
        Array("OpusHead".utf8) + [version] + rest
    }

    private static func read(_ bytes: [UInt8]) throws -> OpusIdentificationHeader {
        try OpusIdentificationHeader(bytes.span)
    }

    /// Stereo, and 5.1 as ffmpeg wrote it.
    private static let stereo = head([2, 0x38, 1, 0x44, 0xAC, 0, 0, 0x12, 0x34, 0])
    private static let surround = head(
        [6, 0x38, 1, 0x80, 0xBB, 0, 0, 0, 0, 1, 4, 2, 0, 4, 1, 2, 3, 5])

    @Test func theRecordIsTheHeaderInTheOrderOfMP4WithNothingToSkip() throws {
        let header = try Self.read(Self.stereo)
        #expect(header.channelCount == 2)
        #expect(header.record.array == [0, 2, 0, 0, 0, 0, 0xAC, 0x44, 0x34, 0x12, 0])
        let track = Track(header, samplesPerFrame: 960)
        #expect(track.format == .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 960)))
        #expect(track.codecString == "opus" && track.codec == .opus && track.decoderConfiguration == header.record)
    }

    @Test func channelMappingsAreTakenOver() throws {
        let header = try Self.read(Self.surround)
        #expect(header.channelCount == 6)
        #expect(header.record.array == [0, 6, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 1, 4, 2, 0, 4, 1, 2, 3, 5])
        // The same as in a transport stream.
        #expect(
            try Track(opusChannelConfigurationCode: 6, samplesPerFrame: 960).decoderConfiguration == header.record)
    }

    @Test(
        arguments: [
            // Another magic, a version to come, no channels, three without a mapping, no streams, more coupled than there
            // are, too many, a channel of a stream that is not there.
            Array("OpusTail".utf8) + [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            head([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], version: 16),
            head([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), head([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            head([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]), head([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0]),
            head([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 200, 100, 0]), head([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1]),
        ] as [[UInt8]])
    func nonsenseIsAnError(bytes: [UInt8]) {
        #expect(throws: BitstreamError.self) { try Self.read(bytes) }
    }

    @Test func aChannelMayBeSilent() throws {
        let header = try Self.read(Self.head([2, 0, 0, 0, 0, 0, 0, 0, 0, 255, 1, 0, 0, 255]))
        #expect(header.record.array.suffix(2) == [0, 255])
    }

    @Test func everyPrefixIsAnError() {
        for bytes in [Self.stereo, Self.surround] {
            for count in 0..<bytes.count {
                #expect(throws: BitstreamError.self) { try Self.read(Array(bytes[..<count])) }
            }
        }
    }
}
