internal import Bytes

/// The video codecs that Enhanced RTMP names. Enhanced RTMP v2, enum VideoFourCc; the raw value is the FourCC.
public enum ExVideoCodec: String, Sendable, Hashable, CaseIterable {
    /// VP8.
    case vp8 = "vp08"
    /// VP9.
    case vp9 = "vp09"
    /// AV1.
    case av1 = "av01"
    /// H.264.
    case avc = "avc1"
    /// HEVC.
    case hevc = "hvc1"
    /// VVC.
    case vvc = "vvc1"

    /// The codec of that FourCC, where Enhanced RTMP has one.
    init?(_ code: FourCC) {
        switch code {
        case "vp08": self = .vp8
        case "vp09": self = .vp9
        case "av01": self = .av1
        case "avc1": self = .avc
        case "hvc1": self = .hevc
        case "vvc1": self = .vvc
        default: return nil
        }
    }

    /// True for codecs whose coded frames have a composition time.
    var hasCompositionTime: Bool { self == .avc || self == .hevc || self == .vvc }

    /// What the codec is called, for people.
    public var name: String {
        switch self {
        case .vp8: "VP8"
        case .vp9: "VP9"
        case .av1: "AV1"
        case .avc: "H.264"
        case .hevc: "H.265"
        case .vvc: "H.266"
        }
    }
}
