import Glibc

/// Where elapsed time is read from.
public protocol MonotonicClock: Sendable {
    /// The present instant; never earlier than one read before.
    var now: Instant { get }
}

/// Where the date and the time of day are read from.
public protocol WallClock: Sendable {
    /// The present time of day.
    var wallTime: WallTime { get }
}

/// Both clocks, handed together to whoever needs time.
///
/// Pure code takes an `Instant` or a `WallTime` as a parameter instead.
public typealias Clocks = MonotonicClock & WallClock

/// The machine's own clocks.
public struct SystemClocks: Clocks {
    /// The machine's clocks.
    public init() {}

    /// `CLOCK_MONOTONIC`.
    public var now: Instant {
        let (seconds, nanoseconds) = Self.read(CLOCK_MONOTONIC)
        return Instant(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    /// `CLOCK_REALTIME`.
    public var wallTime: WallTime {
        let (seconds, nanoseconds) = Self.read(CLOCK_REALTIME)
        return WallTime(microseconds: seconds * 1_000_000 + nanoseconds / 1000)
    }

    /// Both of these clocks always exist on Linux, so reading them cannot fail.
    private static func read(_ clock: clockid_t) -> (seconds: Int64, nanoseconds: Int64) {
        var time = timespec()
        clock_gettime(clock, &time)
        return (Int64(time.tv_sec), Int64(time.tv_nsec))
    }
}
