/// Watches that something comes again before a time has passed. Times are nanoseconds of a monotonic clock.
struct IntervalWatch: Sendable {
    private let limit: Int64
    private var last: Int64?

    /// A watch that begins with the first that comes, or with `restart`.
    init(milliseconds: Int64) { limit = milliseconds * 1_000_000 }

    /// It came, or is to be waited for from now on.
    @inline(__always)
    mutating func restart(at now: Int64) { last = now }

    /// Nothing is waited for any more.
    mutating func stop() { last = nil }

    /// Answers 1 when it has stayed away for too long, and waits anew from now on. `deadline` becomes no later than the
    /// time until which this watch is content.
    mutating func check(at now: Int64, deadline: inout Int64) -> UInt64 {
        guard let last else { return 0 }
        let isOverdue = now - last > limit
        if isOverdue { self.last = now }
        deadline = min(deadline, (isOverdue ? now : last) + limit)
        return isOverdue ? 1 : 0
    }
}
