internal import CFFmpeg

/// How the samples of a picture lie in memory.
public struct PixelFormat: Sendable, Hashable {
    /// libavutil's number.
    let rawValue: Int32

    init(rawValue: Int32) { self.rawValue = rawValue }

    /// The format of that name as libavutil has it, such as `yuv422p10le`; nothing where it knows none.
    public init?(named name: String) throws(CodecError) {
        let format = try CodecLibrary.codecs().pointee.av_get_pix_fmt(name)
        guard format != AV_PIX_FMT_NONE else { return nil }
        rawValue = format.rawValue
    }

    /// Three planes of 8-bit samples, with colour at half the width and half the height.
    public static let yuv420 = PixelFormat(rawValue: AV_PIX_FMT_YUV420P.rawValue)
    /// Three planes of 10-bit samples in two bytes each, with colour at half the width and half the height.
    public static let yuv420With10Bits = PixelFormat(rawValue: AV_PIX_FMT_YUV420P10LE.rawValue)

    /// libavutil's name.
    public var name: String {
        guard let codecs = try? CodecLibrary.codecs(), let name = codecs.pointee.av_get_pix_fmt_name(native) else {
            return ""
        }
        return String(cString: name)
    }

    /// Bits in a sample of brightness.
    public var bitDepth: Int {
        guard let codecs = try? CodecLibrary.codecs(),
            let description = codecs.pointee.av_pix_fmt_desc_get(native)
        else { return 8 }
        return Int(description.pointee.comp.0.depth)
    }

    var native: AVPixelFormat { AVPixelFormat(rawValue: rawValue) }
}
