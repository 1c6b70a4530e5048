import Bytes

/// How the channels of Opus lie in its streams, RFC 7845 §5.1.1.
struct OpusChannelLayout: Hashable {
    let channelCount: Int
    /// 0 for mono and stereo, 1 for the channel orders of Vorbis, 255 for channels that have nothing to do with each
    /// other.
    let mappingFamily: UInt8

    /// What `channel_config_code` in the descriptor of a transport stream stands for. Codes above 8, orders that Vorbis
    /// does not have or that are listed in full, are not understood.
    init(channelConfigurationCode code: UInt8) throws(BitstreamError) {
        guard code <= 8 else { throw .unsupported("channel_config_code \(code)") }
        channelCount = code == 0 ? 2 : Int(code)
        mappingFamily = code == 0 ? 255 : code <= 2 ? 0 : 1
    }

    /// The payload of `dOps`, "Encapsulation of Opus in ISO Base Media File Format" §4.3.2. Nothing is to be skipped at
    /// the start: there is none in a stream that goes on for ever.
    var record: ByteChunk {
        var writer = ByteWriter()
        // Version
        writer.write(UInt8(0))
        writer.write(UInt8(channelCount))
        // PreSkip, InputSampleRate, OutputGain
        writer.write(UInt16(0))
        writer.write(UInt32(48_000))
        writer.write(UInt16(0))
        writer.write(mappingFamily)
        if mappingFamily != 0 {
            let mapping = Self.mappings[channelCount - 1]
            // Two programmes lie in one stream of two channels.
            let coupled = mappingFamily == 255 ? 1 : Self.coupledCounts[channelCount - 1]
            writer.write([UInt8(channelCount) - coupled, coupled])
            writer.write(mapping)
        }
        return ByteChunk(writer.bytes)
    }

    /// The streams of two channels, RFC 7845 §5.1.1.2.
    private static let coupledCounts: [UInt8] = [0, 1, 1, 2, 2, 2, 3, 3]
    private static let mappings: [[UInt8]] = [
        [0], [0, 1], [0, 2, 1], [0, 1, 2, 3], [0, 4, 1, 2, 3], [0, 4, 1, 2, 3, 5], [0, 4, 1, 2, 3, 5, 6],
        [0, 6, 1, 2, 3, 4, 5, 7],
    ]
}
