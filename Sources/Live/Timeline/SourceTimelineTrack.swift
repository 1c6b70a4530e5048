internal import Media
internal import Time

/// What a source's timeline knows of one track's clock.
///
/// Lengths and times are nanoseconds here, within `MediaTime.limit`, so that no sum of a few of them overflows.
struct SourceTimelineTrack {
    /// What a sample's time says of its track.
    enum Verdict {
        /// The track goes on, with the shift that it has.
        case goesOn
        /// The track's clock is the common one again: its own shift ends.
        case returns
        /// A step back that is no more than disorder, of a track that nothing can be compared with.
        case isBehind
        /// The clock is not where it was expected.
        case jumps(Cause)
    }

    /// Why a sample is not where its track was expected.
    enum Cause {
        /// Its time is too far from the one before it.
        case step
        /// Its time is not far from the one before it, but the others, and our clock, seem to go on otherwise; or no other
        /// track goes on.
        case slip
        /// It goes on, but the other tracks are far away; or its track is new or was away, and its clock is not theirs.
        case distance
    }

    /// A jump that nothing has been decided about.
    struct Jump {
        let cause: Cause
        /// When the track began to be held back.
        let since: Instant
        /// The first sample after the jump.
        let time: Int64
        let arrival: Instant
        /// The newest place of the others then.
        let newest: Int64?
        /// The time of the last sample held back, and its arrival.
        var lastTime: Int64
        var lastArrival: Instant
        /// How many samples are held back.
        var count = 0
    }

    /// How far a clock may step.
    static let largestStep: Int64 = 1_000_000_000
    /// How far the tracks' places may be apart.
    static let largestDistance: Int64 = 10_000_000_000
    /// A track of which nothing came for so long has stopped: its time says nothing of the others'.
    static let longestPause: Int64 = 5_000_000_000
    /// How much of a wait between two samples is jitter, not a pause.
    private static let jitter: Int64 = 250_000_000
    /// How far another track may have gone on less than this one, after a hole in both.
    private static let unevenness: Int64 = 500_000_000
    /// How near the common timeline a track that had left it is on it again.
    private static let nearness: Int64 = 100_000_000
    /// How far behind its place a sample may come for being late.
    private static let disorder: Int64 = 100_000_000
    /// How much further than our clock and the others a track must get to have slipped.
    private static let smallestSlip: Int64 = 250_000_000
    /// How far a track goes on steadily, and the others do, before a slip of it is believed: back, where it would soon be
    /// again where it was, and forward, where the others may only come in later.
    private static let steadiness = (back: (span: Int64(150_000_000), count: 4), forward: Int64(500_000_000))

    let id: Int
    /// True when the track has a place on the timeline of this epoch.
    private(set) var isPlaced = false
    /// The last sample's time, by the source, and its arrival.
    private(set) var time: Int64 = 0
    private(set) var arrival = Instant(nanoseconds: 0)
    /// The place of the last sample that was placed.
    private(set) var place: Int64 = 0
    /// What is added to the track's times.
    private(set) var shift: Int64 = 0
    var jump: Jump?
    /// True when the track went on since the first of those that jumped did.
    var hasGoneOn = false
    /// The usual time between two samples.
    private var duration: Int64 = 0
    /// Those of this epoch by which it is known what comes again.
    private var recent = RecentSamples()
    /// How far before the newest place of the others the last sample was placed.
    private var lead: Int64?
    /// The most that this was, which what is less approaches slowly: a track that fell behind the others may skip to there.
    private var highestLead: Int64?

    init(id: Int) { self.id = id }

    /// How long after `earlier` it is, within limits.
    static func length(from earlier: Instant, to later: Instant) -> Int64 {
        let (length, overflows) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        let limit = MediaTime.limit * 1_000_000_000
        return overflows ? (later < earlier ? -limit : limit) : min(max(length, -limit), limit)
    }

    /// True while the track goes on and its last sample says where it is.
    func isLive(at now: Instant) -> Bool {
        isPlaced && jump == nil && Self.length(from: arrival, to: now) <= Self.longestPause
    }

    /// What `time` says, where the others that are live have the places `others`.
    func judge(_ time: Int64, arrival: Instant, beside others: ClosedRange<Int64>?) -> Verdict {
        let step = time - self.time
        let elapsed = Self.length(from: self.arrival, to: arrival)
        let place = time + shift
        let follows = step >= 0 && (step <= Self.largestStep || isPause(step, elapsed) || isHole(place, beside: others))
        // In a longer pause our clock and the source's may get apart by as much as a slip is.
        let isAhead = follows && step <= 2 * Self.largestStep && isAhead(time, at: arrival, beside: others)
        let slips = isAhead || (step < 0 && step >= -Self.largestStep)
        if slips, others == nil, self.time + duration - time <= Self.disorder { return .isBehind }
        if follows, !slips {
            return others.map { $0.isNear(place) } ?? true ? .goesOn : .jumps(.distance)
        }
        if shift != 0, (time - next(at: arrival, beside: others?.upperBound)).magnitude <= Self.nearness {
            return .returns
        }
        if slips { return .jumps(.slip) }
        guard elapsed > Self.longestPause, let others else { return .jumps(.step) }
        if place >= self.place, others.isNear(place) { return .goesOn }
        return shift != 0 && time >= self.place && others.isNear(time) ? .returns : .jumps(.distance)
    }

