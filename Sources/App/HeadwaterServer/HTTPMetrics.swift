internal import HTTP
internal import Locks
internal import Telemetry
internal import Time

/// Counts what happens at the HTTP port, and tells the operator when a bound is met: once in a while, not each time.
final class HTTPMetrics: HTTPServerObserver {
    private static let pause = Duration.seconds(10)

    private let statuses: [Counter]
    private let undelivered: Counter
    private let rejected: Counter
    private let parkingRefused: (ofClient: Counter, inAll: Counter)
    private let dropped: MetricFamily<Counter>
    private let logger: Logger
    private let clock: any MonotonicClock
    private let lastWarning = Mutex<Instant?>(nil)

    init(_ registry: MetricsRegistry, logger: Logger, clock: any MonotonicClock) {
        let answers = registry.counters(
            "headwater_http_responses_total", help: "Answers by class of status.", labels: "status")
        statuses = (1...5).map { answers.child("\($0)xx") }
        undelivered = registry.counter(
            "headwater_http_undelivered_total", help: "Answers that a client did not stay for.")
        rejected = registry.counter(
            "headwater_http_rejected_total", help: "Requests that were malformed or too large to be understood.")
        let refusals = registry.counters(
            "headwater_http_parking_refused_total", help: "Requests that could not wait because too many did already.",
            labels: "bound")
        parkingRefused = (refusals.child("client"), refusals.child("all"))
        dropped = registry.counters(
            "headwater_http_dropped_total", help: "Connections that were cut off because they wore the server out.",
            labels: "reason")
        for reason in DropReason.allCases { _ = dropped.child(reason.rawValue) }
        self.logger = logger
        self.clock = clock
    }

    func requestCompleted(method: HTTPMethod, status: Int, wasDelivered: Bool) {
        if (100...599).contains(status) { statuses[status / 100 - 1].increment() }
        if !wasDelivered { undelivered.increment() }
    }

    func requestRejected() { rejected.increment() }

    func parkingRefused(isOfClient: Bool) {
        (isOfClient ? parkingRefused.ofClient : parkingRefused.inAll).increment()
        let now = clock.now
        let isDue = lastWarning.withLock { last in
            if let last, now - last < Self.pause { return false }
            last = now
            return true
        }
        guard isDue else { return }
        logger.warning("http.parking_full", ["bound": .public(isOfClient ? "http.parkedPerAddress" : "http.parked")])
    }

    func connectionDropped(_ reason: DropReason) { dropped.child(reason.rawValue).increment() }
}
