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

        mutating func add(
            _ size: Int, distance: Double?, late: Double, reorderDelay delay: Double, isReordered: Bool
        ) {
            bytes += size
            if let distance {
                count += 1
                total += distance
                shortest = min(shortest, distance)
                longest = max(longest, distance)
            }
            earliest = min(earliest, late)
            latest = max(latest, late)
            reorderDelay = max(reorderDelay, delay)
            hasReordering = hasReordering || isReordered
        }
    }

    private struct KeyFrames {
        /// Where the last one was.
        var last: Double
        /// The distances of the latest ones.
        var intervals: [Double] = []
    }

    /// Where counting began.
    private struct Origin {
        let time: MediaTime
        let arrival: Instant
    }

    /// A sample, in seconds since the origin: by its decode time, and by when it came in.
    private struct Place {
        let media: Double
        let arrival: Double
    }

    /// How many seconds are kept.
    static let window = 30
    /// How many distances of key frames are.
    private static let intervals = 6
    /// A decode time so many seconds before the one ahead of it, or so many further on than the arrival, is of a clock that
    /// was set.
    private static let (stepBack, stepOn) = (-0.1, 3.0)
    private static let stepsKept = 64

    /// What the track is, as it was told last.
    var track: Track
    /// The decode time of the last sample.
    private(set) var position: MediaTime?
    private var origin: Origin?
    private var last: Place?
    /// The latest time at which something is shown, in seconds since the origin.
    private var furthest = -Double.infinity
    private var seconds: [Second] = []
    private var keyFrames: KeyFrames?
    private var drift: DriftMeter?
    /// When the clock was set.
    private var steps: [Instant] = []

    init(_ track: Track) { self.track = track }

    mutating func note(_ sample: Sample, arrival: Instant) {
        var place = place(of: sample, arrival)
        if let last,
            place.media - last.media < Self.stepBack
                || place.media - last.media > place.arrival - last.arrival + Self.stepOn
        {
            if steps.count == Self.stepsKept { steps.removeFirst() }
            // What was measured before says nothing of what comes.
            self = MediumMeter(track, steps: steps + [arrival])
            place = self.place(of: sample, arrival)
        }
        drift?.observe(sample.decodeTime, arrival: arrival)
        let number = Int64(place.media.rounded(.down))
        if seconds.last.map({ $0.number < number }) ?? true {
            seconds.append(Second(number: number))
            seconds.removeAll { $0.number < number - Int64(Self.window) }
        }
        let delay = (sample.presentationTime - sample.decodeTime).seconds
        let isReordered = place.media + delay < furthest
        if !isReordered { furthest = place.media + delay }
        seconds[seconds.count - 1].add(
            sample.data.count, distance: last.map { place.media - $0.media }, late: place.arrival - place.media,
            reorderDelay: delay, isReordered: isReordered)
        if sample.isSync { noteKeyFrame(at: place.media) }
        (position, last) = (sample.decodeTime, place)
    }

    private mutating func place(of sample: Sample, _ arrival: Instant) -> Place {
        guard let origin else {
            origin = Origin(time: sample.decodeTime, arrival: arrival)
            drift = DriftMeter(start: arrival, place: sample.decodeTime)
            return Place(media: 0, arrival: 0)
        }
        // Not by a Duration, whose way to a Double is long.
        return Place(
            media: (sample.decodeTime - origin.time).seconds,
            arrival: Double(arrival.nanoseconds - origin.arrival.nanoseconds) / 1e9)
    }

    private init(_ track: Track, steps: [Instant]) { (self.track, self.steps) = (track, steps) }

    private mutating func noteKeyFrame(at place: Double) {
        guard var known = keyFrames.take() else { return keyFrames = KeyFrames(last: place) }
        if known.intervals.count == Self.intervals { known.intervals.removeFirst() }
        known.intervals.append(place - known.last)
        known.last = place
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
        guard let keyFrames, let last else { return nil }
        let open = last.media - keyFrames.last
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
