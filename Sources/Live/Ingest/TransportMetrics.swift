internal import MPEGTS
internal import SRT
public import Telemetry

/// What transport streams and the connections that bring them suffer from, in numbers, by channel.
public struct TransportMetrics: Sendable {
    fileprivate let errors: MetricFamily<Counter>
    fileprivate let packets: MetricFamily<Counter>
    fileprivate let dropped: MetricFamily<Counter>
    fileprivate let privateCommands: MetricFamily<Counter>
    fileprivate let connectionPackets: MetricFamily<Counter>
    fileprivate let fullBuffers: MetricFamily<Counter>
    fileprivate let gauges: [(family: MetricFamily<Gauge>, value: @Sendable (SRTStatistics.Gauges) -> Double)]

    /// The metrics, in `registry`.
    public init(_ registry: MetricsRegistry) {
        errors = registry.counters(
            "headwater_ts_errors_total", help: "Errors of the transport stream by their names in ETSI TR 101 290.",
            labels: "channel", "error")
        packets = registry.counters(
            "headwater_ts_packets_total", help: "Transport packets by what became of them.", labels: "channel", "kind")
        dropped = registry.counters(
            "headwater_ts_dropped_units_total",
            help: "PES packets, access units, sections and tags that nothing could be made of.", labels: "channel")
        privateCommands = registry.counters(
            "headwater_ts_private_commands_total",
            help: "Commands of splices that are somebody's own, and of which players are not told.", labels: "channel")
        connectionPackets = registry.counters(
            "headwater_srt_packets_total", help: "SRT data packets by what became of them.", labels: "channel", "kind")
        fullBuffers = registry.counters(
            "headwater_srt_buffer_full_total",
            help: "How often the SRT receive buffer became full: the publisher stops, and what it cannot send is lost.",
            labels: "channel")
        func gauge(
            _ name: StaticString, _ help: StaticString, _ value: @escaping @Sendable (SRTStatistics.Gauges) -> Double
        ) -> (MetricFamily<Gauge>, @Sendable (SRTStatistics.Gauges) -> Double) {
            (registry.gauges(name, help: help, labels: "channel"), value)
        }
        gauges = [
            gauge("headwater_srt_round_trip_seconds", "The round trip to the SRT publisher.") {
                $0.roundTripMilliseconds / 1000
            },
            gauge("headwater_srt_latency_seconds", "How long SRT packets are held, as both ends agreed.") {
                Double($0.latencyMilliseconds) / 1000
            },
            gauge("headwater_srt_receive_bits_per_second", "What comes in over SRT.") {
                $0.receiveMegabits * 1_000_000
            },
            gauge(
                "headwater_srt_bandwidth_bits_per_second", "What the way from the SRT publisher could carry, estimated."
            ) {
                $0.bandwidthMegabits * 1_000_000
            },
            gauge("headwater_srt_reorder_distance_packets", "How far SRT packets have overtaken each other.") {
                Double($0.reorderDistance)
            },
            gauge("headwater_srt_buffered_packets", "SRT packets that wait for their time.") {
                Double($0.bufferedPackets)
            },
            gauge("headwater_srt_buffered_bytes", "Bytes of SRT packets that wait for their time.") {
                Double($0.bufferedBytes)
            },
            gauge("headwater_srt_buffered_seconds", "From the first to the last SRT packet that waits for its time.") {
                Double($0.bufferedMilliseconds) / 1000
            },
            gauge("headwater_srt_available_bytes", "Room for more SRT packets.") { Double($0.availableBytes) },
        ]
    }

    /// The report of one connection to that channel.
    func report(channel: String) -> TransportReport { TransportReport(self, channel: channel) }
}

/// Tells the metrics of a channel how one connection fares. What it hears are totals of the connection; it counts what is
/// new in them.
struct TransportReport {
    /// A total, the counter that it goes into, and how much of it was counted.
    private struct Line<Source> {
        let counter: Counter
        let total: (Source) -> UInt64
        var told: UInt64 = 0

