internal import CSRT

/// How many bits the key has that a connection is encrypted with.
public enum SRTKeyLength: Int32, Sendable, Hashable, CaseIterable {
    /// AES-128.
    case bits128 = 16
    /// AES-192.
    case bits192 = 24
    /// AES-256.
    case bits256 = 32
}

/// How a connection is to be.
///
/// The defaults are libsrt's for live streams, but for the buffers: they hold what `maximumBitrate` brings in within the
/// latency and a long round trip.
public struct SRTOptions: Sendable {
    /// How long a packet is held before it is handed out, so that a lost one can be sent again until then. The longer of
    /// what both ends want counts.
    public var latency = Duration.milliseconds(120)
    /// The most that comes in, in megabits per second.
    public var maximumBitrate = 100
    /// After so long without any sign of the other end a connection is over. libsrt waits for some five seconds anyway.
    public var peerIdleTimeout = Duration.seconds(5)
    /// How many packets may overtake another before that is asked for again (`SRTO_LOSSMAXTTL`).
    public var reorderTolerance: Int32 = 0
    /// Whether a packet that is lost for longer than the latency is passed over. Else all that follow wait for it.
    public var dropsTooLatePackets = true
    /// The largest packet with its IP, UDP and SRT headers, in bytes.
    public var maximumSegmentSize: Int32 = 1500
    /// What the system keeps of packets that nobody has read, for all connections of a port together, in bytes. The system
    /// cuts it to net.core.rmem_max.
    public var systemReceiveBuffer: Int32 = 8 << 20

    /// The usual ones.
    public init() {}

    /// How many packets the flow window and the receive buffer have: a round trip of half a second besides the latency.
    var packets: Int32 {
        let seconds = latency.seconds + 0.5
        let count = Double(max(maximumBitrate, 1)) * 125_000 * seconds / 1316
        return Int32(min(max(count, 1024), 1_000_000))
    }

    /// Sets them on a socket that is neither bound nor connected.
    func apply(to socket: SRTHandle) throws(SRTError) {
        // Sets further defaults, so that it comes first.
        try socket.set(SRTO_TRANSTYPE, "transtype", Int32(SRTT_LIVE.rawValue))
        try socket.set(SRTO_MSS, "mss", maximumSegmentSize)
        // libsrt cuts the receive buffer to the flow window.
        let packets = packets
        try socket.set(SRTO_FC, "fc", packets)
        try socket.set(SRTO_RCVBUF, "rcvbuf", Int32(clamping: Int(packets) * Int(maximumSegmentSize - 28)))
        try socket.set(SRTO_UDP_RCVBUF, "udp rcvbuf", systemReceiveBuffer)
        try socket.set(SRTO_RCVLATENCY, "latency", latency.milliseconds)
        try socket.set(SRTO_PEERIDLETIMEO, "peeridletimeo", peerIdleTimeout.milliseconds)
        try socket.set(SRTO_LOSSMAXTTL, "lossmaxttl", reorderTolerance)
        try socket.set(SRTO_TLPKTDROP, "tlpktdrop", dropsTooLatePackets)
        try socket.set(SRTO_PAYLOADSIZE, "payloadsize", Int32(SRTSocket.maximumMessageSize))
        // Encryption is what both ends agree on: none here and some there is a refusal, and the other way round.
        try socket.set(SRTO_ENFORCEDENCRYPTION, "enforcedencryption", true)
    }
}

extension Duration {
    /// Whole milliseconds, not below 0, as libsrt counts them.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard (0..<Int64(Int32.max) / 1000).contains(seconds) else { return seconds < 0 ? 0 : .max }
        return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    /// Seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
