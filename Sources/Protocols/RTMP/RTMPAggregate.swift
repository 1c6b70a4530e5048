internal import Bytes

/// The messages inside an aggregate message. RTMP 1.0 §7.1.6.
enum RTMPAggregate {
    /// The audio, video and data messages in `message`, in order, up to `limit` of them; they share its memory.
    ///
    /// Their timestamps are moved so that the first is the aggregate's. It is not whole when the end of a message is
    /// missing, or when there are more messages than are taken: each costs more memory than the bytes that it comes in. Nor
    /// is it with another aggregate inside, which is left out.
    static func messages(in message: RTMPMessage, limit: Int) -> (messages: [RTMPMessage], isWhole: Bool) {
        var messages: [RTMPMessage] = []
        var reader = ByteReader(message.payload.span)
        var shift: UInt32?
        var isWhole = true
        do {
            while !reader.isAtEnd {
                guard messages.count < limit else { return (messages, false) }
                let type = RTMPMessageType(rawValue: try reader.readUInt8())
                let length = Int(try reader.readUInt24())
                let low = try reader.readUInt24()
                let timestamp = UInt32(try reader.readUInt8()) << 24 | low
                try reader.skip(3)
                let start = reader.offset
                try reader.skip(length)
                let offset = shift ?? message.timestamp &- timestamp
                shift = offset
                if type == .aggregate { isWhole = false }
                if type == .audio || type == .video || type == .dataAMF0 || type == .dataAMF3 {
                    messages.append(
                        RTMPMessage(
                            type: type, timestamp: timestamp &+ offset, streamID: message.streamID,
                            payload: message.payload[start..<(start + length)]))
                }
                // The back pointer, which some writers leave out behind the last message.
                if !reader.isAtEnd { try reader.skip(4) }
            }
            return (messages, isWhole)
        } catch { return (messages, false) }
    }
}
