/// One measured thing: a counter, a gauge or a histogram.
public protocol Metric: AnyObject, Sendable {
    /// How Prometheus calls this kind of metric.
    static var kind: String { get }
    /// The present values, as lines of the exposition.
    var samples: [MetricSample] { get }
}

/// One value of a metric at the time of reading.
public struct MetricSample: Sendable {
    /// What follows the name of the metric, such as `_sum`.
    let suffix: String
    /// A label of this sample alone.
    let label: (name: String, value: String)?
    let value: Double

    init(suffix: String = "", label: (name: String, value: String)? = nil, value: Double) {
        self.suffix = suffix
        self.label = label
        self.value = value
    }
}

extension Double {
    /// The number in the form that the Prometheus text format reads, whole numbers without a fraction.
    var prometheusText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        guard abs(self) < 9_007_199_254_740_992, self == rounded() else { return description }
        return Int64(self).description
    }
}
