/// A point in time on a monotonic clock: good for measuring and for timeouts, meaningless as a date.
///
/// Instants of one process can be compared and subtracted; their origin is arbitrary.
public struct Instant: InstantProtocol, Sendable {
    /// Nanoseconds since the clock's origin.
    public let nanoseconds: Int64

    /// The point `nanoseconds` after the clock's origin.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The point `duration` later, at most the last one that can be written.
    public func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds.addingSaturated(duration.wholeNanoseconds))
    }

    /// How much later `other` is.
    public func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    /// True when `left` comes first.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The point `duration` after `time`.
    public static func + (time: Instant, duration: Duration) -> Instant { time.advanced(by: duration) }

    /// The point `duration` before `time`.
    public static func - (time: Instant, duration: Duration) -> Instant { time.advanced(by: .zero - duration) }

    /// The length from `earlier` to `later`; negative where they are the other way round.
    public static func - (later: Instant, earlier: Instant) -> Duration { earlier.duration(to: later) }
}
