public import Media
public import Time

/// How a source's clock runs beside ours, measured from when its samples come in.
///
/// A sample comes in as late as the network makes it, never early: the one that is least late of ten seconds tells best
/// where the source's clock stands. A line through many of these is that clock; it is the one of which the median of all
/// slopes between two of them speaks (Theil and Sen), so that a minute in which everything came late does not bend it.
///
/// One meter is for one unbroken run of one track.
public struct DriftMeter: Sendable {
    /// Seconds since the first sample: on the source's clock, and how much later, or earlier, than that it came in.
    private struct Point {
        let media: Double
        let delay: Double
    }

    private struct Line {
        /// Seconds of delay for each second of media, and at media time zero.
        let slope: Double
        let base: Double
    }

    /// Of how many seconds one sample counts.
    private static let window = 10.0
    /// How many of them must be known before they say anything, and how many are remembered: eight minutes.
    private static let counts = (least: 4, most: 48)

    private let start: Instant
    private let origin: MediaTime
    private var windowEnd = Self.window
    /// What came in least late since the last window ended.
    private var best: Point?
    private var points: [Point] = []
    private var line: Line?

    /// A meter of samples of which the first, at `place`, came in at `start`.
    public init(start: Instant, place: MediaTime) {
        self.start = start
        origin = place
    }

    /// Takes note that the sample at `place` came in at `arrival`.
    public mutating func observe(_ place: MediaTime, arrival: Instant) {
        let passed = (Double(arrival.nanoseconds) - Double(start.nanoseconds)) / 1e9
        if passed >= windowEnd { endWindow(at: passed) }
        let media = (place - origin).seconds
        let delay = passed - media
        if best.map({ delay < $0.delay }) ?? true { best = Point(media: media, delay: delay) }
    }

    /// How much later than by the first sample's arrival that at `place` can be expected, if nothing holds it up; nothing
    /// while too little is known.
    public func delay(at place: MediaTime) -> Duration? {
        line.map { line in
            let seconds = line.base + line.slope * (place - origin).seconds
            // A source may say anything of its time.
            return .seconds(min(max(seconds, -1e9), 1e9))
        }
    }

    /// How much faster the source's clock runs than ours, in parts per million; nothing while too little is known.
    public var partsPerMillion: Double? {
        line.map { line in (1 / max(1 + line.slope, 0.001) - 1) * 1e6 }
    }

    private mutating func endWindow(at passed: Double) {
        windowEnd = passed + Self.window
        guard let point = best else { return }
        best = nil
        if points.count == Self.counts.most { points.removeFirst() }
        points.append(point)
        guard points.count >= Self.counts.least else { return }
        var slopes: [Double] = []
        slopes.reserveCapacity(points.count * (points.count - 1) / 2)
        for (index, late) in points.enumerated() {
            for early in points[..<index] where late.media - early.media >= 1 {
                slopes.append((late.delay - early.delay) / (late.media - early.media))
            }
        }
        guard let slope = slopes.median, let base = points.map({ $0.delay - slope * $0.media }).median else { return }
        line = Line(slope: slope, base: base)
    }
}

extension [Double] {
    fileprivate var median: Double? { isEmpty ? nil : sorted()[count / 2] }
}
