/// A date and time of day: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// The wall clock can be set, so differences of wall times are not elapsed time; measure with `Instant`.
public struct WallTime: InstantProtocol, Sendable {
    /// Microseconds since the epoch of 1970; negative before it.
    public let microseconds: Int64

    /// The time `microseconds` after the epoch of 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// 1970-01-01T00:00:00Z.
    public static let epoch = WallTime(microseconds: 0)

    /// Whole days since 1970-01-01, counted in UTC; negative before it.
    public var day: Int64 { microseconds.dividedFloor(by: CivilTime.microsecondsPerDay).quotient }

    /// The time `duration` later, limited to what can be written.
    public func advanced(by duration: Duration) -> WallTime {
        WallTime(microseconds: microseconds.addingSaturated(duration.wholeMicroseconds))
    }

    /// How much later `other` is.
    public func duration(to other: WallTime) -> Duration {
        .microseconds(other.microseconds) - .microseconds(microseconds)
    }

    /// True when `left` comes first.
    public static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }

    /// The point `duration` after `time`.
    public static func + (time: WallTime, duration: Duration) -> WallTime { time.advanced(by: duration) }

    /// The point `duration` before `time`.
    public static func - (time: WallTime, duration: Duration) -> WallTime { time.advanced(by: .zero - duration) }

    /// The length from `earlier` to `later`; negative where they are the other way round.
    public static func - (later: WallTime, earlier: WallTime) -> Duration { earlier.duration(to: later) }
}
