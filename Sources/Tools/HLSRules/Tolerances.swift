/// How much is put down to the observer itself, and to clocks. All in seconds.
public struct Tolerances: Sendable {
    /// What network and scheduling may add between two publications.
    public var jitter = 0.25
    /// How long an answer that needs no waiting may take.
    public var promptness = 0.25
    /// How long a whole part may take from its first byte to its last, beside what 10 MB/s explain.
    public var sending = 0.1
    /// How far a written duration may be from the media's.
    public var duration = 0.001
    /// How far two mappings of date to media time may be apart: dates are written in whole milliseconds.
    public var mapping = 0.001
    /// How much of the time that passes dates may run ahead of media time, or behind it: the source's clock is not the wall
    /// clock, and what keeps to both has to give way. Quartz of any kind is better than that.
    public var slew = 0.0005
    /// How far an Age may be beyond what is permitted: a cache counts in whole seconds, from a Date in whole seconds.
    public var age = 1.0

    /// The usual tolerances.
    public init() {}
}

/// How often a rule was looked at, and how often it was broken.
public struct Tally: Equatable, Sendable {
    /// How many times the rule was checked.
    public internal(set) var checked = 0
    /// How many times it was broken.
    public internal(set) var violated = 0
    /// The first time it was broken.
    public internal(set) var first: Violation?
}
