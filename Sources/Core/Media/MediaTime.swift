/// A point or a length on a media timeline: an exact rational number of seconds.
///
/// Arithmetic and comparison between different timescales are exact; only `ticks(in:rounding:)` and `seconds` round.
public struct MediaTime: Sendable {
    /// The number of ticks, negative before the timeline's zero.
    public let value: Int64
    /// The length of a tick.
    public let timescale: Timescale

    /// `value` ticks of `timescale`.
    public init(_ value: Int64, _ timescale: Timescale) {
        self.value = value
        self.timescale = timescale
    }

    /// Whole milliseconds.
    public static func milliseconds(_ value: Int64) -> MediaTime { MediaTime(value, .milliseconds) }

    /// No time at all.
    public static let zero = MediaTime(0, .milliseconds)

    /// The time in seconds, rounded to a double.
    public var seconds: Double { Double(value) / Double(timescale.ticksPerSecond) }

    /// The time in ticks of `timescale`, rounded by `rule`.
    public func ticks(in timescale: Timescale, rounding rule: FloatingPointRoundingRule = .toNearestOrEven) -> Int64 {
        if timescale == self.timescale { return value }
        let product = Int128(value) * Int128(timescale.ticksPerSecond)
        return Int64(truncatingIfNeeded: product.divided(by: Int128(self.timescale.ticksPerSecond), rounding: rule))
    }

    /// The same time on another timescale, rounded by `rule` where it does not fall on a tick.
    public func converted(
        to timescale: Timescale, rounding rule: FloatingPointRoundingRule = .toNearestOrEven
    ) -> MediaTime {
        MediaTime(ticks(in: timescale, rounding: rule), timescale)
    }

    /// The sum, exact: on the common timescale where the two differ.
    public static func + (left: MediaTime, right: MediaTime) -> MediaTime {
        combine(left, right, +)
    }

    /// The difference, exact.
    public static func - (left: MediaTime, right: MediaTime) -> MediaTime {
        combine(left, right, -)
    }

    /// Adds in place.
    public static func += (left: inout MediaTime, right: MediaTime) { left = left + right }

    /// A whole multiple.
    public static func * (left: MediaTime, factor: Int64) -> MediaTime {
        MediaTime(left.value * factor, left.timescale)
    }

    private static func combine(
        _ left: MediaTime, _ right: MediaTime, _ operation: (Int64, Int64) -> Int64
    ) -> MediaTime {
        let (a, b) = (left.timescale.ticksPerSecond, right.timescale.ticksPerSecond)
        if a == b { return MediaTime(operation(left.value, right.value), left.timescale) }
        let divisor = greatestCommonDivisor(a, b)
        let common = UInt64(a / divisor) * UInt64(b)
        guard let ticks = UInt32(exactly: common) else {
            // No such pair of clocks exists in media; nanoseconds are finer than any of them.
            let fine = Timescale(1_000_000_000)
            return MediaTime(operation(left.ticks(in: fine), right.ticks(in: fine)), fine)
        }
        return MediaTime(
            operation(left.value * Int64(b / divisor), right.value * Int64(a / divisor)), Timescale(ticks))
    }
}

extension MediaTime: Comparable {
    /// Equal when they are the same number of seconds.
    public static func == (left: MediaTime, right: MediaTime) -> Bool { crossProducts(left, right, ==) }

    /// Earlier or shorter.
    public static func < (left: MediaTime, right: MediaTime) -> Bool { crossProducts(left, right, <) }

    private static func crossProducts(
        _ left: MediaTime, _ right: MediaTime, _ relation: (Int128, Int128) -> Bool
    ) -> Bool {
        relation(
            Int128(left.value) * Int128(right.timescale.ticksPerSecond),
            Int128(right.value) * Int128(left.timescale.ticksPerSecond))
    }
}

extension MediaTime: Hashable {
    /// Equal times hash alike, whatever their timescales.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ticks(in: Timescale(1_000_000_000), rounding: .down))
    }
}

extension MediaTime: CustomStringConvertible {
    /// The ticks and the timescale, such as `1001/30000`.
    public var description: String { "\(value)/\(timescale.ticksPerSecond)" }
}

extension Int128 {
    /// The quotient by a positive divisor, rounded by `rule`; half goes to even.
    fileprivate func divided(by divisor: Int128, rounding rule: FloatingPointRoundingRule) -> Int128 {
        var (floor, rest) = quotientAndRemainder(dividingBy: divisor)
        if rest < 0 { (floor, rest) = (floor - 1, rest + divisor) }
        guard rest != 0 else { return floor }
        switch rule {
        case .down: return floor
        case .up: return floor + 1
        case .towardZero: return self < 0 ? floor + 1 : floor
        case .awayFromZero: return self < 0 ? floor : floor + 1
        default:
            if rest * 2 == divisor { return floor % 2 == 0 ? floor : floor + 1 }
            return rest * 2 > divisor ? floor + 1 : floor
        }
    }
}

private func greatestCommonDivisor(_ a: UInt32, _ b: UInt32) -> UInt32 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
