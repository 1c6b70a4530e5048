internal import Media

/// Times as whole nanoseconds, in which those of any track compare at little cost.
extension MediaTime {
    /// Seconds that a source's time may lie from zero: 17 years, where none comes that does not try to.
    static let limit: Int64 = 1 << 29

    /// The time in whole nanoseconds, rounded down; nil where it lies too far from zero.
    var nanoseconds: Int64? {
        value.magnitude <= UInt64(Int64(timescale.ticksPerSecond) * Self.limit) ? flooredNanoseconds : nil
    }

    /// The time in whole nanoseconds, rounded down, where it is a few times the limit at most.
    var flooredNanoseconds: Int64 {
        let ticksPerSecond = Int64(timescale.ticksPerSecond)
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: ticksPerSecond)
        let down = rest < 0 ? ticksPerSecond - 1 : 0
        return seconds * 1_000_000_000 + (rest * 1_000_000_000 - down) / ticksPerSecond
    }

    /// The first tick at or after `nanoseconds`, which are a few times the limit at most.
    init(nanoseconds: Int64, in timescale: Timescale) {
        let ticksPerSecond = Int64(timescale.ticksPerSecond)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let up: Int64 = rest > 0 ? 999_999_999 : 0
        self.init(seconds * ticksPerSecond + (rest * ticksPerSecond + up) / 1_000_000_000, timescale)
    }
}

extension Int64 {
    /// True for nanoseconds within the limit of times.
    var isWithinLimit: Bool { magnitude <= UInt64(MediaTime.limit * 1_000_000_000) }
}
