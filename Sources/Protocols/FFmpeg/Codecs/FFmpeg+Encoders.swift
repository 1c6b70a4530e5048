internal import CFFmpeg
public import Media

extension FFmpeg {
    /// Loads all libraries that decode, scale, filter and encode.
    public static func loadCodecs() throws(CodecError) {
        _ = try CodecLibrary.codecs()
        _ = try CodecLibrary.scaling()
        _ = try CodecLibrary.filters()
    }

    /// The encoders for `codec` that this build of libavcodec has and `VideoEncoder` or `AudioEncoder` can use, the best
    /// first. A build may name one that does not work for want of hardware; those are not among them.
    public static func encoders(of codec: Codec) throws(CodecError) -> [String] {
        let codecs = try CodecLibrary.codecs()
        let known = codec == .aac ? AudioEncoder.known : EncoderRecipe.all.filter { $0.codec == codec }.map(\.name)
        return known.filter { codecs.pointee.avcodec_find_encoder_by_name($0) != nil }
    }

    /// True when this build of libavcodec has an encoder of that name that can be used here.
    public static func hasEncoder(_ name: String) throws(CodecError) -> Bool {
        let codecs = try CodecLibrary.codecs()
        return (EncoderRecipe.named(name) != nil || AudioEncoder.known.contains(name))
            && codecs.pointee.avcodec_find_encoder_by_name(name) != nil
    }

    /// True when this build of libavcodec can decode `codec`.
    public static func canDecode(_ codec: Codec) throws(CodecError) -> Bool {
        try CodecLibrary.codecs().pointee.avcodec_find_decoder(AVCodecID(codec)) != nil
    }
}

extension AVCodecID {
    /// libavcodec's number of `codec`.
    init(_ codec: Codec) {
        self =
            switch codec {
            case .h264: AV_CODEC_ID_H264
            case .hevc: AV_CODEC_ID_HEVC
            case .av1: AV_CODEC_ID_AV1
            case .vp9: AV_CODEC_ID_VP9
            case .aac: AV_CODEC_ID_AAC
            case .ac3: AV_CODEC_ID_AC3
            case .eac3: AV_CODEC_ID_EAC3
            case .opus: AV_CODEC_ID_OPUS
            case .flac: AV_CODEC_ID_FLAC
            case .mp2: AV_CODEC_ID_MP2
            }
    }
}
