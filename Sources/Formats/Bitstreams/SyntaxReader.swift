import Bytes

/// A cursor over the syntax elements of a bitstream, with the descriptors of H.264 §7.2 as its methods.
struct SyntaxReader: ~Escapable {
    private var bits: BitReader

    /// A reader at the first bit of `bytes`, which it borrows.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { bits = BitReader(bytes) }

    /// The offset of the byte that the next bit lies in.
    var offset: Int { bits.bitOffset / 8 }

    /// How many bits are left.
    var remaining: Int { bits.remaining }

    /// The next `count` bits, at most 32, as an unsigned integer.
    @_lifetime(self: copy self)
    mutating func u(_ count: Int) throws(BitstreamError) -> UInt32 {
        do throws(UnexpectedEnd) {
            return try bits.readBits(count)
        } catch {
            throw .unexpectedEnd(offset: error.offset)
        }
    }

    /// Eight bits.
    @_lifetime(self: copy self)
    mutating func byte() throws(BitstreamError) -> UInt8 { UInt8(truncatingIfNeeded: try u(8)) }

    /// One bit as a truth value.
    @_lifetime(self: copy self)
    mutating func flag() throws(BitstreamError) -> Bool { try u(1) == 1 }

    /// Moves over `count` bits.
    @_lifetime(self: copy self)
    mutating func skip(_ count: Int) throws(BitstreamError) {
        do throws(UnexpectedEnd) {
            try bits.skipBits(count)
        } catch {
            throw .unexpectedEnd(offset: error.offset)
        }
    }

    /// Moves over `count` whole bytes and answers where they lie. The cursor must stand at the start of a byte.
    @_lifetime(self: copy self)
    mutating func bytes(_ count: Int) throws(BitstreamError) -> Range<Int> {
        let start = offset
        try skip(count * 8)
        return start..<(start + count)
    }

    /// Moves to the start of a byte, if not there already.
    @_lifetime(self: copy self)
    mutating func align() throws(BitstreamError) {
        try skip((8 - bits.bitOffset % 8) % 8)
    }

    /// An unsigned Exp-Golomb code, H.264 §9.1, that must lie in `range`.
    @_lifetime(self: copy self)
    mutating func ue(_ element: String, _ range: ClosedRange<UInt32>) throws(BitstreamError) -> UInt32 {
        let start = offset
        let value = try codeNumber(element)
        guard range.contains(value) else { throw .invalid(element, offset: start) }
        return value
    }

    /// A signed Exp-Golomb code, H.264 §9.1.1, that must lie in `range`.
    @_lifetime(self: copy self)
    mutating func se(_ element: String, _ range: ClosedRange<Int64>) throws(BitstreamError) -> Int64 {
        let start = offset
        let code = Int64(try codeNumber(element))
        let value = code % 2 == 0 ? -(code / 2) : code / 2 + 1
        guard range.contains(value) else { throw .invalid(element, offset: start) }
        return value
    }

    @_lifetime(self: copy self)
    private mutating func codeNumber(_ element: String) throws(BitstreamError) -> UInt32 {
        let start = offset
        var leadingZeros = 0
        while try !flag() {
            leadingZeros += 1
            // 31 zeros already reach the largest code number there is, 2^32 − 2.
            guard leadingZeros < 32 else { throw .invalid(element, offset: start) }
        }
        return try (1 << UInt32(leadingZeros) - 1) + u(leadingZeros)
    }
}
