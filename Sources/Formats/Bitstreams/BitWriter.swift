/// Syntax elements being put together, most significant bit first.
struct BitWriter {
    /// What was written so far; the bits missing in the last byte are zero.
    private(set) var bytes: [UInt8] = []
    private var bitCount = 0

    /// Appends the low `count` bits of `value`, at most 32.
    mutating func u(_ count: Int, _ value: UInt32) {
        var left = count
        while left > 0 {
            let used = bitCount % 8
            if used == 0 { bytes.append(0) }
            let taken = min(left, 8 - used)
            let part = value >> UInt32(left - taken) & (1 << UInt32(taken) - 1)
            bytes[bytes.count - 1] |= UInt8(truncatingIfNeeded: part << UInt32(8 - used - taken))
            bitCount += taken
            left -= taken
        }
    }

    /// Appends one bit.
    mutating func flag(_ value: Bool) { u(1, value ? 1 : 0) }

    /// Appends the next `count` bits of `reader`.
    @_lifetime(reader: copy reader)
    mutating func copy(_ count: Int, from reader: inout SyntaxReader) throws(BitstreamError) {
        var left = count
        while left > 0 {
            let part = min(left, 32)
            u(part, try reader.u(part))
            left -= part
        }
    }

    /// Goes to the start of a byte, if not there already.
    mutating func align() { bitCount = bytes.count * 8 }
}
