public import Telemetry

/// What publishers do, in numbers.
public struct IngestMetrics: Sendable {
    let accepted: Counter
    let receivedBytes: Counter
    let connections: Gauge
    private let refusals: MetricFamily<Counter>

    /// The metrics, in `registry`.
    public init(_ registry: MetricsRegistry) {
        accepted = registry.counter("headwater_ingest_accepted_total", help: "Publishers that were let in.")
        receivedBytes = registry.counter("headwater_ingest_received_bytes_total", help: "Bytes read from publishers.")
        connections = registry.gauge("headwater_ingest_connections", help: "Open connections of publishers.")
        refusals = registry.counters(
            "headwater_ingest_refused_total", help: "Publishers that were refused or cut off.", labels: "reason")
    }

    func refused(_ reason: String) { refusals.child(reason).increment() }
}
