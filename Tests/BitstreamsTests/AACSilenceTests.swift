import Bitstreams
import Bytes
import Media
import TestTools
import Testing

@Suite struct AACSilenceTests {
    static let layouts: [(configuration: UInt8, channels: Int)] = [
        (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 8),
    ]

    @Test(
        .enabled(if: Tool.areThere), .timeLimit(.minutes(5)), arguments: layouts.indices,
        [3, 4, 11] as [UInt64])
    func ffmpegDecodesItToZeros(index: Int, frequency: UInt64) throws {
        let layout = Self.layouts[index]
        let silence = try #require(AACSilence.frame(channelConfiguration: layout.configuration)).array
        let frame = ADTSStreamReaderTests.frame(silence, frequency: frequency, channels: UInt64(layout.configuration))
        let decoded = try EncodedSound.decoded((0..<50).flatMap { _ in frame }, "aac")
        #expect(decoded.count == 50 * 1024 * 2 * layout.channels)
        #expect(decoded.allSatisfy { $0 == 0 })
    }

    @Test(
        .enabled(if: Tool.areThere), .timeLimit(.minutes(5)),
        arguments: zip([11, 12] as [UInt8], [7, 8]))
    func ffmpegDecodesLayoutsThatADTSCannotName(configuration: UInt8, channels: Int) throws {
        let silence = try #require(AACSilence.frame(channelConfiguration: configuration)).array
        // The same in LATM, which has the configuration: AAC-LC, 48 kHz.
        let config: [UInt8] = [0x11, 0x80 | configuration << 3]
        let frame = LATMStreamReaderTests.frame([silence], configuration: config)
        let decoded = try EncodedSound.decoded((0..<50).flatMap { _ in frame }, "loas")
        #expect(decoded.count == 50 * 1024 * 2 * channels)
        #expect(decoded.allSatisfy { $0 == 0 })
    }

    @Test(
        arguments: zip([1, 2, 3, 4, 5, 6, 7, 11, 12] as [UInt8], [32, 46, 75, 104, 118, 147, 190, 176, 190]))
    func aFrameHasTheBitsOfItsElements(configuration: UInt8, bits: Int) {
        // A channel alone, of low frequencies or not, has 29, a pair 43 and the end 3.
        #expect(AACSilence.frame(channelConfiguration: configuration)?.count == (bits + 7) / 8)
    }

    @Test func aConfigurationWithoutAListOfElementsHasNone() {
        for configuration in [0, 8, 9, 10, 13, 14, 15, 255] as [UInt8] {
            #expect(AACSilence.frame(channelConfiguration: configuration) == nil)
        }
    }
}
