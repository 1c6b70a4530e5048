public import Media

/// Why something cannot be decoded, scaled, filtered or encoded.
public enum CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A library is not installed, or not in the version that this program was built for, which its name ends with.
    case libraryMissing(String)
    /// This build of libavcodec cannot decode that.
    case decoderMissing(Codec)
    /// This build of libavcodec has no encoder of that name.
    case encoderMissing(String)
    /// The encoder makes key frames elsewhere than where they are asked for, or nobody here knows what comes out of it.
    case encoderUnfit(String)
    /// This build of libavfilter has no filter of that name, nor one in its place.
    case filterMissing(String)
    /// The encoder, the scaler or the filter knows no such option.
    case unknownOption(String)
    /// The settings do not go together, or a value is none that can be: what has refused them.
    case refused(String)
    /// What was put in is of another size or form than was said before.
    case otherFormat
    /// What was put in is not later than what was before.
    case timesGoBack
    /// The stream's configuration cannot be read.
    case unreadableConfiguration
    /// The library says so: an AVERROR.
    case failed(Int32)

    /// One sentence.
    public var description: String {
        switch self {
        case .libraryMissing(let name): "\(name), of FFmpeg 5.1, cannot be loaded: install it"
        case .decoderMissing(let codec): "this build of libavcodec cannot decode \(codec.rawValue)"
        case .encoderMissing(let name): "this build of libavcodec has no encoder \(name)"
        case .encoderUnfit(let name): "the encoder \(name) cannot be used for live streams here"
        case .filterMissing(let name): "this build of libavfilter has no filter \(name)"
        case .unknownOption(let name): "there is no option \(name)"
        case .refused(let name): "\(name) refuses its settings"
        case .otherFormat: "what was put in is of another size or form than before"
        case .timesGoBack: "what was put in is not later than what was before"
        case .unreadableConfiguration: "the configuration of the stream cannot be read"
        case .failed(let code): "libavcodec answered \(code)"
        }
    }
}
