internal import Bytes

/// What a chunk's header says by itself, without what it leaves to earlier chunks of its chunk stream. RTMP 1.0 §5.3.1.
struct RTMPChunkHeader {
    /// The value of the timestamp field that announces an extended timestamp. §5.3.1.3
    static let extendedTimestampMark: UInt32 = 0xFF_FFFF

    /// The `fmt` field: how much of the message header is there.
    let format: UInt8
    let chunkStreamID: UInt32
    /// The timestamp, or its delta, as the 24-bit field has it. Formats 0 to 2.
    private(set) var timestampField: UInt32 = 0
    /// Formats 0 and 1.
    private(set) var messageLength = 0
    /// Formats 0 and 1.
    private(set) var messageType = RTMPMessageType(rawValue: 0)
    /// Format 0.
    private(set) var messageStreamID: UInt32 = 0

    /// Reads the basic header and the message header, or nothing while `reader` has not all of it. The extended
    /// timestamp is not read: whether there is one, format 3 does not tell.
    init?(_ reader: inout ByteReader) {
        do {
            let first = try reader.readUInt8()
            format = first >> 6
            switch first & 0x3F {
            case 0: chunkStreamID = 64 + UInt32(try reader.readUInt8())
            case 1: chunkStreamID = 64 + UInt32(try reader.readUInt16().byteSwapped)
            default: chunkStreamID = UInt32(first & 0x3F)
            }
            if format < 3 { timestampField = try reader.readUInt24() }
            if format < 2 {
                messageLength = Int(try reader.readUInt24())
                messageType = RTMPMessageType(rawValue: try reader.readUInt8())
            }
            if format == 0 { messageStreamID = try reader.readUInt32LittleEndian() }
        } catch { return nil }
    }
}
