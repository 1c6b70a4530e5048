/// How much a session takes from a stranger. The defaults leave every known encoder room.
public struct RTMPLimits: Sendable, Hashable {
    /// The longest audio, video or aggregate message, in bytes.
    public var mediaMessageBytes = 16 << 20
    /// The longest command or data message, in bytes.
    public var commandMessageBytes = 256 << 10
    /// How many chunk streams a peer may open.
    public var chunkStreams = 64
    /// How many bytes of unfinished messages are held, over all chunk streams.
    public var unfinishedBytes = 20 << 20
    /// The same of a peer that publishes nothing yet: commands are all that it has to say.
    public var unfinishedBytesBeforePublish = 512 << 10
    /// How many messages an aggregate may have. Those that follow are dropped.
    public var aggregatedMessages = 4096
    /// How many tracks a message of Enhanced RTMP may have. Those that follow are dropped.
    public var tracksPerMessage = 64
    /// What is taken from the AMF0 in a command or data message.
    public var amf = AMF0Limits()
    /// The chunk size that the session announces and writes, in bytes: ffmpeg copies it for what it sends. It has 31 bits
    /// and is not zero.
    public var outgoingChunkSize: UInt32 = 60_000
    /// After how many bytes the peer is asked to acknowledge, and is acknowledged until it asks otherwise.
    public var acknowledgementWindow: UInt32 = 2_500_000

    /// The defaults.
    public init() {}

    /// How many bytes a message of that type may have.
    func length(of type: RTMPMessageType) -> Int {
        switch type {
        case .audio, .video, .aggregate: mediaMessageBytes
        case .setChunkSize, .abort, .acknowledgement, .userControl, .windowAcknowledgementSize, .setPeerBandwidth: 1024
        default: commandMessageBytes
        }
    }
}
