internal import Bytes

/// One chunk stream of a peer: what its chunks leave to the ones before, and the message being put together.
/// RTMP 1.0 §5.3.1.2.
struct RTMPChunkStream: Sendable {
    let id: UInt32
    private(set) var messageLength = 0
    private(set) var messageType = RTMPMessageType(rawValue: 0)
    private var messageStreamID: UInt32 = 0
    private var timestamp: UInt32 = 0
    /// What a format 3 chunk that starts a message adds to the timestamp.
    private var delta: UInt32 = 0
    /// The last extended timestamp, while it applies.
    private var extendedTimestamp: UInt32?
    private var body: ByteChunkBuilder?

    init(id: UInt32) { self.id = id }

    /// True between the first chunk of a message and its last.
    var isInsideMessage: Bool { body != nil }

    /// How many bytes the message still lacks.
    var bytesLeft: Int { body.map { $0.capacity - $0.count } ?? 0 }

    /// What the extended timestamp field turned out to be: outer nothing while it has not come completely, inner
    /// nothing where there is none. RTMP 1.0 §5.3.1.3.
    ///
    /// Inside a message the field is repeated, but old librtmp leaves it out: bytes that differ from the field's value
    /// are payload. They are compared one by one, so that a short payload is not kept waiting for bytes that do not
    /// come.
    func readExtendedTimestamp(of header: RTMPChunkHeader, from reader: inout ByteReader) -> UInt32?? {
        if header.format < 3 {
            guard header.timestampField == RTMPChunkHeader.extendedTimestampMark else { return .some(nil) }
        } else {
            guard let extendedTimestamp else { return .some(nil) }
            if isInsideMessage {
                let seen = min(4, reader.remaining)
                let expected = UInt64(extendedTimestamp) >> UInt64(8 * (4 - seen))
                guard reader.peek(seen) == expected else { return .some(nil) }
            }
        }
        guard let value = try? reader.readUInt32() else { return nil }
        return .some(value)
    }

    /// Takes over what the header of a message's first chunk says.
    mutating func startMessage(_ header: RTMPChunkHeader, extendedTimestamp extended: UInt32?) {
        extendedTimestamp = extended
        if header.format < 3 { delta = header.timestampField }
        if let extended { delta = extended }
        // After format 0 the delta is the timestamp itself. §5.3.1.2.4
        timestamp = header.format == 0 ? delta : timestamp &+ delta
        if header.format < 2 {
            messageLength = header.messageLength
            messageType = header.messageType
        }
        if header.format == 0 { messageStreamID = header.messageStreamID }
        body = ByteChunkBuilder(capacity: messageLength)
    }

    /// Appends payload, of which there must not be more than the message lacks.
    mutating func append(_ bytes: Span<UInt8>) { body?.append(bytes) }

    /// The message, once it is complete.
    mutating func takeMessage() -> RTMPMessage? {
        guard let body, body.isFull else { return nil }
        self.body = nil
        return RTMPMessage(
            type: messageType, timestamp: timestamp, streamID: messageStreamID, payload: body.finish())
    }

    /// Drops the message and says how many bytes of it had come.
    mutating func abandonMessage() -> Int {
        defer { body = nil }
        return body?.count ?? 0
    }
}
