internal import Bytes
internal import Media
internal import Time
internal import Timeline

/// What comes in of one track: how much, how evenly, and when. All is counted by seconds of the source's own time, of which
/// the latest are kept.
struct MediumMeter {
    /// One second of the track.
    private struct Second {
        let number: Int64
        var bytes = 0
        /// Distances of decode times, in seconds.
        var count = 0
        var total = 0.0
        var shortest = Double.infinity
        var longest = 0.0
        /// How much later than the first sample's each came in, by its decode time, in seconds.
        var earliest = Double.infinity
        var latest = -Double.infinity
        /// From decoding to showing, in seconds.
        var reorderDelay = 0.0
        var hasReordering = false

        init(number: Int64) { self.number = number }
    }

    private struct KeyFrames {
        var last: MediaTime
        /// The distances of the latest ones, in seconds.
        var intervals: [Double] = []
    }

    /// How many seconds are kept.
    static let window = 30
    /// How many distances of key frames are.
    private static let intervals = 6
    /// A decode time that much before the one ahead of it, or that much further on than the arrival, is of a clock that was
    /// set.
    private static let (stepBack, stepOn) = (MediaTime.milliseconds(-100), Duration.seconds(3))
    private static let stepsKept = 64

    /// What the track is, as it was told last.
    var track: Track
    private var last: (decodeTime: MediaTime, arrival: Instant)?
    private var origin: (decodeTime: MediaTime, arrival: Instant)?
    private var furthest: MediaTime?
    private var seconds: [Second] = []
    private var keyFrames: KeyFrames?
    private var drift: DriftMeter?
    /// When the clock was set.
    private var steps: [Instant] = []

    init(_ track: Track) { self.track = track }

    /// Where the track stands.
    var position: MediaTime? { last?.decodeTime }

    mutating func note(_ sample: Sample, arrival: Instant) {
        if let last, Self.isStep(from: last, to: sample, arrival) {
            if steps.count == Self.stepsKept { steps.removeFirst() }
            steps.append(arrival)
            begin()
        }
        let start = origin ?? (sample.decodeTime, arrival)
        if origin == nil {
            origin = start
            drift = DriftMeter(start: arrival, place: sample.decodeTime)
        }
        drift?.observe(sample.decodeTime, arrival: arrival)
        let elapsed = sample.decodeTime - start.decodeTime
        let number = elapsed.ticks(in: Timescale(1), rounding: .down)
        if seconds.last.map({ $0.number < number }) ?? true {
            seconds.append(Second(number: number))
            seconds.removeAll { $0.number < number - Int64(Self.window) }
        }
        let late = (arrival - start.arrival).fractionalSeconds - elapsed.seconds
        let distance = last.map { (sample.decodeTime - $0.decodeTime).seconds }
        let delay = (sample.presentationTime - sample.decodeTime).seconds
        let isReordered = furthest.map { sample.presentationTime < $0 } ?? false
        if !isReordered { furthest = sample.presentationTime }
        update(&seconds[seconds.count - 1]) { second in
            second.bytes += sample.data.count
            if let distance {
                second.count += 1
                second.total += distance
                second.shortest = min(second.shortest, distance)
                second.longest = max(second.longest, distance)
            }
            second.earliest = min(second.earliest, late)
            second.latest = max(second.latest, late)
            second.reorderDelay = max(second.reorderDelay, delay)
            second.hasReordering = second.hasReordering || isReordered
        }
        if sample.isSync { noteKeyFrame(at: sample.decodeTime) }
        last = (sample.decodeTime, arrival)
    }

    private func update(_ second: inout Second, _ change: (inout Second) -> Void) { change(&second) }

    private static func isStep(
        from last: (decodeTime: MediaTime, arrival: Instant), to sample: Sample, _ arrival: Instant
    ) -> Bool {
        let distance = sample.decodeTime - last.decodeTime
        if distance < stepBack { return true }
        let passed = arrival - last.arrival
        return .seconds(distance.seconds) > passed + stepOn
    }

    /// What was measured before says nothing of what comes.
    private mutating func begin() { self = MediumMeter(track, steps: steps) }

    private init(_ track: Track, steps: [Instant]) { (self.track, self.steps) = (track, steps) }

    private mutating func noteKeyFrame(at time: MediaTime) {
        guard var known = keyFrames else { return keyFrames = KeyFrames(last: time) }
        if known.intervals.count == Self.intervals { known.intervals.removeFirst() }
        known.intervals.append((time - known.last).seconds)
        known.last = time
        keyFrames = known
    }
}

// MARK: - Reading

extension MediumMeter {
    /// The seconds that are over, so that they are whole.
    private var whole: ArraySlice<Second> { seconds.dropLast() }

    /// Bits in a second, on average, in the second that had most and in the last one; nothing while no second is over.
    var bitRate: FeedReport.BitRate? {
        guard let most = whole.map(\.bytes).max(), let latest = whole.last else { return nil }
        let total = whole.reduce(0) { $0 + $1.bytes }
        return FeedReport.BitRate(average: total * 8 / whole.count, peak: most * 8, latest: latest.bytes * 8)
    }

    /// How the samples follow each other; nothing while no second is over.
    var frameRate: FeedReport.FrameRate? {
        let (count, total) = whole.reduce((0, 0.0)) { ($0.0 + $1.count, $0.1 + $1.total) }
        guard count > 1, total > 0 else { return nil }
        return FeedReport.FrameRate(
            average: Double(count) / total, shortest: whole.map(\.shortest).min() ?? 0,
            longest: whole.map(\.longest).max() ?? 0)
    }

    /// How far key frames are apart, with what has passed since the last one where that is more; nothing before the first.
    var keyFrameInterval: FeedReport.Range? {
        guard let keyFrames, let position else { return nil }
        let open = (position - keyFrames.last).seconds
        guard let (shortest, longest) = keyFrames.intervals.extremes else {
            return open > 0 ? FeedReport.Range(shortest: open, longest: open) : nil
        }
        return FeedReport.Range(shortest: shortest, longest: max(longest, open))
    }

    /// True when there is a key frame to begin with.
    var hasKeyFrame: Bool { keyFrames != nil }

    /// From decoding to showing where pictures come in another order than they are shown in, in seconds.
    var reorderDelay: Double {
        seconds.contains(where: \.hasReordering) ? seconds.map(\.reorderDelay).max() ?? 0 : 0
    }

    /// How unevenly samples come in: by how much the latest came later than the earliest.
    var unevenness: Double {
        guard let first = seconds.map(\.earliest).min(), let last = seconds.map(\.latest).max() else { return 0 }
        return last - first
    }

    /// By how much the feed has fallen behind: what is least late comes later than before.
    var lag: Double {
        guard let now = whole.last?.earliest, let best = whole.map(\.earliest).min() else { return 0 }
        return now - best
    }

    /// How much faster the source's clock runs than ours, in parts per million; nothing while too little is known.
    var clockDrift: Double? { drift?.partsPerMillion }

    /// How often the clock was set since `instant`.
    func steps(since instant: Instant) -> Int { steps.count { $0 >= instant } }
}

extension [Double] {
    fileprivate var extremes: (Double, Double)? {
        guard let least = self.min(), let most = self.max() else { return nil }
        return (least, most)
    }
}
