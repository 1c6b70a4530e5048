public import Media

/// What pictures are encoded with, and what can be chosen of its encoder.
public enum VideoCoding: String, Sendable, Hashable, CaseIterable {
    /// H.264: every player takes it.
    case h264
    /// HEVC: half of the bits, several times the work.
    case hevc
    /// AV1: fewer bits still, and more work.
    case av1

    /// The encoder's name in libavcodec. That of AV1 is the one that makes a key frame when it is told to: SVT-AV1, as
    /// libavcodec 59 drives it, does not.
    public var encoder: String {
        switch self {
        case .h264: "libx264"
        case .hevc: "libx265"
        case .av1: "libaom-av1"
        }
    }

    /// The encoder's presets, from the quickest to the slowest that anybody encodes live with.
    public var presets: [String] {
        switch self {
        case .h264, .hevc:
            ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]
        case .av1: ["8", "7", "6", "5", "4"]
        }
    }

    /// The preset where none is chosen.
    public var usualPreset: String {
        switch self {
        case .h264: "veryfast"
        case .hevc: "superfast"
        case .av1: "8"
        }
    }

    /// The profiles that pictures of 4:2:0 can have.
    public var profiles: [String] {
        switch self {
        case .h264: ["baseline", "main", "high"]
        case .hevc: ["main", "main10"]
        case .av1: ["main"]
        }
    }

    /// The profile where none is chosen. What has a high dynamic range takes ten bits, where the coding has them.
    func usualProfile(hasHighDynamicRange: Bool) -> String {
        switch self {
        case .h264: "high"
        case .hevc: hasHighDynamicRange ? "main10" : "main"
        case .av1: "main"
        }
    }

    /// The codec of its samples.
    public var codec: Codec {
        switch self {
        case .h264: .h264
        case .hevc: .hevc
        case .av1: .av1
        }
    }
}
