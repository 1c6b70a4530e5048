internal import Time

/// How often values fell into each of a fixed row of ranges, and their sum. Observing is two atomic updates.
public final class Histogram: Metric {
    private let bounds: [Double]
    /// One counter for each bound and one for what lies above the last.
    private let counts: [Counter]
    private let sum = AtomicDouble()

    /// Bounds, in seconds, for how long it takes to answer a request or to publish a part.
    public static let latencyBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// A histogram of ranges that end at `bounds`, which rise strictly; a value on a bound lies below it.
    public init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "the bounds of a histogram rise")
        precondition(bounds.allSatisfy(\.isFinite), "the range up to infinity is always there")
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in Counter() }
    }

    /// Takes note of a value. What is not a number is left out.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count].increment()
        sum.add(value)
    }

    /// Takes note of a length of time, in seconds.
    public func observe(_ duration: Duration) { observe(duration.fractionalSeconds) }

    /// How Prometheus calls this kind of metric.
    public static var kind: String { "histogram" }

    /// How many values were observed.
    public var count: UInt64 { counts.reduce(0) { $0 &+ $1.value } }

    /// The cumulative buckets, the sum and the count, which equals the last bucket.
    public var samples: [MetricSample] {
        var total: UInt64 = 0
        var result: [MetricSample] = []
        for (index, counter) in counts.enumerated() {
            total &+= counter.value
            let bound = index < bounds.count ? bounds[index] : .infinity
            result.append(
                MetricSample(suffix: "_bucket", label: ("le", bound.prometheusText), value: Double(total)))
        }
        result.append(MetricSample(suffix: "_sum", value: sum.value))
        result.append(MetricSample(suffix: "_count", value: Double(total)))
        return result
    }
}
