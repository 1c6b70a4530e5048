internal import Media
internal import Time
internal import Timeline

/// How the clock of the source of a run stands to ours: the dates of the run follow it.
struct SourceClock {
    private let start: Instant
    /// How much later than its place the first sample of the run came in.
    private let shift: Duration
    private var meter: DriftMeter?

    /// The clock of a run whose first sample came in at `start`, and `shift` later than its place.
    init(start: Instant, shift: Duration) {
        self.start = start
        self.shift = shift
    }

    /// Takes note that a sample of the leading track, at `place`, came in at `arrival`.
    mutating func observe(_ place: MediaTime, arrival: Instant?) {
        guard let arrival else { return }
        if meter == nil { meter = DriftMeter(start: start, place: place) }
        meter?.observe(place, arrival: arrival)
    }

    /// How much faster than ours it runs, in parts per million; nothing while too little is known.
    var partsPerMillion: Double? { meter?.partsPerMillion }

    /// How much later than `place` its date should be; nothing while too little is known.
    fileprivate func shift(at place: MediaTime) -> Duration? { meter?.delay(at: place).map { shift + $0 } }
}

extension Presentation {
    /// How much faster than ours the clock of the current source runs, in parts per million; nothing while too little of it
    /// is known.
    public var clockDrift: Double? { clock?.partsPerMillion }

    /// Lets the dates of all that comes follow the source's clock: a segment of the leading track has ended.
    mutating func followClock() {
        anchor.forget(before: windows.compactMap(\.edge).min() ?? .zero)
        guard let clock, let shift = clock.shift(at: edge), let drift = clock.partsPerMillion else { return }
        anchor.steer(from: edge, error: shift - anchor.shift(at: edge), rate: -drift)
    }
}

extension MediaTime {
    /// The same length, rounded to microseconds.
    var duration: Duration { .microseconds(ticks(in: Timescale(1_000_000))) }
}
