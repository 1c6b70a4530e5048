internal import Locks

/// A number that only grows. Updating it is one atomic addition, from any thread.
public final class Counter: Metric {
    private let count = Atomic<UInt64>(0)

    /// A counter at zero.
    public init() {}

    /// What was counted so far.
    public var value: UInt64 { count.load(ordering: .relaxed) }

    /// Counts `amount` more. A negative amount counts nothing.
    public func increment(by amount: Int = 1) {
        assert(amount >= 0, "a counter only grows")
        count.wrappingAdd(UInt64(max(amount, 0)), ordering: .relaxed)
    }

    /// How Prometheus calls this kind of metric.
    public static var kind: String { "counter" }

    /// The value as one sample.
    public var samples: [MetricSample] { [MetricSample(value: Double(value))] }
}
