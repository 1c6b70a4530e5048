public import Bytes
public import Media

extension Track {
    /// The VP9 track whose first sample is `keyFrame`. The size of its pictures, and most of what else is known of them,
    /// stand there; `record`, a `VPCodecConfigurationRecord`, adds what does not.
    public init(vpCodecConfiguration record: ByteChunk?, keyFrame: ByteChunk) throws(BitstreamError) {
        let configuration: VPCodecConfiguration? =
            if let record { try VPCodecConfiguration(record: record) } else { nil }
        guard let first = try VP9Superframe.frames(in: keyFrame).first,
            let frame = try VP9FrameHeader(first.span).keyFrame
        else { throw .missing("key frame") }
        self.init(VPCodecConfiguration(frame, record: configuration), frame)
    }

    init(_ configuration: VPCodecConfiguration, _ frame: VP9FrameHeader.KeyFrame) {
        let isTold = configuration.colour != VPCodecConfiguration.unspecified
        self.init(
            codec: .vp9,
            format: .video(
                VideoFormat(
                    width: frame.width, height: frame.height,
                    sampleAspectRatio: Self.ratio(
                        frame.renderWidth * frame.height, frame.renderHeight * frame.width),
                    colour: isTold ? configuration.colour : nil)),
            decoderConfiguration: configuration.record, codecString: configuration.codecString)
    }

    private static func ratio(_ width: Int, _ height: Int) -> AspectRatio {
        var (divisor, rest) = (width, height)
        while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
        return AspectRatio(width / divisor, height / divisor)
    }
}
