internal import Bytes

/// The server's side of one RTMP connection to a publisher, without the connection.
///
/// Bytes go in, events and bytes come out; there is no socket, no clock and no randomness inside.
///
/// ```swift
/// var session = RTMPServerSession(handshakeRandom: random)
/// var events: [RTMPEvent] = []
/// try session.receive(bytes.span, into: &events)
/// for event in events {
///     if case .publishRequested = event { session.acceptPublish() }
/// }
/// connection.send(session.takeOutput())
/// ```
///
/// `connect` is answered by the session itself, `publish` by whoever owns it. Media that come before the publish is
/// accepted, or after it has ended, are dropped and counted.
///
/// | Specification | What is taken |
/// |---|---|
/// | Adobe RTMP 1.0 | simple handshake, chunks, control messages, commands of publishers |
/// | AMF 0 | all types; AMF 3 only as the wrapper of AMF 0 |
/// | Adobe Video File Format 10.1 §E.4 | H.264 and AAC; other codecs by name |
/// | Enhanced RTMP v2 (2026-01-31) | all headers; all codecs, as they are |
public struct RTMPServerSession: Sendable {
    /// What became of the peer's wish to publish, and on which message stream.
    enum Publication: Sendable {
        case none
        case requested(streamID: UInt32)
        case accepted(streamID: UInt32)
    }

    let limits: RTMPLimits
    let apps: Set<String>?
    private var handshake: RTMPHandshake
    private var isHandshakeDone = false
    private var failure: RTMPError?
    var reader: RTMPChunkReader
    var writer = RTMPChunkWriter()
    var connect: RTMPConnect?
    var publication = Publication.none
    var lastStreamID: UInt32 = 0
    /// True when the peer said FCPublish, and so may wait for onFCPublish.
    var wantsOnFCPublish = false
    /// After how many bytes the peer wants to be acknowledged; never zero.
    var acknowledgementWindow: UInt64
    private var acknowledgedBytes: UInt64 = 0

    /// How many bytes the peer sent so far, the handshake's included.
    public private(set) var receivedBytes: UInt64 = 0

    /// How many messages the peer sent so far.
    public private(set) var receivedMessages: UInt64 = 0

    /// True while the peer owes the rest of the handshake, or of a message that it has begun.
    public var isInsideMessage: Bool { !isHandshakeDone || reader.isInsideMessage }

    /// True while the peer's wish to publish is granted.
    public var isPublishing: Bool { if case .accepted = publication { true } else { false } }

    /// How many media and data messages were dropped because nothing was being published.
    public internal(set) var droppedMessages = 0

    /// How many media and data messages were dropped because they could not be read.
    public internal(set) var malformedMessages = 0

    /// A session that awaits the first byte.
    ///
    /// - Parameters:
    ///   - limits: How much is taken from the peer.
    ///   - apps: The applications that may be connected to; any, when there is no list.
    ///   - handshakeRandom: 1,528 random bytes for the handshake.
    public init(limits: RTMPLimits = RTMPLimits(), apps: Set<String>? = nil, handshakeRandom: [UInt8]) {
        precondition((1..<1 << 31).contains(limits.outgoingChunkSize), "a chunk size has 31 bits and is not zero")
        self.limits = limits
        self.apps = apps
        handshake = RTMPHandshake(random: handshakeRandom)
        reader = RTMPChunkReader(limits: limits, offset: RTMPHandshake.clientByteCount)
        acknowledgementWindow = max(UInt64(limits.acknowledgementWindow), 1)
    }

    /// Takes bytes that came from the peer and appends to `events` what they say, in order.
    ///
    /// Throws when the connection must be closed: events that came before the fault are in `events`, and what
    /// `takeOutput` gives is still to be sent. Every later call throws the same error.
    public mutating func receive(_ bytes: Span<UInt8>, into events: inout [RTMPEvent]) throws(RTMPError) {
        if let failure { throw failure }
        receivedBytes += UInt64(bytes.count)
        reader.unfinishedLimit = isPublishing ? limits.unfinishedBytes : limits.unfinishedBytesBeforePublish
        do {
            var position = 0
            if !isHandshakeDone {
                isHandshakeDone = try handshake.receive(bytes, at: &position, output: &writer)
                guard isHandshakeDone else { return }
            }
            while let message = try reader.nextMessage(in: bytes, at: &position) {
                receivedMessages += 1
                try handle(message, into: &events)
            }
        } catch {
            failure = error
            throw error
        }
        guard receivedBytes - acknowledgedBytes >= acknowledgementWindow else { return }
        acknowledgedBytes = receivedBytes
        writer.write(.acknowledgement, value: UInt32(truncatingIfNeeded: receivedBytes))
    }

    /// The bytes that are to be sent to the peer since the last call.
    public mutating func takeOutput() -> [UInt8] { writer.take() }
}
