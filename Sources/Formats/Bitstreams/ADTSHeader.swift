/// `adts_fixed_header()` and `adts_variable_header()`, ISO/IEC 14496-3 §1.A.2.2.
struct ADTSHeader {
    /// The bytes of the two, without what follows them where there is a checksum.
    static let fixedSize = 7

    /// Bytes before the first raw data block.
    let size: Int
    /// `aac_frame_length`: the bytes of the whole frame.
    let frameSize: Int
    let hasChecksum: Bool
    let blockCount: Int
    /// profile_ObjectType, sampling_frequency_index and channel_configuration, as they lie in the header.
    let configurationFields: UInt32

    /// The header at the beginning of `bytes`, or nothing if they are too few.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.fixedSize else { return nil }
        hasChecksum = bytes[1] & 1 == 0
        blockCount = Int(bytes[6] & 3) + 1
        size = Self.fixedSize + (hasChecksum ? 2 * blockCount : 0)
        frameSize = Int(bytes[3] & 3) << 11 | Int(bytes[4]) << 3 | Int(bytes[5]) >> 5
        // Between them lies private_bit.
        configurationFields = (UInt32(bytes[2]) << 8 | UInt32(bytes[3])) & 0xFDC0
    }

    var samplingFrequencyIndex: UInt32 { configurationFields >> 10 & 15 }
    var channelConfiguration: UInt32 { configurationFields >> 6 & 7 }

    /// The `AudioSpecificConfig` that says the same, §1.6.2.1, but for the list of channels.
    var configuration: BitWriter {
        var writer = BitWriter()
        // audioObjectType
        writer.u(5, configurationFields >> 14 + 1)
        writer.u(4, samplingFrequencyIndex)
        writer.u(4, channelConfiguration)
        // frameLengthFlag, dependsOnCoreCoder, extensionFlag
        writer.u(3, 0)
        return writer
    }
}
