public import Bitstreams
public import Bytes

/// What a transport stream tells.
public enum TransportStreamEvent: Sendable, Hashable {
    /// The program that is followed: the first time that its tables are complete, and whenever they say something else.
    /// What comes next belongs to these streams.
    case program(TransportProgram)
    /// The program is not in the stream any more. When it comes back it is told of again.
    case programEnded(number: UInt16)
    /// The payload of a PES packet.
    case packet(ElementaryPacket)
    /// A whole section of a stream of splices, with its CRC_32 where it has one, which is right.
    case section(pid: UInt16, ByteChunk)
}

/// The payload of one PES packet of the program. ISO/IEC 13818-1 §2.4.3.6.
public struct ElementaryPacket: Sendable, Hashable {
    /// Which of the program's streams it belongs to: an index into `TransportProgram.streams`.
    public let stream: Int
    /// The packet identifier of that stream.
    public let pid: UInt16
    /// `stream_id`.
    public let streamID: UInt8
    /// What the packet carries, without its header.
    public let payload: ByteChunk
    /// The times of the first access unit that begins in it, as they were sent: 33 bits. Nothing where there are none.
    public let times: PacketTimes?
    /// True when an access unit begins with the first byte: `data_alignment_indicator`.
    public let isAligned: Bool
    /// True when decoding can begin here, as the transport packet says: `random_access_indicator`.
    public let isRandomAccess: Bool
    /// True when bytes of this stream were lost between the packet before and this one.
    public let isAfterLoss: Bool
}
