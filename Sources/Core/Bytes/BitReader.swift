/// A cursor over the bits of borrowed bytes, most significant bit first.
///
/// Reads throw `UnexpectedEnd`, whose offset counts bytes, and leave the cursor where it was.
public struct BitReader: ~Escapable {
    private let bytes: Span<UInt8>

    /// How many bits were read so far.
    public private(set) var bitOffset = 0

    /// A reader at the first bit of `bytes`, which it borrows.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// How many bits are left.
    public var remaining: Int { bytes.count * 8 - bitOffset }

    /// The next `count` bits as an unsigned integer; `count` is at most 32.
    @_lifetime(self: copy self)
    public mutating func readBits(_ count: Int) throws(UnexpectedEnd) -> UInt32 {
        precondition((0...32).contains(count), "a read takes 0 to 32 bits")
        guard count <= remaining else { throw UnexpectedEnd(offset: bitOffset / 8) }
        var value: UInt64 = 0
        var left = count
        while left > 0 {
            let used = bitOffset % 8
            let taken = min(left, 8 - used)
            let byte = UInt64(bytes[bitOffset / 8])
            value = value << UInt64(taken) | (byte >> UInt64(8 - used - taken)) & (1 << UInt64(taken) - 1)
            bitOffset += taken
            left -= taken
        }
        return UInt32(truncatingIfNeeded: value)
    }

    /// One bit, read as a truth value.
    @_lifetime(self: copy self)
    public mutating func readFlag() throws(UnexpectedEnd) -> Bool { try readBits(1) == 1 }

    /// Moves the cursor over `count` bits.
    @_lifetime(self: copy self)
    public mutating func skipBits(_ count: Int) throws(UnexpectedEnd) {
        guard count >= 0, count <= remaining else { throw UnexpectedEnd(offset: bitOffset / 8) }
        bitOffset += count
    }
}
