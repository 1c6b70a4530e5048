import Bitstreams
import Bytes
import Media
import Testing

@Suite struct MPEGAudioStreamReaderTests {
    @Test func theFrameSizesAreThoseOfTheBitRates() throws {
        let rates = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
        let lowRates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
        for (isLow, rates, frequencies) in [
            (false, rates, [44_100, 48_000, 32_000]), (true, lowRates, [22_050, 24_000, 16_000]),
        ] {
            for (bitRate, kilobits) in rates.enumerated() {
                for (frequency, rate) in frequencies.enumerated() {
                    for padding in [0, 1] {
                        let frame = Self.frame(
                            isLow: isLow, bitRate: bitRate + 1, frequency: frequency, padding: padding,
                            size: 144_000 * kilobits / rate + padding)
                        let sound = ReadSound(MPEGAudioStreamReader(), frame + frame)
                        #expect(sound.samples.map(\.data.array) == [frame, frame] && sound.faults == 0)
                        #expect(
                            try sound.audio()
                                == AudioFormat(sampleRate: UInt32(rate), channelCount: 2, samplesPerFrame: 1152))
                    }
                }
            }
        }
    }

    @Test func onlyTheModeOfOneChannelIsMono() throws {
        for (mode, channels) in zip([0, 1, 2, 3] as [UInt8], [2, 2, 2, 1]) {
            let sound = ReadSound(MPEGAudioStreamReader(), Self.frame(mode: mode))
            #expect(try sound.audio().channelCount == channels)
            #expect(sound.tracks[0].codecString == "mp4a.40.33" && sound.tracks[0].decoderConfiguration.isEmpty)
        }
    }

    @Test func anotherRateIsAnotherTrackAnotherBitRateIsNot() {
        let frames = [
            Self.frame(), Self.frame(bitRate: 2, size: 144), Self.frame(mode: 3),
            Self.frame(isLow: true, bitRate: 4, frequency: 1, size: 192, mode: 3),
        ]
        let sound = ReadSound(MPEGAudioStreamReader(), frames.flatMap(\.self))
        #expect(sound.samples.map(\.data.array) == frames && sound.starts == [0, 2, 3])
        #expect(sound.times == [0, 2160, 4320, 6480])
    }

    @Test(arguments: [(1, 0xFB), (1, 0xE5), (1, 0xDD), (2, 0x04), (2, 0xF4), (2, 0x1C)] as [(Int, UInt8)])
    func whatIsNoHeaderIsSearchedBehind(byte: Int, value: UInt8) {
        // Layer III, MPEG 2.5, no sync, a free and a forbidden bit rate, a reserved rate
        var frame = Self.frame()
        frame[byte] = value
        let sound = ReadSound(MPEGAudioStreamReader(), frame + Self.frame() + Self.frame())
        #expect(sound.samples.count == 2 && sound.faults == 1)
    }

    /// A frame of layer II, by default of 32 kb/s at 48 kHz.
    private static func frame(
        isLow: Bool = false, bitRate: Int = 1, frequency: Int = 1, padding: Int = 0, size: Int = 96, mode: UInt8 = 0
    ) -> [UInt8] {
        [0xFF, isLow ? 0xF5 : 0xFD, UInt8(bitRate << 4 | frequency << 2 | padding << 1), mode << 6]
            + Array(repeating: 0x55, count: size - 4)
    }
}
