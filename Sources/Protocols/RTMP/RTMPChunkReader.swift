internal import Bytes

/// Puts messages together from the chunks of a peer. RTMP 1.0 §5.3.
///
/// Payloads go straight into the memory that the message will keep. Between two calls nothing of the input is kept but
/// the bytes of a chunk header that has not come completely.
struct RTMPChunkReader: Sendable {
    private static let longestHeader = 3 + 11 + 4

    /// How large the chunks are that come from now on; never zero.
    var chunkSize = 128

    /// How many bytes of unfinished messages are held from now on.
    var unfinishedLimit: Int

    /// How many bytes of the peer were read so far.
    private(set) var offset: UInt64

    private let limits: RTMPLimits
    private var streams: [RTMPChunkStream] = []
    /// The chunk stream of the chunk being read.
    private var current = 0
    /// How many payload bytes of that chunk have not come.
    private var chunkLeft = 0
    private var unfinishedBytes = 0
    /// The start of a chunk header whose rest has not come.
    private var kept: [UInt8] = []

    /// A reader for a stream of chunks that begins at `offset` of the connection.
    init(limits: RTMPLimits, offset: UInt64) {
        self.limits = limits
        self.offset = offset
        unfinishedLimit = limits.unfinishedBytes
    }

    /// True while the peer owes the rest of a message that it has begun.
    var isInsideMessage: Bool { !kept.isEmpty || streams.contains(where: \.isInsideMessage) }

    /// The next message that `bytes` complete, from `position` on, or nothing when all of them are used up.
    mutating func nextMessage(in bytes: Span<UInt8>, at position: inout Int) throws(RTMPError) -> RTMPMessage? {
        while !kept.isEmpty {
            // The kept bytes and enough of the new ones for any header are read as one.
            var joined = kept
            let keptCount = kept.count
            let added = min(Self.longestHeader, bytes.count - position)
            guard added > 0 else { return nil }
            bytes.extracting(position..<(position + added)).withUnsafeBufferPointer { joined.append(contentsOf: $0) }
            kept.removeAll(keepingCapacity: true)
            var used = 0
            let message = try advance(in: joined.span, at: &used)
            if used >= keptCount {
                position += used - keptCount
            } else if message == nil {
                position += added
                kept.append(contentsOf: joined[used...])
            } else {
                kept.append(contentsOf: joined[used..<keptCount])
            }
            if let message { return message }
        }
        if let message = try advance(in: bytes, at: &position) { return message }
        if position < bytes.count {
            bytes.extracting(position..<bytes.count).withUnsafeBufferPointer { kept.append(contentsOf: $0) }
            position = bytes.count
        }
        return nil
    }

    /// Drops the unfinished message of a chunk stream. RTMP 1.0 §5.4.2.
    mutating func abortMessage(onChunkStream id: UInt32) {
        guard let index = streams.firstIndex(where: { $0.id == id }) else { return }
        unfinishedBytes -= streams[index].abandonMessage()
    }

    /// Reads chunks until a message is complete, or until what is left of `bytes` is less than the next header needs.
    private mutating func advance(in bytes: Span<UInt8>, at position: inout Int) throws(RTMPError) -> RTMPMessage? {
        while true {
            if chunkLeft > 0 {
                let taken = min(chunkLeft, bytes.count - position)
                guard taken > 0 else { return nil }
                streams[current].append(bytes.extracting(position..<(position + taken)))
                position += taken
                offset += UInt64(taken)
                chunkLeft -= taken
                unfinishedBytes += taken
                guard unfinishedBytes <= unfinishedLimit else { throw .tooManyUnfinishedBytes(offset: offset) }
                guard chunkLeft == 0 else { return nil }
            } else {
                guard try readHeader(in: bytes, at: &position) else { return nil }
            }
            if chunkLeft == 0, let message = streams[current].takeMessage() {
                unfinishedBytes -= message.payload.count
                return message
            }
        }
    }

    /// Reads a chunk's header if it has come completely.
    private mutating func readHeader(in bytes: Span<UInt8>, at position: inout Int) throws(RTMPError) -> Bool {
        var reader = ByteReader(bytes.extracting(position..<bytes.count))
        guard let header = RTMPChunkHeader(&reader) else { return false }
        let index = try index(of: header)
        guard let extended = streams[index].readExtendedTimestamp(of: header, from: &reader) else { return false }
        if streams[index].isInsideMessage {
            guard header.format == 3 else {
                throw .interruptedMessage(chunkStreamID: header.chunkStreamID, offset: offset)
            }
        } else {
            streams[index].startMessage(header, extendedTimestamp: extended)
            let (type, length) = (streams[index].messageType, streams[index].messageLength)
            guard length <= limits.length(of: type) else {
                throw .messageTooLong(type: type.rawValue, length: length, offset: offset)
            }
        }
        current = index
        chunkLeft = min(chunkSize, streams[index].bytesLeft)
        position += reader.offset
        offset += UInt64(reader.offset)
        return true
    }

    /// The chunk stream that the header belongs to, opened if need be.
    private mutating func index(of header: RTMPChunkHeader) throws(RTMPError) -> Int {
        if let index = streams.firstIndex(where: { $0.id == header.chunkStreamID }) { return index }
        // Format 1 may open a chunk stream, on message stream 0 and time 0: librtmp's ping does.
        guard header.format < 2 else { throw .unknownChunkStream(id: header.chunkStreamID, offset: offset) }
        guard streams.count < limits.chunkStreams else { throw .tooManyChunkStreams(offset: offset) }
        streams.append(RTMPChunkStream(id: header.chunkStreamID))
        return streams.count - 1
    }
}
