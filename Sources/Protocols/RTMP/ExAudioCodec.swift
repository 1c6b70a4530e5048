internal import Bytes

/// The audio codecs that Enhanced RTMP names. Enhanced RTMP v2, enum AudioFourCc; the raw value is the FourCC.
public enum ExAudioCodec: String, Sendable, Hashable, CaseIterable {
    /// AC-3.
    case ac3 = "ac-3"
    /// Enhanced AC-3.
    case eac3 = "ec-3"
    /// Opus.
    case opus = "Opus"
    /// MP3.
    case mp3 = ".mp3"
    /// FLAC.
    case flac = "fLaC"
    /// AAC.
    case aac = "mp4a"

    /// The codec of that FourCC, where Enhanced RTMP has one.
    init?(_ code: FourCC) {
        switch code {
        case "ac-3": self = .ac3
        case "ec-3": self = .eac3
        case "Opus": self = .opus
        case ".mp3": self = .mp3
        case "fLaC": self = .flac
        case "mp4a": self = .aac
        default: return nil
        }
    }

    /// What the codec is called, for people.
    public var name: String {
        switch self {
        case .ac3: "AC-3"
        case .eac3: "E-AC-3"
        case .opus: "Opus"
        case .mp3: "MP3"
        case .flac: "FLAC"
        case .aac: "AAC"
        }
    }
}
