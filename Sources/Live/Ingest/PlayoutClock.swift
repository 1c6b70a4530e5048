internal import Time

/// When the packets of a source that brings them early are due: by their times, as if they came live.
///
/// The first is due at once. One that comes much later than it was due moves all that follow by as much; one whose time has
/// jumped is due at once.
struct PlayoutClock {
    /// What comes later than that does not catch up.
    private static let lateness = Duration.milliseconds(500)
    /// Steps of more than that are jumps.
    private static let jump = Duration.seconds(10)

    /// The instant and the media time that belong together.
    private var anchor: (instant: Instant, time: Duration)?
    private var last = Duration.zero

    /// When what is decoded at `time` of the source's timeline is due, if it is there at `now`.
    mutating func due(_ time: Duration, at now: Instant) -> Instant {
        defer { last = time }
        guard let anchor, time - last < Self.jump, last - time < Self.jump else { return begin(time, at: now) }
        let due = anchor.instant + (time - anchor.time)
        return now - due > Self.lateness ? begin(time, at: now) : due
    }

    private mutating func begin(_ time: Duration, at now: Instant) -> Instant {
        anchor = (now, time)
        return now
    }
}
