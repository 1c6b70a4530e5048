internal import Bytes

/// Cuts messages into chunks. RTMP 1.0 §5.3.
///
/// A message starts with a format 0 chunk and goes on with format 3, which every client understands; a server has
/// little to say.
struct RTMPChunkWriter: Sendable {
    /// Chunk stream of the protocol control messages. RTMP 1.0 §5.4
    static let controlChunkStream: UInt8 = 2
    /// Chunk stream of commands.
    static let commandChunkStream: UInt8 = 3

    /// How large the chunks are that are written from now on.
    var chunkSize = 128

    private var output = ByteWriter()

    /// Appends bytes that are no chunks: the handshake.
    mutating func write(raw bytes: [UInt8]) { output.write(bytes) }

    /// Appends a message of time 0. `chunkStream` is at least 2 and below 64.
    mutating func write(
        _ type: RTMPMessageType, on chunkStream: UInt8, streamID: UInt32 = 0, payload: [UInt8]
    ) {
        output.write(chunkStream)
        output.writeUInt24(0)
        output.writeUInt24(UInt32(truncatingIfNeeded: payload.count))
        output.write(type.rawValue)
        output.writeLittleEndian(streamID)
        var offset = 0
        while true {
            let end = min(offset + chunkSize, payload.count)
            output.write(payload.span.extracting(offset..<end))
            offset = end
            guard offset < payload.count else { return }
            output.write(0xC0 | chunkStream)
        }
    }

    /// Appends a protocol control message of one number. RTMP 1.0 §5.4
    mutating func write(_ type: RTMPMessageType, value: UInt32, then last: [UInt8] = []) {
        var payload = ByteWriter(capacity: 4 + last.count)
        payload.write(value)
        payload.write(last)
        write(type, on: Self.controlChunkStream, payload: payload.bytes)
    }

    /// Appends a user control message. RTMP 1.0 §6.2
    mutating func write(_ event: RTMPUserControlEvent, value: UInt32) {
        var payload = ByteWriter(capacity: 6)
        payload.write(event.rawValue)
        payload.write(value)
        write(.userControl, on: Self.controlChunkStream, payload: payload.bytes)
    }

    /// What was written since the last call.
    mutating func take() -> [UInt8] {
        defer { output = ByteWriter() }
        return output.bytes
    }
}

/// The user control events that a server of publishers has to do with. RTMP 1.0 §7.1.7.
enum RTMPUserControlEvent: UInt16 {
    case streamBegin = 0
    case pingRequest = 6
    case pingResponse = 7
}
