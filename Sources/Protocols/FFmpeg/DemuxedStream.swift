public import Bytes

/// A stream of a source.
public struct DemuxedStream: Sendable, Hashable {
    /// How it is coded, as far as anything can be made of that here.
    public enum Codec: Sendable, Hashable {
        /// H.264.
        case h264
        /// HEVC.
        case hevc
        /// AAC.
        case aac
        /// AAC in LATM.
        case aacLATM
        /// AC-3.
        case ac3
        /// Enhanced AC-3.
        case eac3
        /// Opus.
        case opus
        /// MPEG audio layer II.
        case mp2
        /// Something else, by libavcodec's name.
        case other(String)
    }

    /// What it carries.
    public enum Medium: Sendable, Hashable {
        /// Moving pictures.
        case video
        /// Sound.
        case audio
        /// Something else, or a picture that stands still.
        case other
    }

    /// Its place among the streams.
    public let index: Int
    /// What it carries.
    public let medium: Medium
    /// How it is coded.
    public let codec: Codec
    /// What the decoder is configured with, in the form of its container; there may be nothing.
    public let configuration: ByteChunk
    /// How long a tick of its times is.
    public let timeBase: TimeBase
    /// The language, as the container has it.
    public let language: String?
    /// How many channels of sound there are, where the container tells.
    public let channelCount: Int

    /// A stream with those properties.
    public init(
        index: Int, medium: Medium, codec: Codec, configuration: ByteChunk = ByteChunk(),
        timeBase: TimeBase, language: String? = nil, channelCount: Int = 0
    ) {
        (self.index, self.medium, self.codec) = (index, medium, codec)
        (self.configuration, self.timeBase) = (configuration, timeBase)
        (self.language, self.channelCount) = (language, channelCount)
    }
}

/// Streams that belong together: a program of a transport stream, or a variant of a playlist.
public struct DemuxedProgram: Sendable, Hashable {
    /// Its number.
    public let number: Int
    /// Bits in one second, as a playlist says.
    public let bitrate: Int?
    /// The places of its streams.
    public let streams: [Int]
}

/// The length of a tick, as a fraction of a second.
public struct TimeBase: Sendable, Hashable {
    /// Seconds.
    public let numerator: Int32
    /// In so many ticks.
    public let denominator: Int32

    /// `numerator` seconds in `denominator` ticks; a second where that would be nothing.
    public init(_ numerator: Int32, _ denominator: Int32) {
        let isValid = numerator > 0 && denominator > 0
        (self.numerator, self.denominator) = isValid ? (numerator, denominator) : (1, 1)
    }

    /// So many ticks in ticks of which `scale` make a second, rounded to the nearest.
    public func ticks(_ ticks: Int64, in scale: Int64) -> Int64 {
        let product = Int128(ticks) * Int128(numerator) * Int128(scale)
        let divisor = Int128(denominator)
        let (quotient, rest) = product.quotientAndRemainder(dividingBy: divisor)
        let rounding: Int128 = abs(rest) * 2 >= divisor ? (rest < 0 ? -1 : 1) : 0
        return Int64(clamping: quotient + rounding)
    }
}
