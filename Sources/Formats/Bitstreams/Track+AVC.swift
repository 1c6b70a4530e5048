public import Bytes
public import Media

extension Track {
    /// The H.264 track that an `AVCDecoderConfigurationRecord` describes, for samples with four-byte lengths whatever
    /// the record says: `AVCAccessUnit` makes them so.
    public init(avcDecoderConfiguration record: ByteChunk) throws(BitstreamError) {
        self.init(try AVCDecoderConfiguration(record: record))
    }

    /// The H.264 track of `configuration`, for samples with four-byte lengths. Size, shape, colour and codec string are
    /// those of its first sequence parameter set.
    public init(_ configuration: AVCDecoderConfiguration) {
        let parameters = configuration.parameters
        self.init(
            codec: .h264,
            format: .video(
                VideoFormat(
                    width: parameters.width, height: parameters.height,
                    sampleAspectRatio: parameters.usability.sampleAspectRatio ?? AspectRatio(1, 1),
                    colour: parameters.usability.colour)),
            decoderConfiguration: configuration.withLengthSize(4).record, codecString: parameters.codecString)
    }
}
