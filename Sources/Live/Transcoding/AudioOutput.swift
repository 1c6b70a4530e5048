public import Media

/// What is made of sound: AAC-LC that every player takes.
public struct AudioOutput: Sendable, Hashable {
    /// How loud it is made.
    public enum Level: Sendable, Hashable {
        /// As loud as it comes.
        case kept
        /// Measured by ITU-R BS.1770 and brought to so many LUFS as it goes on.
        case loudness(Double)
        /// So many decibels louder, or quieter where less than none.
        case gain(Double)
    }

    /// The bits that it takes, with all its channels.
    public var bitRate = BitRate.kilobits(128)
    /// How many channels it has at most: 1, 2 or 6. More are mixed down; it is never mixed up.
    public var channelCount = 2
    /// The sample rate; the source's where nothing is said and players take that.
    public var sampleRate: UInt32?
    /// True where AAC-LC that is as it should be goes out as it comes.
    public var copiesWhatFits = true
    /// True where AC-3 and E-AC-3 go out as they come too, beside the AAC.
    public var keepsDolby = true
    /// How loud it is made.
    public var level = Level.kept

    /// How much later it comes out than it comes in, where it is encoded: loudness is measured over three seconds.
    var delay: MediaTime { if case .loudness = level { .milliseconds(3000) } else { .zero } }

    /// Stereo as loud as it comes.
    public init() {}

    /// The numbers of channels that may be asked for.
    public static let channelCounts = [1, 2, 6]
    /// The sample rates that may be asked for.
    public static let sampleRates: [UInt32] = [32_000, 44_100, 48_000]
    /// The bit rates that a channel may take.
    public static let bitRatesPerChannel = BitRate.kilobits(24)...BitRate.kilobits(256)
    /// The loudness that may be asked for, in LUFS.
    public static let loudnesses = -36.0 ... -10.0
    /// The gain that may be asked for, in decibels.
    public static let gains = -40.0...20.0
    /// The name of AAC's encoder in libavcodec.
    public static let encoder = "aac"
}

extension AudioOutput {
    /// What is made of `track`, first what every player takes; nothing of a track without sound.
    public func renditions(of track: Track) -> [AudioRendition] {
        guard case .audio(let format) = track.format else { return [] }
        if isAsWanted(track, format) { return [.copied] }
        let channels = min(max(format.channelCount, 1), channelCount)
        let encoding = AudioEncoding(
            channelCount: channels, sampleRate: outputRate(of: format),
            bitRate: BitRate(bitRate.bitsPerSecond * channels / max(channelCount, 1)), level: level)
        let isDolby = track.codec == .ac3 || track.codec == .eac3
        return isDolby && keepsDolby ? [.encoded(encoding), .copied] : [.encoded(encoding)]
    }

    /// Its bits may be more or fewer than asked for: to encode sound twice is worse.
    private func isAsWanted(_ track: Track, _ format: AudioFormat) -> Bool {
        copiesWhatFits && level == .kept && track.codec == .aac && track.codecString == Self.lowComplexity
            && (1...channelCount).contains(format.channelCount) && outputRate(of: format) == format.sampleRate
    }

    private static let lowComplexity = "mp4a.40.2"

    private func outputRate(of format: AudioFormat) -> UInt32 {
        sampleRate ?? (Self.sampleRates.contains(format.sampleRate) ? format.sampleRate : 48_000)
    }
}
