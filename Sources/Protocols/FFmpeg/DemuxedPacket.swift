public import Bytes

/// A packet of a stream: as a rule one coded picture, or one frame of sound or several.
public struct DemuxedPacket: Sendable {
    /// The place of its stream.
    public let stream: Int
    /// The coded bytes, as the container has them.
    public let data: ByteChunk
    /// When it is shown or heard, in ticks of its stream.
    public var presentation: Int64?
    /// When it is decoded.
    public var decode: Int64?
    /// How long it lasts, in ticks of its stream; 0 where nobody knows.
    public let duration: Int64
    /// True where the container says that decoding can begin.
    public let isKey: Bool
    /// What its decoder is configured with from here on, where that is something else than before.
    public let configuration: ByteChunk?

    /// A packet with those properties.
    public init(
        stream: Int, data: ByteChunk, presentation: Int64?, decode: Int64?, duration: Int64 = 0, isKey: Bool = false,
        configuration: ByteChunk? = nil
    ) {
        self.stream = stream
        self.data = data
        self.presentation = presentation
        self.decode = decode
        self.duration = duration
        self.isKey = isKey
        self.configuration = configuration
    }
}
