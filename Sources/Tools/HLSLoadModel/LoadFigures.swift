/// What one thread counted, or all of them.
public struct LoadFigures: Sendable {
    /// How many answers were whole.
    public var responses = 0
    /// How many of them were playlists.
    public var playlists = 0
    /// Bytes that were received, without those of TLS.
    public var bytes = 0
    /// Failed requests by kind.
    public var failures: [FailureKind: Int] = [:]
    /// Connections that the server closed between two requests, and that were opened again.
    public var reconnects = 0
    /// From the request of a part (or segment) to its last byte.
    public var delivery = LatencyHistogram()
    /// From the first viewer that got a version of a playlist to each other one.
    public var wakeUps = LatencyHistogram()
    /// How late the generator itself was: from when something was due or ready to when it was handled, at most.
    public var lateness = LatencyHistogram()
    /// The share of a core that the generator's busiest thread used.
    public var processorShare = 0.0
    /// How often viewers stalled.
    public var stalls = 0
    /// How many viewers stalled at least once.
    public var stalledViewers = 0
    /// How long they stalled in all.
    public var stalledTime = Duration.zero
    /// The longest stall.
    public var longestStall = Duration.zero
    /// Viewers who did not get enough media to begin.
    public var neverStarted = 0
    /// How often a playlist was parsed.
    public var parsed = 0

    /// Nothing was counted yet.
    public init() {}

    /// Takes note of a failed request.
    public mutating func fail(_ kind: FailureKind) { failures[kind, default: 0] += 1 }

    /// Takes note of a viewer's play-head at the end.
    public mutating func add(_ playHead: PlayHead) {
        stalls += playHead.stalls
        stalledViewers += playHead.stalls > 0 ? 1 : 0
        stalledTime += playHead.stalledTime
        longestStall = max(longestStall, playHead.longestStall)
        neverStarted += playHead.hasStarted ? 0 : 1
    }

    /// Adds what another thread counted.
    public mutating func add(_ other: LoadFigures) {
        responses += other.responses
        playlists += other.playlists
        bytes += other.bytes
        failures.merge(other.failures, uniquingKeysWith: +)
        reconnects += other.reconnects
        delivery.add(other.delivery)
        wakeUps.add(other.wakeUps)
        lateness.add(other.lateness)
        processorShare = max(processorShare, other.processorShare)
        stalls += other.stalls
        stalledViewers += other.stalledViewers
        stalledTime += other.stalledTime
        longestStall = max(longestStall, other.longestStall)
        neverStarted += other.neverStarted
        parsed += other.parsed
    }
}
