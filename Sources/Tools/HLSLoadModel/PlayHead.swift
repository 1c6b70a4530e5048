public import Time

/// Where a player is in the media that it was delivered: it starts with the hold-back, moves on with time, and stalls
/// where there is nothing more.
///
/// Missing media (GAP) are not delivered: the player runs dry, and jumps over them when media come again.
public struct PlayHead: Sendable {
    private enum State {
        case waiting
        /// At `position` seconds when it was `since`.
        case playing(since: Instant, position: Double)
        case stalled(since: Instant, position: Double)
        case ended
    }

    private var state = State.waiting
    private let needed: Double
    /// Seconds of media that were delivered of each track.
    private var delivered: [Double]
    /// How often it has stalled.
    public private(set) var stalls = 0
    /// How long it has stalled, without a stall that goes on.
    public private(set) var stalledTime = Duration.zero
    /// The longest stall that is over.
    public private(set) var longestStall = Duration.zero

    /// A play-head that starts with `needed` seconds of each of `tracks` tracks.
    public init(needing needed: Double, tracks: Int) {
        self.needed = needed
        delivered = Array(repeating: 0, count: max(tracks, 1))
    }

    /// True once playing has begun.
    public var hasStarted: Bool { if case .waiting = state { false } else { true } }

    /// Takes `duration` seconds of media of `track` that are there at `now`, which never goes back.
    public mutating func deliver(_ duration: Double, of track: Int, at now: Instant) {
        guard delivered.indices.contains(track), duration > 0, duration.isFinite else { return }
        advance(to: now)
        delivered[track] += duration
        let end = end
        switch state {
        // Durations are written with six decimals at most.
        case .waiting where end + 0.000_001 >= needed: state = .playing(since: now, position: 0)
        case .stalled(let since, let position) where end > position:
            endStall(since, now)
            state = .playing(since: now, position: position)
        default: break
        }
    }

    /// Takes note that no more media will come: running out of them is no stall any more.
    public mutating func endMedia(at now: Instant) {
        finish(at: now)
        state = .ended
    }

    /// Brings the counts up to `now`, as at the end of a run. A stall that goes on counts up to here.
    public mutating func finish(at now: Instant) {
        advance(to: now)
        guard case .stalled(let since, let position) = state else { return }
        endStall(since, now)
        state = .stalled(since: now, position: position)
    }

    private var end: Double { delivered.min() ?? 0 }

    private mutating func advance(to now: Instant) {
        guard case .playing(let since, let position) = state else { return }
        // However long the media claim to be: thirty years are enough.
        let left = Duration.nanoseconds(Int64((min(end - position, 1e9) * 1e9).rounded()))
        guard now - since > left else { return }
        stalls += 1
        state = .stalled(since: since + left, position: end)
    }

    private mutating func endStall(_ since: Instant, _ now: Instant) {
        stalledTime += now - since
        longestStall = max(longestStall, now - since)
    }
}
