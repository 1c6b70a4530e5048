/// Lengths of time in ranges that grow with them, so that millions take 8 KiB and a quantile is right to 1/32.
public struct LatencyHistogram: Equatable, Sendable {
    /// Each doubling is divided into so many ranges; below twice as many microseconds each is its own.
    private static let steps = 32
    private static let doublings = 31
    private static let longest: Int64 = (1 << 36) - 1

    private var counts: [Int]
    /// How many lengths were recorded.
    public private(set) var count = 0
    /// The longest length, exact.
    public private(set) var maximum = Duration.zero

    /// An empty histogram.
    public init() { counts = Array(repeating: 0, count: Self.steps * (Self.doublings + 1)) }

    /// Takes note of a length; one below zero counts as zero.
    public mutating func record(nanoseconds: Int64) {
        counts[Self.index(of: min(max(nanoseconds, 0) / 1000, Self.longest))] += 1
        count += 1
        maximum = max(maximum, .nanoseconds(max(nanoseconds, 0)))
    }

    /// Adds all that `other` recorded.
    public mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The length that `share` of all (from 0 to 1) do not exceed; nothing when there are none.
    public func quantile(_ share: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for index in counts.indices {
            seen += counts[index]
            if seen >= rank { return min(.microseconds(Self.upperEnd(of: index)), maximum) }
        }
        return maximum
    }

    private static func index(of microseconds: Int64) -> Int {
        guard microseconds >= 2 * steps else { return Int(microseconds) }
        let doubling = 63 - microseconds.leadingZeroBitCount - 5
        return doubling * steps + Int(microseconds >> Int64(doubling))
    }

    private static func upperEnd(of index: Int) -> Int64 {
        guard index >= 2 * steps else { return Int64(index) }
        let doubling = Int64(index / steps - 1)
        return (Int64(index % steps + steps) + 1) << doubling
    }
}
