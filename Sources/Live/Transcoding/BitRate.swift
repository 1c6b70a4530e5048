/// How many bits a second take.
public struct BitRate: Sendable, Hashable, Comparable {
    /// Bits in one second.
    public let bitsPerSecond: Int

    /// So many bits a second.
    public init(_ bitsPerSecond: Int) { self.bitsPerSecond = bitsPerSecond }

    /// So many thousand bits a second.
    public static func kilobits(_ value: Int) -> BitRate { BitRate(value * 1000) }

    /// Less.
    public static func < (left: BitRate, right: BitRate) -> Bool { left.bitsPerSecond < right.bitsPerSecond }

    /// `percent` hundredths of it.
    func scaled(percent: Int) -> BitRate { BitRate(bitsPerSecond * percent / 100) }
}

extension BitRate: LosslessStringConvertible {
    private static let units: [(suffix: Character, bits: Int)] = [("M", 1_000_000), ("k", 1000)]
    /// Nothing that is encoded here takes more.
    private static let largest = 1_000_000_000

    /// The bit rate that text such as `800k` or `2.5M` writes, if it does; `M` is a million.
    public init?(_ description: String) {
        guard let unit = Self.units.first(where: { $0.suffix == description.last }) else { return nil }
        let parts = description.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ (1...6).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let whole = Int(parts[0])
        else { return nil }
        var bits = whole * unit.bits
        var scale = unit.bits
        for digit in parts.dropFirst().joined().utf8 {
            scale /= 10
            bits += Int(digit - 0x30) * scale
        }
        guard (1...Self.largest).contains(bits) else { return nil }
        self.init(bits)
    }

    /// The text that it is read from, in the largest unit that writes it exactly with at most three decimals.
    public var description: String {
        guard let unit = Self.units.first(where: { bitsPerSecond >= $0.bits && bitsPerSecond % ($0.bits / 1000) == 0 })
        else {
            return "\(bitsPerSecond / 1000).\(Self.padded(bitsPerSecond % 1000))k"
        }
        let rest = bitsPerSecond % unit.bits
        guard rest != 0 else { return "\(bitsPerSecond / unit.bits)\(unit.suffix)" }
        var decimals = Self.padded(rest / (unit.bits / 1000))
        while decimals.last == "0" { decimals.removeLast() }
        return "\(bitsPerSecond / unit.bits).\(decimals)\(unit.suffix)"
    }

    /// Three digits.
    private static func padded(_ value: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(3 - digits.count, 0)) + digits
    }
}
