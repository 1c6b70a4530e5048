internal import Telemetry
internal import Time

/// Tells of one call of a source: what is news goes into the log, and everything into the metrics.
struct PullReport {
    let logger: Logger
    let metrics: IngestMetrics
    let journal: PullJournal
    let clock: any MonotonicClock
    private var begun: Instant?
    private var isWell = false

    init(logger: Logger, metrics: IngestMetrics, journal: PullJournal, clock: any MonotonicClock) {
        (self.logger, self.metrics, self.journal, self.clock) = (logger, metrics, journal, clock)
    }

    /// The source is there, and its channel takes it.
    mutating func begin() {
        begun = clock.now
        metrics.accepted.increment()
        metrics.connections.add(1)
        if journal.isNews("accepted") { logger.info("ingest.accepted") }
    }

    /// Something came of it.
    mutating func goOn(at now: Instant) {
        guard let begun, !isWell, now - begun >= Backoff.goodConnection else { return }
        isWell = true
        guard let untold = journal.recover() else { return }
        // That it was accepted is what the journal has, if there was no trouble before.
        _ = journal.isNews("accepted")
        if untold > 0 { logger.info("ingest.pull_recovered", ["folded": .public(untold)]) }
    }

    /// It is over: because it was told to, or because of `fault`.
    mutating func end(_ farewell: String?, fault: PullFault?, dropped: Int) {
        var fields: LogFields = ["reason": .public(farewell ?? fault?.code ?? "closed")]
        if begun != nil {
            metrics.connections.add(-1)
            // After a good connection the next one is news.
            if isWell { _ = journal.recover() }
            fields["dropped.packets"] = .public(dropped)
            if farewell == nil { fields["detail"] = fault.map { .public($0.detail) } }
            let kind = "closed: \(farewell ?? fault?.code ?? "")"
            if isWell || journal.isNews(kind) { logger.info("ingest.closed", fields) }
        } else if farewell == nil, let fault {
            metrics.refused(fault.code)
            fields["detail"] = .public(fault.detail)
            if journal.isNews(fault.code) { logger.warning("ingest.pull_failed", fields) }
        }
    }
}