    /// True when `time` goes on from the samples that are held back; nil for a small step back. A track that slips `alone`
    /// is where it was when its time is.
    func continuesJump(_ jump: Jump, _ time: Int64, alone: Bool) -> Bool? {
        let step = time - jump.lastTime
        if jump.cause == .slip {
            // Of a clock that has slipped and goes on, not of samples that are out of order.
            guard step >= 0, step <= Self.largestStep else { return false }
            return isForward(jump) || time < self.time || (!alone && isBeat(step, ratherThan: time - self.time))
        }
        if step < 0, step >= -Self.largestStep { return nil }
        return step >= 0 && step <= Self.largestStep
    }

    /// True when `time` is further from the last sample than our clock got since, and further from the others than any was
    /// lately. Where media are missing either got as far, which may show a little later.
    private func isAhead(_ time: Int64, at arrival: Instant, beside others: ClosedRange<Int64>?) -> Bool {
        guard let others, let highestLead else { return false }
        let elapsed = max(Self.length(from: self.arrival, to: arrival), duration)
        return min(time - self.time - elapsed, time + shift - others.upperBound - highestLead) >= Self.smallestSlip
    }

    /// True when a slip forward was none, as the sample of `time` shows: media are missing before it.
    func isHole(_ jump: Jump, _ time: Int64, at arrival: Instant, beside others: ClosedRange<Int64>?) -> Bool {
        isForward(jump) && !isAhead(time, at: arrival, beside: others)
    }

    /// True when `step` is nearer to the usual time between two samples than `other` is.
    private func isBeat(_ step: Int64, ratherThan other: Int64) -> Bool {
        (step - duration).magnitude < (other - duration).magnitude
    }

    /// True for a small step back.
    func isBackward(_ jump: Jump) -> Bool { jump.cause == .slip && jump.time < time }

    /// True while a single sample tells of a jump.
    var hasSingleJump: Bool { jump?.count == 1 }

    /// True for a slip forward.
    func isForward(_ jump: Jump) -> Bool { jump.cause == .slip && jump.time >= time }

    /// True when the track went on steadily since `jump`, and the others did, which went on as if there were none.
    func hasSlipped(_ jump: Jump, beside others: ClosedRange<Int64>?) -> Bool {
        guard jump.cause == .slip, let others, let newest = jump.newest else { return false }
        let span = min(jump.lastTime - jump.time, others.upperBound - newest)
        return isForward(jump)
            ? span >= Self.steadiness.forward
            : span >= Self.steadiness.back.span && jump.count >= Self.steadiness.back.count
    }

    private func isPause(_ step: Int64, _ elapsed: Int64) -> Bool { (step - elapsed).magnitude <= Self.largestStep }

    /// True when the others went on as far as this track did, so that a pause came in late, with what followed it.
    private func isHole(_ place: Int64, beside others: ClosedRange<Int64>?) -> Bool {
        guard let lead, let others else { return false }
        return (place - others.upperBound - lead).magnitude <= Self.unevenness
    }

    /// Where a sample belongs that came in at `arrival` after a jump of this track alone: where the last one ended, and
    /// after the pause if there was one. A wait in which the others got no further is none.
    private func next(at arrival: Instant, beside newest: Int64?) -> Int64 {
        var wait = Self.length(from: self.arrival, to: arrival)
        if let lead, let newest { wait = min(wait, newest - (place - lead)) }
        return place + (wait - duration > Self.jitter ? wait : duration)
    }

    /// The place of the first sample after `jump`, of this track alone.
    func landing(after jump: Jump, othersWentOn: Bool) -> Int64 {
        next(at: jump.arrival, beside: othersWentOn ? jump.newest : nil)
    }

    /// Takes a sample; false where its place is before the last one's.
    mutating func pass(
        _ time: Int64, duration hint: Int64?, fingerprint: UInt64?, arrival: Instant, beside others: ClosedRange<Int64>?
    ) -> Bool {
        if let hint { duration = hint } else if isPlaced { learn(time - self.time) }
        self.time = time
        self.arrival = arrival
        guard !isPlaced || time + shift >= place else { return false }
        isPlaced = true
        if let fingerprint { recent.insert(time, fingerprint) }
        place = time + shift
        lead = others.map { place - $0.upperBound }
        if let lead {
            let highest = max(highestLead ?? lead, lead)
            highestLead = highest - (highest - lead) / 1024
        }
        return true
    }

    /// True when a sample of that time and fingerprint was placed before.
    func hasPassed(_ time: Int64, _ fingerprint: UInt64?) -> Bool {
        fingerprint.map { recent.contains(time, $0) } ?? false
    }

    /// Moves an eighth of the way towards a step; a hole counts as two samples.
    private mutating func learn(_ step: Int64) {
        guard step > 0, step <= Self.largestStep else { return }
        duration += duration == 0 ? step : (min(step, duration * 2) - duration) / 8
    }

    /// The first sample after the jump belongs at `landing`.
    mutating func anchor(_ jump: Jump, at landing: Int64) {
        shift = landing - jump.time
        (time, arrival) = (jump.time, jump.arrival)
        (self.jump, highestLead) = (nil, nil)
    }

    /// The track is on the common timeline again.
    mutating func endShift() {
        (shift, highestLead) = (0, nil)
    }

    /// Forgets where the track was.
    mutating func beginEpoch() {
        (isPlaced, shift, jump, lead, highestLead) = (false, 0, nil, nil, nil)
        recent = RecentSamples()
    }
}

extension ClosedRange<Int64> {
    /// True for a place that is not too far from those of the other tracks.
    func isNear(_ place: Int64) -> Bool {
        let distance = SourceTimelineTrack.largestDistance
        return place >= lowerBound - distance && place <= upperBound + distance
    }

    /// The range and `place`.
    func extended(to place: Int64) -> ClosedRange { Swift.min(lowerBound, place)...Swift.max(upperBound, place) }
}