        mutating func tell(_ source: borrowing Source) {
            let total = total(copy source)
            guard total > told else { return }
            counter.increment(by: Int(clamping: total - told))
            told = total
        }
    }

    private var health: [Line<TransportStreamHealth>]
    private var faults: Line<Int>
    private var privateCommands: Line<Int>
    private let fullBuffers: Counter
    private var connection: [Line<SRTStatistics.Totals>]
    private let gauges: [(gauge: Gauge, value: @Sendable (SRTStatistics.Gauges) -> Double)]

    fileprivate init(_ metrics: TransportMetrics, channel: String) {
        let dropped = metrics.dropped.child(channel)
        faults = Line(counter: dropped) { UInt64(clamping: $0) }
        privateCommands = Line(counter: metrics.privateCommands.child(channel)) { UInt64(clamping: $0) }
        fullBuffers = metrics.fullBuffers.child(channel)
        health = [Line(counter: dropped) { $0.elementaryPacketsDropped + $0.sectionsDropped }]
        health += Self.errors.map { name, total in
            Line(counter: metrics.errors.child(channel, name)) { $0[keyPath: total] }
        }
        health += Self.packets.map { kind, total in
            Line(counter: metrics.packets.child(channel, kind)) { $0[keyPath: total] }
        }
        connection = Self.connectionPackets.map { kind, total in
            Line(counter: metrics.connectionPackets.child(channel, kind)) { UInt64(clamping: $0[keyPath: total]) }
        }
        gauges = metrics.gauges.map { ($0.family.child(channel), $0.value) }
    }

    mutating func tell(_ health: TransportStreamHealth) {
        for index in self.health.indices { self.health[index].tell(health) }
    }

    mutating func tell(faults: Int) { self.faults.tell(faults) }

    func tellOfFullBuffer() { fullBuffers.increment() }

    mutating func tell(privateCommands: Int) { self.privateCommands.tell(privateCommands) }

    mutating func tell(_ statistics: SRTStatistics) {
        for index in connection.indices { connection[index].tell(statistics.totals) }
        for (gauge, value) in gauges { gauge.set(value(statistics.gauges)) }
    }

    /// The connection is over: what was of its moment is nothing.
    func end() {
        for (gauge, _) in gauges { gauge.set(0) }
    }
}

extension TransportReport {
    private typealias HealthTotal = any KeyPath<TransportStreamHealth, UInt64> & Sendable

    private static let errors: [(String, HealthTotal)] = [
        ("TS_sync_loss", \.syncLosses), ("Sync_byte_error", \.syncByteErrors), ("PAT_error", \.associationErrors),
        ("Continuity_count_error", \.continuityErrors), ("PMT_error", \.mapErrors), ("PID_error", \.missingStreams),
        ("Transport_error", \.transportErrors), ("CRC_error", \.checksumErrors),
        ("PCR_repetition_error", \.clockRepetitionErrors),
        ("PCR_discontinuity_indicator_error", \.clockDiscontinuityErrors), ("PTS_error", \.timeRepetitionErrors),
    ]

    private static let packets: [(String, HealthTotal)] = [
        ("received", \.packets), ("null", \.nullPackets), ("lost", \.packetsLost), ("repeated", \.packetsRepeated),
        ("scrambled", \.packetsScrambled), ("malformed", \.packetsMalformed),
    ]

    private static let connectionPackets: [(String, any KeyPath<SRTStatistics.Totals, Int64> & Sendable)] = [
        ("received", \.packetsReceived), ("unique", \.uniquePacketsReceived), ("retransmitted", \.packetsRetransmitted),
        ("lost", \.packetsLost), ("dropped", \.packetsDropped), ("belated", \.packetsBelated),
        ("undecrypted", \.packetsUndecrypted), ("loss_reports", \.lossReportsSent), ("corrected", \.packetsCorrected),
        ("uncorrected", \.packetsUncorrected),
    ]
}
