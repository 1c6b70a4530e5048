public import Media

/// How pictures are encoded.
public struct VideoEncoderOptions: Sendable {
    /// libavcodec's name of the encoder, such as `libx264`.
    public var encoder: String
    /// The size of the pictures.
    public var size: PictureSize
    /// How their samples lie in memory.
    public var pixelFormat = PixelFormat.yuv420
    /// The shape of a sample.
    public var sampleAspectRatio = AspectRatio(1, 1)
    /// The ticks that times are written in: those of the pictures, so that none is rounded.
    public var timescale = Timescale.video
    /// How long a picture is shown as a rule. Only rate control and the level go by it.
    public var frameDuration: MediaTime
    /// Bits in one second.
    public var bitrate: Int
    /// Bits in one second that are not exceeded over the length of the buffer.
    public var maximumBitrate: Int?
    /// The length of that buffer in bits.
    public var bufferSize: Int?
    /// Threads that encode; with one, libx264 encodes on the caller's.
    public var threads = 1
    /// How many pictures in a row may refer to later ones: each makes a picture wait.
    public var bidirectionalFrames = 0
    /// The profile, preset and tuning, by the encoder's own names.
    public var profile: String?
    /// See `profile`.
    public var preset: String?
    /// See `profile`.
    public var tune: String?
    /// How colours are meant.
    public var colour: ColourDescription?
    /// Where samples of colour lie between those of brightness: `chroma_sample_loc_type` of H.264 and HEVC.
    public var chromaLocation: UInt8?
    /// The display that the pictures were graded on.
    public var mastering: MasteringDisplay?
    /// How bright they become.
    public var light: ContentLight?
    /// By how many degrees, clockwise, players are to turn them. AV1 cannot say that.
    public var rotation: Double?
    /// True where the captions of a picture go along.
    public var passesCaptions = true
    /// Further options of the encoder, also lists of parameters such as `x264-params`. What they say of key frames and groups
    /// of pictures does not count.
    public var options: [(name: String, value: String)] = []

    /// Pictures of that size, each shown for so long, in so many bits a second.
    public init(encoder: String, size: PictureSize, frameDuration: MediaTime, bitrate: Int) {
        (self.encoder, self.size, self.frameDuration, self.bitrate) = (encoder, size, frameDuration, bitrate)
    }
}
