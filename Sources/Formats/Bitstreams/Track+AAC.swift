public import Bytes
public import Media

extension Track {
    /// The AAC track that an `AudioSpecificConfig` describes.
    ///
    /// Its sample rate, and with it its timescale, are the core's, also under spectral band replication: a frame then is
    /// `samplesPerFrame` ticks whether or not a player rebuilds the upper band, and the times of a stream do not depend
    /// on how it was signalled. Its channels are those that a decoder puts out.
    public init(audioSpecificConfig bytes: ByteChunk) throws(BitstreamError) {
        let configuration = try AudioSpecificConfig(bytes.span)
        self.init(
            codec: .aac,
            format: .audio(
                AudioFormat(
                    sampleRate: configuration.samplingFrequency, channelCount: configuration.channelCount,
                    samplesPerFrame: configuration.samplesPerFrame)),
            decoderConfiguration: bytes, codecString: configuration.codecString)
    }
}
