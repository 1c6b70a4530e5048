/// How sound is encoded.
public struct AudioEncoderOptions: Sendable {
    /// libavcodec's name of the encoder.
    public var encoder = "aac"
    /// Samples in one second.
    public var sampleRate: UInt32 = 48_000
    /// How many channels there are.
    public var channelCount = 2
    /// Bits in one second.
    public var bitrate = 128_000
    /// Further options of the encoder.
    public var options: [(name: String, value: String)] = []

    /// AAC-LC in stereo.
    public init() {}
}
