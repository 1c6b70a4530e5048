internal import Locks

/// Clocks that stand still until they are set, for tests and for replaying recorded input.
public final class ManualClock: Clocks {
    private struct State {
        var now: Instant
        var wallTime: WallTime
    }

    private let state: Mutex<State>

    /// Clocks that show `now` and `wallTime`.
    public init(now: Instant = Instant(nanoseconds: 0), wallTime: WallTime = .epoch) {
        state = Mutex(State(now: now, wallTime: wallTime))
    }

    /// The instant that was reached by `advance`.
    public var now: Instant { state.withLock { $0.now } }

    /// The time of day that was reached by `advance` or set.
    public var wallTime: WallTime { state.withLock { $0.wallTime } }

    /// Lets `duration`, which must not be negative, pass on both clocks.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "a monotonic clock never goes back")
        state.withLock {
            $0.now = $0.now.advanced(by: duration)
            $0.wallTime = $0.wallTime.advanced(by: duration)
        }
    }

    /// Sets the time of day, forwards or back, as an operator or NTP does; the monotonic clock goes on unmoved.
    public func setWallTime(_ time: WallTime) { state.withLock { $0.wallTime = time } }
}
