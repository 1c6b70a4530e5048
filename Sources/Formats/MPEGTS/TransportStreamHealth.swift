/// What a transport stream is found to suffer from, counted since its first byte.
///
/// The errors are those of ETSI TR 101 290 §5.2, under the names given there. Intervals are measured by arrival; what
/// stays away is counted once for each time that its limit passes. Not measured: PCR_accuracy_error, which needs arrival
/// times finer than those of a network, CAT_error, buffer errors, and priority 3. Tables and intervals are those of the
/// program that is followed.
public struct TransportStreamHealth: Sendable, Hashable {
    // Priority 1

    /// TS_sync_loss: two or more sync bytes in a row were not where they belong.
    public var syncLosses: UInt64 = 0
    /// Sync_byte_error: a packet did not begin with 0x47.
    public var syncByteErrors: UInt64 = 0
    /// PAT_error_2: no program association for 0.5 s, another table in its place, or it is scrambled.
    public var associationErrors: UInt64 = 0
    /// Continuity_count_error, on any packet identifier.
    public var continuityErrors: UInt64 = 0
    /// PMT_error_2: no program map for 0.5 s, or it is scrambled.
    public var mapErrors: UInt64 = 0
    /// PID_error: no packet of a video or audio stream of the program for 5 s.
    public var missingStreams: UInt64 = 0

    // Priority 2

    /// Transport_error: the packet says of itself that it is damaged.
    public var transportErrors: UInt64 = 0
    /// CRC_error in a program association, a program map or a section of splices.
    public var checksumErrors: UInt64 = 0
    /// PCR_repetition_error: more than 100 ms from one clock value to the next.
    public var clockRepetitionErrors: UInt64 = 0
    /// PCR_discontinuity_indicator_error: the clock jumped by more than 100 ms, or back, and did not say so.
    public var clockDiscontinuityErrors: UInt64 = 0
    /// PTS_error: more than 700 ms from one presentation time of a video or audio stream to the next.
    public var timeRepetitionErrors: UInt64 = 0

    // Amounts

    /// All bytes that came.
    public var bytes: UInt64 = 0
    /// All transport packets that came, with null packets.
    public var packets: UInt64 = 0
    /// Null packets.
    public var nullPackets: UInt64 = 0
    /// Bytes between packets, where there was no rhythm of sync bytes.
    public var bytesSkipped: UInt64 = 0
    /// Transport packets that are missing by the continuity counters, which see up to 15 in a row.
    public var packetsLost: UInt64 = 0
    /// Transport packets that came twice, as they may.
    public var packetsRepeated: UInt64 = 0
    /// Scrambled transport packets. They are not used.
    public var packetsScrambled: UInt64 = 0
    /// Transport packets with a header that cannot be. They are not used.
    public var packetsMalformed: UInt64 = 0
    /// PES packets that were begun and given up: bytes of them were lost or cannot be, or they became too long.
    public var elementaryPacketsDropped: UInt64 = 0
    /// PES packets whose times were not used because they are not written as times are.
    public var timesMalformed: UInt64 = 0
    /// Sections that were given up: bytes of them were lost, their CRC is wrong, or nothing can be made of them.
    public var sectionsDropped: UInt64 = 0
    /// Streams that were left out of a program because it has too many.
    public var streamsIgnored: UInt64 = 0

    /// Nothing found yet.
    public init() {}
}
