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

    /// How many packets the flow window and the receive buffer of a connection have whose own latency is that, where it has
    /// one: a round trip of half a second besides.
    ///
    /// A caller may wish for a longer latency, of which nobody knows before it is agreed on. The fewest packets are as many
    /// as those whose places take no more memory than libsrt's own buffers: all places are made at once, of 32 bytes each,
    /// while the packets in them take theirs as they come.
    func packets(for latency: Duration? = nil) -> Int32 {
        let seconds = max(latency ?? .zero, self.latency).seconds + 0.5
        return Int32(min(max(packetsPerSecond * seconds, 16_384), 1_000_000))
    }

    /// How long so many packets last when as many come in as may.
    func duration(ofPackets count: Int32) -> Duration { .seconds(Double(count) / packetsPerSecond) }

    private var packetsPerSecond: Double { Double(max(maximumBitrate, 1)) * 125_000 / Self.usualMessageSize }

    /// Seven packets of a transport stream, in bytes.
    static let usualMessageSize = 1316.0

    /// Sets them on a socket that is neither bound nor connected.
    func apply(to socket: SRTHandle) throws(SRTError) {
        // Sets further defaults, so that it comes first.
        try socket.set(SRTO_TRANSTYPE, "transtype", Int32(SRTT_LIVE.rawValue))
        try socket.set(SRTO_MSS, "mss", maximumSegmentSize)
        try setBuffers(of: socket, to: packets())
        try socket.set(SRTO_UDP_RCVBUF, "udp rcvbuf", systemReceiveBuffer)
        try socket.set(SRTO_RCVLATENCY, "latency", latency.milliseconds)
        try socket.set(SRTO_PEERIDLETIMEO, "peeridletimeo", peerIdleTimeout.milliseconds)
        try socket.set(SRTO_LOSSMAXTTL, "lossmaxttl", reorderTolerance)
        try socket.set(SRTO_TLPKTDROP, "tlpktdrop", dropsTooLatePackets)
        try socket.set(SRTO_PAYLOADSIZE, "payloadsize", Int32(SRTSocket.maximumMessageSize))
        // Encryption is what both ends agree on: none here and some there is a refusal, and the other way round.
        try socket.set(SRTO_ENFORCEDENCRYPTION, "enforcedencryption", true)
    }

    /// Makes room for so many packets on a socket that is not bound, such as one that a listener decides about.
    func setBuffers(of socket: SRTHandle, to packets: Int32) throws(SRTError) {
        // libsrt cuts the receive buffer to the flow window.
        try socket.set(SRTO_FC, "fc", packets)
        try socket.set(SRTO_RCVBUF, "rcvbuf", Int32(clamping: Int(packets) * placeSize))
    }

    /// How many packets there is room for on a socket.
    func packets(of socket: SRTHandle) -> Int32 { Int32(clamping: Int(socket.get(SRTO_RCVBUF)) / placeSize) }

    /// What libsrt counts for the place of a packet, in bytes.
    private var placeSize: Int { Int(maximumSegmentSize - 28) }
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
