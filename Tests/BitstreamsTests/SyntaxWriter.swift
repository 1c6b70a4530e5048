/// Writes syntax elements bit by bit, to make parameter sets that no encoder at hand makes.
struct SyntaxWriter {
    private(set) var bits: [UInt8] = []

    mutating func u(_ count: Int, _ value: UInt64) {
        for shift in stride(from: count - 1, through: 0, by: -1) { bits.append(UInt8(value >> UInt64(shift) & 1)) }
    }

    mutating func flag(_ value: Bool) { u(1, value ? 1 : 0) }

    mutating func ue(_ value: UInt64) {
        let length = 64 - (value + 1).leadingZeroBitCount
        u(length - 1, 0)
        u(length, value + 1)
    }

    mutating func se(_ value: Int64) { ue(value > 0 ? UInt64(2 * value - 1) : UInt64(-2 * value)) }

    /// The bits as bytes, filled up with zeros.
    var bytes: [UInt8] {
        stride(from: 0, to: bits.count, by: 8).map { start in
            let byte = bits[start..<min(start + 8, bits.count)].reduce(0 as UInt8) { $0 << 1 | $1 }
            return byte << UInt8(max(0, start + 8 - bits.count))
        }
    }

    /// The bits with the stop bit behind them and emulation prevention bytes among them.
    var nalUnit: [UInt8] {
        var closed = self
        closed.u(1, 1)
        var (result, zeros): ([UInt8], Int) = ([], 0)
        for byte in closed.bytes {
            if zeros >= 2, byte <= 3 {
                result.append(3)
                zeros = 0
            }
            zeros = byte == 0 ? zeros + 1 : 0
            result.append(byte)
        }
        return result
    }
}
