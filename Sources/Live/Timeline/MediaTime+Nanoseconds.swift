internal import Media

/// Times as whole nanoseconds, in which those of any track compare at little cost.
extension MediaTime {
    /// Seconds that a source's time may lie from zero: 17 years, where none comes that does not try to.
    static let limit: Int64 = 1 << 29

    /// The time in whole nanoseconds, rounded towards zero; nil where it lies too far from it.
    var nanoseconds: Int64? {
        let ticksPerSecond = Int64(timescale.ticksPerSecond)
        guard value.magnitude <= UInt64(ticksPerSecond * Self.limit) else { return nil }
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: ticksPerSecond)
        return seconds * 1_000_000_000 + rest * 1_000_000_000 / ticksPerSecond
    }

    /// The tick nearest to `nanoseconds`, which are a few times the limit at most.
    init(nanoseconds: Int64, in timescale: Timescale) {
        let ticksPerSecond = Int64(timescale.ticksPerSecond)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let half = rest.signum() * 500_000_000
        self.init(seconds * ticksPerSecond + (rest * ticksPerSecond + half) / 1_000_000_000, timescale)
    }
}

extension Int64 {
    /// True for nanoseconds within the limit of times.
    var isWithinLimit: Bool { magnitude <= UInt64(MediaTime.limit * 1_000_000_000) }
}
