/// Why a connection must be closed. Offsets count the bytes that the peer sent, the handshake's included.
public enum RTMPError: Error, Equatable, Sendable {
    /// The first byte is not version 3: this is another protocol, or RTMPE.
    case unsupportedVersion(UInt8)
    /// A chunk whose header leaves out what no earlier chunk of its chunk stream said.
    case unknownChunkStream(id: UInt32, offset: UInt64)
    /// A chunk that starts a message while its chunk stream has an unfinished one.
    case interruptedMessage(chunkStreamID: UInt32, offset: UInt64)
    /// More chunk streams than the limits allow.
    case tooManyChunkStreams(offset: UInt64)
    /// A message longer than the limits allow.
    case messageTooLong(type: UInt8, length: Int, offset: UInt64)
    /// More bytes of unfinished messages than the limits allow.
    case tooManyUnfinishedBytes(offset: UInt64)
    /// A protocol control message whose payload is too short or not allowed, such as a chunk size of zero.
    case malformedControlMessage(type: UInt8, offset: UInt64)
    /// A command that is not AMF0, or has no name and transaction id.
    case malformedCommand(offset: UInt64)
    /// A command that is not allowed where it came: anything before `connect`, or a second `connect`.
    case unexpectedCommand(offset: UInt64)
    /// The `connect` was answered with an error.
    case connectRefused(RTMPRefusal)
}

extension RTMPError: CustomStringConvertible {
    /// What happened, in words that hold nothing the peer sent but numbers.
    public var description: String {
        switch self {
        case .unsupportedVersion(let version):
            "the first byte is \(version), not RTMP version 3"
        case .unknownChunkStream(let id, let offset):
            "chunk stream \(id) continues what never started, at byte \(offset)"
        case .interruptedMessage(let id, let offset):
            "chunk stream \(id) starts a message inside another, at byte \(offset)"
        case .tooManyChunkStreams(let offset):
            "too many chunk streams, at byte \(offset)"
        case .messageTooLong(let type, let length, let offset):
            "a message of type \(type) announces \(length) bytes, more than is taken, at byte \(offset)"
        case .tooManyUnfinishedBytes(let offset):
            "too many bytes of unfinished messages, at byte \(offset)"
        case .malformedControlMessage(let type, let offset):
            "a malformed control message of type \(type), before byte \(offset)"
        case .malformedCommand(let offset):
            "a malformed command, before byte \(offset)"
        case .unexpectedCommand(let offset):
            "a command out of order, before byte \(offset)"
        case .connectRefused(let refusal):
            "the connection was refused with \(refusal.code)"
        }
    }
}
