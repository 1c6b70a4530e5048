public import Bytes
public import Media

extension Track {
    /// The HEVC track that an `HEVCDecoderConfigurationRecord` describes, for samples with four-byte lengths whatever
    /// the record says.
    public init(hevcDecoderConfiguration record: ByteChunk) throws(BitstreamError) {
        self.init(try HEVCDecoderConfiguration(record: record))
    }

    /// The HEVC track of `configuration`, for samples with four-byte lengths. Size, shape, colour and codec string are
    /// those of its first sequence parameter set.
    public init(_ configuration: HEVCDecoderConfiguration) {
        let parameters = configuration.parameters
        self.init(
            codec: .hevc,
            format: .video(
                VideoFormat(
                    width: parameters.width, height: parameters.height,
                    sampleAspectRatio: parameters.usability.sampleAspectRatio ?? AspectRatio(1, 1),
                    colour: parameters.usability.colour)),
            decoderConfiguration: configuration.withLengthSize(4).record, codecString: parameters.profile.codecString)
    }
}
