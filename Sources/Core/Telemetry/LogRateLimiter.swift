public import Time

/// Folds events that repeat, such as the errors of a broken stream: the first is logged at once, after it one in every
/// interval, with how many were left out.
///
///     if case .log(let folded) = limiter.admit(at: now) {
///         logger.warning("media.corrupt", ["folded": .public(folded)])
///     }
///
/// One limiter serves one kind of event. When the source of the events ends, `drain` tells what was not yet reported.
public struct LogRateLimiter: Sendable {
    /// What to do with an event.
    public enum Decision: Equatable, Sendable {
        /// Log it, and with it that `folded` events before it were not logged.
        case log(folded: Int)
        /// Leave it out; it is counted.
        case fold
    }

    private let interval: Duration
    private var lastLogged: Instant?
    private var folded = 0

    /// A limiter that lets one event pass in every `interval`.
    public init(interval: Duration = .seconds(1)) { self.interval = interval }

    /// Takes note of an event at `now` and says whether to log it.
    public mutating func admit(at now: Instant) -> Decision {
        if let lastLogged, now - lastLogged < interval {
            folded += 1
            return .fold
        }
        lastLogged = now
        return .log(folded: drain())
    }

    /// How many events were left out since the last one logged; they count as reported from here on.
    public mutating func drain() -> Int {
        defer { folded = 0 }
        return folded
    }
}
