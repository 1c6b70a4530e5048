internal import Locks

/// A number that goes up and down. It can be set from any thread.
public final class Gauge: Metric {
    private let bits = AtomicDouble()

    /// A gauge at zero.
    public init() {}

    /// The present value.
    public var value: Double { bits.value }

    /// Sets the value.
    public func set(_ value: Double) { bits.set(value) }

    /// Sets the value.
    public func set(_ value: Int) { bits.set(Double(value)) }

    /// Adds `amount`, which may be negative.
    public func add(_ amount: Double) { bits.add(amount) }

    /// How Prometheus calls this kind of metric.
    public static var kind: String { "gauge" }

    /// The value as one sample.
    public var samples: [MetricSample] { [MetricSample(value: value)] }
}

/// A double that several threads may change at once.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}
