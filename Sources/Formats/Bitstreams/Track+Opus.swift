public import Media

extension Track {
    /// The Opus track of a stream whose descriptor has `channel_config_code` and whose packets last `samplesPerFrame`
    /// samples of 48 kHz.
    public init(opusChannelConfigurationCode code: UInt8, samplesPerFrame: Int) throws(BitstreamError) {
        self.init(try OpusChannelLayout(channelConfigurationCode: code), samplesPerFrame: samplesPerFrame)
    }

    /// The Opus track of that identification header, whose packets last `samplesPerFrame` samples of 48 kHz.
    public init(_ header: OpusIdentificationHeader, samplesPerFrame: Int) {
        self.init(
            codec: .opus,
            format: .audio(
                AudioFormat(
                    sampleRate: 48_000, channelCount: header.channelCount, samplesPerFrame: samplesPerFrame)),
            decoderConfiguration: header.record, codecString: "opus")
    }

    init(_ layout: OpusChannelLayout, samplesPerFrame: Int) {
        self.init(
            codec: .opus,
            format: .audio(
                AudioFormat(
                    sampleRate: 48_000, channelCount: layout.channelCount, samplesPerFrame: samplesPerFrame)),
            decoderConfiguration: layout.record, codecString: "opus")
    }
}
