internal import MPEGTS
internal import SRT
public import Telemetry

/// What transport streams and the connections that bring them suffer from, in numbers, by channel.
public struct TransportMetrics: Sendable {
    fileprivate let errors: MetricFamily<Counter>
    fileprivate let packets: MetricFamily<Counter>
    fileprivate let dropped: MetricFamily<Counter>
    fileprivate let connectionPackets: MetricFamily<Counter>
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
        connectionPackets = registry.counters(
            "headwater_srt_packets_total", help: "SRT data packets by what became of them.", labels: "channel", "kind")
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
    private let metrics: TransportMetrics
    private let channel: String
    private var told: [String: UInt64] = [:]

    fileprivate init(_ metrics: TransportMetrics, channel: String) {
        (self.metrics, self.channel) = (metrics, channel)
    }

    mutating func tell(_ health: TransportStreamHealth) {
        for (name, total) in [
            ("TS_sync_loss", health.syncLosses), ("Sync_byte_error", health.syncByteErrors),
            ("PAT_error", health.associationErrors), ("Continuity_count_error", health.continuityErrors),
            ("PMT_error", health.mapErrors), ("PID_error", health.missingStreams),
            ("Transport_error", health.transportErrors), ("CRC_error", health.checksumErrors),
            ("PCR_repetition_error", health.clockRepetitionErrors),
            ("PCR_discontinuity_indicator_error", health.clockDiscontinuityErrors),
            ("PTS_error", health.timeRepetitionErrors),
        ] {
            count(metrics.errors.child(channel, name), total, as: name)
        }
        for (kind, total) in [
            ("received", health.packets), ("null", health.nullPackets), ("lost", health.packetsLost),
            ("repeated", health.packetsRepeated), ("scrambled", health.packetsScrambled),
            ("malformed", health.packetsMalformed),
        ] {
            count(metrics.packets.child(channel, kind), total, as: "ts.\(kind)")
        }
        count(
            metrics.dropped.child(channel), health.elementaryPacketsDropped + health.sectionsDropped, as: "ts.dropped")
    }

    mutating func tell(faults: Int) { count(metrics.dropped.child(channel), UInt64(clamping: faults), as: "faults") }

    mutating func tell(_ statistics: SRTStatistics) {
        let totals = statistics.totals
        for (kind, total) in [
            ("received", totals.packetsReceived), ("unique", totals.uniquePacketsReceived),
            ("retransmitted", totals.packetsRetransmitted), ("lost", totals.packetsLost),
            ("dropped", totals.packetsDropped), ("belated", totals.packetsBelated),
            ("undecrypted", totals.packetsUndecrypted), ("loss_reports", totals.lossReportsSent),
            ("corrected", totals.packetsCorrected), ("uncorrected", totals.packetsUncorrected),
        ] {
            count(metrics.connectionPackets.child(channel, kind), UInt64(clamping: total), as: "srt.\(kind)")
        }
        for gauge in metrics.gauges { gauge.family.child(channel).set(gauge.value(statistics.gauges)) }
    }

    /// The connection is over: what was of its moment is nothing.
    func end() {
        for gauge in metrics.gauges { gauge.family.child(channel).set(0) }
    }

    private mutating func count(_ counter: Counter, _ total: UInt64, as name: String) {
        let before = told[name] ?? 0
        guard total > before else { return }
        counter.increment(by: Int(clamping: total - before))
        told[name] = total
    }
}
