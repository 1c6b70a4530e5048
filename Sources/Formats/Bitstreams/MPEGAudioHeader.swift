/// The header of a frame of layer II, ISO/IEC 11172-3 §2.4.2.3.
struct MPEGAudioHeader {
    static let size = 4
    static let samplesPerFrame = 1152

    let sampleRate: UInt32
    let channelCount: Int
    /// Bytes in the frame, header included.
    let frameSize: Int

    /// The header at the beginning of `bytes`; nothing where there is none, or one of a free bit rate.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.size, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF4 else { return nil }
        let isLowRate = bytes[1] & 0x08 == 0
        let (bitRate, frequency) = (Int(bytes[2] >> 4), Int(bytes[2] >> 2 & 3))
        guard (1...14).contains(bitRate), frequency < 3 else { return nil }
        sampleRate = ([44_100, 48_000, 32_000] as InlineArray<3, UInt32>)[frequency] / (isLowRate ? 2 : 1)
        channelCount = bytes[3] >> 6 == 3 ? 1 : 2
        let bitsPerSecond = 1000 * (isLowRate ? Self.lowBitRates[bitRate - 1] : Self.bitRates[bitRate - 1])
        let padding = Int(bytes[2] >> 1 & 1)
        frameSize = Self.samplesPerFrame / 8 * bitsPerSecond / Int(sampleRate) + padding
    }

    /// Kilobits in one second, by bitrate_index from 1 on.
    private static let bitRates = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
    /// ISO/IEC 13818-3 §2.4.2.3.
    private static let lowBitRates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
