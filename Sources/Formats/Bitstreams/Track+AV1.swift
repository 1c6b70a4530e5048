public import Bytes
public import Media

extension Track {
    /// The AV1 track that an `AV1CodecConfigurationRecord` with a sequence header describes.
    public init(av1CodecConfiguration record: ByteChunk) throws(BitstreamError) {
        self.init(try AV1CodecConfiguration(record: record))
    }

    /// The AV1 track of `configuration`. Size, colour and codec string are those of its sequence header.
    public init(_ configuration: AV1CodecConfiguration) {
        let header = configuration.sequenceHeader
        self.init(
            codec: .av1,
            format: .video(VideoFormat(width: header.width, height: header.height, colour: header.colour)),
            decoderConfiguration: configuration.record, codecString: header.codecString)
    }
}
