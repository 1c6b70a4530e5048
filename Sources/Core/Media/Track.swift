public import Bytes

/// A way of coding media.
public enum Codec: String, Sendable, Hashable, CaseIterable {
    /// H.264, ISO/IEC 14496-10.
    case h264
    /// HEVC, ISO/IEC 23008-2.
    case hevc
    /// AV1, AV1 Bitstream & Decoding Process Specification.
    case av1
    /// VP9, VP9 Bitstream & Decoding Process Specification.
    case vp9
    /// AAC, ISO/IEC 14496-3.
    case aac
    /// AC-3, ETSI TS 102 366.
    case ac3
    /// Enhanced AC-3, ETSI TS 102 366 annex E.
    case eac3
    /// Opus, RFC 6716.
    case opus
    /// FLAC, RFC 9639.
    case flac
    /// MPEG audio layer II, ISO/IEC 11172-3 and 13818-3.
    case mp2

    /// True where pictures may be decoded in another order than they are shown in. Where not, what is needed earlier comes
    /// in one sample with a picture that is shown.
    public var reordersPictures: Bool { self == .h264 || self == .hevc }
}

/// One elementary stream: what every sample of it has in common.
public struct Track: Sendable, Hashable {
    /// What kind of medium the track carries, and its properties.
    public enum Format: Sendable, Hashable {
        /// Moving pictures.
        case video(VideoFormat)
        /// Sound.
        case audio(AudioFormat)
    }

    /// Which of the tracks of its kind in a source it is, from 0 on.
    public var index = 0
    /// The language of what is said, a tag of RFC 5646, where the source tells.
    public var language: String?
    /// What the track is called, where the source tells.
    public var name: String?
    /// How the samples are coded.
    public let codec: Codec
    /// The properties of the medium, as the bitstream states them.
    public let format: Format
    /// The decoder configuration, as MP4 carries it: the payload of `avcC`, `hvcC`, `av1C`, `vpcC`, `dac3`, `dec3`,
    /// `dOps` or `dfLa`, or an `AudioSpecificConfig`; nothing for MPEG audio layer II.
    public let decoderConfiguration: ByteChunk
    /// The codec in the form of RFC 6381, such as `avc1.64001f`, taken from the bitstream.
    public let codecString: String

    /// A track with those properties.
    public init(codec: Codec, format: Format, decoderConfiguration: ByteChunk, codecString: String) {
        self.codec = codec
        self.format = format
        self.decoderConfiguration = decoderConfiguration
        self.codecString = codecString
    }

    /// The ticks that the track's times are written in: 90 kHz for video, the sample rate for audio.
    public var timescale: Timescale {
        switch format {
        case .video: .video
        case .audio(let audio): Timescale(audio.sampleRate)
        }
    }
}

/// The properties of a video track.
public struct VideoFormat: Sendable, Hashable {
    /// The width of the picture in samples, after cropping.
    public var width: Int
    /// The height of the picture in samples, after cropping.
    public var height: Int
    /// The shape of a sample, as width to height.
    public var sampleAspectRatio: AspectRatio
    /// The colour description, where the bitstream has one.
    public var colour: ColourDescription?
    /// The display that they were graded on, where the source tells.
    public var mastering: MasteringDisplay?
    /// How bright they become, where the source tells.
    public var light: ContentLight?

    /// A format of `width` × `height` samples.
    public init(
        width: Int, height: Int, sampleAspectRatio: AspectRatio = AspectRatio(1, 1), colour: ColourDescription? = nil
    ) {
        self.width = width
        self.height = height
        self.sampleAspectRatio = sampleAspectRatio
        self.colour = colour
    }
}

/// A ratio of width to height.
public struct AspectRatio: Sendable, Hashable {
    /// The width's share.
    public let width: Int
    /// The height's share.
    public let height: Int

    /// `width` to `height`.
    public init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }
}

/// Colour as ITU-T H.273 code points.
public struct ColourDescription: Sendable, Hashable {
    /// ColourPrimaries.
    public let primaries: UInt8
    /// TransferCharacteristics.
    public let transfer: UInt8
    /// MatrixCoefficients.
    public let matrix: UInt8
    /// VideoFullRangeFlag.
    public let isFullRange: Bool

    /// Those four code points.
    public init(primaries: UInt8, transfer: UInt8, matrix: UInt8, isFullRange: Bool) {
        self.primaries = primaries
        self.transfer = transfer
        self.matrix = matrix
        self.isFullRange = isFullRange
    }
}

/// The properties of an audio track.
public struct AudioFormat: Sendable, Hashable {
    /// Audio samples in one second.
    public var sampleRate: UInt32
    /// Channels, such as 2 for stereo.
    public var channelCount: Int
    /// Audio samples in one coded frame, 1024 for AAC-LC.
    public var samplesPerFrame: Int

    /// A format of `channelCount` channels at `sampleRate`.
    public init(sampleRate: UInt32, channelCount: Int, samplesPerFrame: Int) {
        self.sampleRate = sampleRate
        self.channelCount = channelCount
        self.samplesPerFrame = samplesPerFrame
    }
}
