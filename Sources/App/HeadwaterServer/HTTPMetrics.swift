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
    private let refused: MetricFamily<Counter>
    private let dropped: MetricFamily<Counter>
    private let logger: Logger
    private let clock: any MonotonicClock
    private let limiters = Mutex<[String: LogRateLimiter]>([:])

    init(_ registry: MetricsRegistry, logger: Logger, clock: any MonotonicClock) {
        let answers = registry.counters(
            "headwater_http_responses_total", help: "Answers by class of status.", labels: "status")
        statuses = (1...5).map { answers.child("\($0)xx") }
        undelivered = registry.counter(
            "headwater_http_undelivered_total", help: "Answers that a client did not stay for.")
        rejected = registry.counter(
            "headwater_http_rejected_total", help: "Requests that were malformed or too large to be understood.")
        refused = registry.counters(
            "headwater_http_refused_total",
            help: "Connections and requests that got 503 because there were as many as there may be.", labels: "bound")
        for bound in HTTPBound.allCases { _ = refused.child(bound.rawValue) }
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

    func boundReached(_ bound: HTTPBound) {
        refused.child(bound.rawValue).increment()
        guard let folded = admit(bound.rawValue) else { return }
        logger.warning(
            "http.bound_reached", ["bound": .public("http.\(bound.rawValue)"), "folded": .public(folded)])
    }

    func connectionDropped(_ reason: DropReason) {
        dropped.child(reason.rawValue).increment()
        guard let folded = admit(reason.rawValue) else { return }
        logger.notice("http.dropped", ["reason": .public(reason.rawValue), "folded": .public(folded)])
    }

    /// Whether an event is to be logged, and how many of its kind were not since the last one.
    private func admit(_ event: String) -> Int? {
        let now = clock.now
        let decision = limiters.withLock { $0[event, default: LogRateLimiter(interval: Self.pause)].admit(at: now) }
        if case .log(let folded) = decision { return folded }
        return nil
    }
}
