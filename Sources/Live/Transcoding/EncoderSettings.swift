internal import Media
public import Packaging

/// Everything that an encoder of pictures is told before its first frame.
public struct EncoderSettings: Sendable, Hashable {
    /// An option of one encoder.
    public struct Option: Sendable, Hashable {
        /// Its name in libavcodec.
        public let name: String
        /// Its value.
        public let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The encoder's name in libavcodec.
    public let encoder: String
    /// The size of its pictures.
    public let size: PictureSize
    /// The bits that pictures take on average.
    public let bitRate: BitRate
    /// The most that they take over the length of the buffer.
    public let peakBitRate: BitRate
    /// What the decoder's buffer holds, in bits.
    public let bufferSize: Int
    /// Pictures in a row that may need later ones.
    public let bFrames: Int
    /// What the encoder's threads share, where it has several.
    public let threads: EncoderTuning.Threads
    /// The profile, by the encoder's name for it.
    public let profile: String
    /// True for ten bits a sample, else eight.
    public let hasTenBits: Bool
    /// What only this encoder knows.
    public let options: [Option]

    /// Frames after which the encoder makes a key frame of its own accord: never, the grid does. (A day would be too many for
    /// some of them.)
    public static let keyFrameLimit = 100_000

    /// The settings for `rung` on a channel of that latency.
    public init(_ rung: Ladder.Rung, latency: LatencyProfile.Name, hasHighDynamicRange: Bool = false) {
        let (rendition, tuning) = (rung.rendition, EncoderTuning(latency))
        let coding = rendition.coding
        encoder = coding.encoder
        size = rung.size
        bitRate = rendition.bitRate
        peakBitRate = rendition.peakBitRate
        let buffer = (rendition.buffer ?? tuning.buffer).ticks(in: .milliseconds)
        bufferSize = rendition.peakBitRate.bitsPerSecond * Int(buffer) / 1000
        profile = rendition.profile ?? coding.usualProfile(hasHighDynamicRange: hasHighDynamicRange)
        hasTenBits = profile == "main10" || (coding == .av1 && hasHighDynamicRange)
        bFrames = coding == .av1 || profile == "baseline" ? 0 : tuning.bFrames
        threads = tuning.threads
        options = Self.options(
            coding, preset: rendition.preset ?? coding.usualPreset, profile: profile, bFrames: bFrames, tuning)
    }

    private static func options(
        _ coding: VideoCoding, preset: String, profile: String, bFrames: Int, _ tuning: EncoderTuning
    ) -> [Option] {
        switch coding {
        case .h264, .hevc:
            var options = [Option("preset", preset), Option("profile", profile), Option("forced-idr", "1")]
            if tuning.isWithoutDelay { options.append(Option("tune", "zerolatency")) }
            if coding == .h264 { options.append(Option("a53cc", "1")) }
            let parameters = coding == .h264 ? x264(bFrames, tuning) : x265(bFrames, tuning)
            let text = parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ":")
            return options + [Option(coding == .h264 ? "x264-params" : "x265-params", text)]
        case .av1:
            // Real time is the only mode in which it is quick enough, and it looks at nothing ahead.
            return [Option("usage", "realtime"), Option("cpu-used", preset), Option("lag-in-frames", "0")]
        }
    }

    /// Key frames come from the grid alone, and close the group before them.
    private static func x264(_ bFrames: Int, _ tuning: EncoderTuning) -> [Option] {
        [
            Option("scenecut", "0"), Option("open-gop", "0"), Option("bframes", "\(bFrames)"),
            Option("rc-lookahead", "\(tuning.lookAhead)"), Option("sync-lookahead", "0"),
            Option("sliced-threads", tuning.threads == .slices ? "1" : "0"),
        ]
    }

    /// A thread that has a frame of its own delays it, so there is one.
    private static func x265(_ bFrames: Int, _ tuning: EncoderTuning) -> [Option] {
        [
            Option("scenecut", "0"), Option("open-gop", "0"), Option("bframes", "\(bFrames)"),
            Option("rc-lookahead", "\(max(tuning.lookAhead, bFrames))"), Option("repeat-headers", "0"),
            Option("log-level", "error"),
        ] + (tuning.threads == .slices ? [Option("frame-threads", "1")] : [])
    }
}
