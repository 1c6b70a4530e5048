/// What a reader answers when fewer bytes are there than were asked for.
public struct UnexpectedEnd: Error, Equatable, Sendable {
    /// The offset, in bytes from the start of the reader's span, at which the read began.
    public let offset: Int

    /// An end of input met at `offset`.
    public init(offset: Int) { self.offset = offset }
}

/// A cursor over borrowed bytes, reading big-endian unless a name says otherwise.
///
/// Every read is checked against the end of the span and throws `UnexpectedEnd` without moving the cursor,
/// so a parser built on it cannot run past its input.
public struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>

    /// How many bytes were read so far.
    public private(set) var offset = 0

    /// A reader at the start of `bytes`, which it borrows.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// How many bytes are left.
    public var remaining: Int { bytes.count - offset }

    /// True when every byte was read.
    public var isAtEnd: Bool { remaining == 0 }

    /// Moves the cursor over `count` bytes.
    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(UnexpectedEnd) {
        _ = try take(count)
    }

    /// The next `count` bytes, still borrowed from the reader's own span.
    @_lifetime(copy self)
    public mutating func read(_ count: Int) throws(UnexpectedEnd) -> Span<UInt8> {
        let start = try take(count)
        return bytes.extracting(start..<(start + count))
    }

    /// All bytes that are left.
    @_lifetime(copy self)
    public mutating func readRemaining() -> Span<UInt8> {
        let start = offset
        offset = bytes.count
        return bytes.extracting(start..<bytes.count)
    }

    /// The next `count` bytes without moving the cursor, or nothing when fewer are left.
    public func peek(_ count: Int) -> UInt64? {
        guard count <= 8, count <= remaining else { return nil }
        return bigEndian(at: offset, count: count)
    }

    /// One byte.
    @_lifetime(self: copy self)
    public mutating func readUInt8() throws(UnexpectedEnd) -> UInt8 {
        bytes[try take(1)]
    }

    /// A 16-bit unsigned integer.
    @_lifetime(self: copy self)
    public mutating func readUInt16() throws(UnexpectedEnd) -> UInt16 {
        UInt16(truncatingIfNeeded: bigEndian(at: try take(2), count: 2))
    }

    /// A 24-bit unsigned integer.
    @_lifetime(self: copy self)
    public mutating func readUInt24() throws(UnexpectedEnd) -> UInt32 {
        UInt32(truncatingIfNeeded: bigEndian(at: try take(3), count: 3))
    }

    /// A 24-bit two's-complement integer, sign-extended.
    @_lifetime(self: copy self)
    public mutating func readInt24() throws(UnexpectedEnd) -> Int32 {
        Int32(bitPattern: try readUInt24() << 8) >> 8
    }

    /// A 32-bit unsigned integer.
    @_lifetime(self: copy self)
    public mutating func readUInt32() throws(UnexpectedEnd) -> UInt32 {
        UInt32(truncatingIfNeeded: bigEndian(at: try take(4), count: 4))
    }

    /// A 32-bit unsigned integer, least significant byte first.
    @_lifetime(self: copy self)
    public mutating func readUInt32LittleEndian() throws(UnexpectedEnd) -> UInt32 {
        try readUInt32().byteSwapped
    }

    /// A 64-bit unsigned integer.
    @_lifetime(self: copy self)
    public mutating func readUInt64() throws(UnexpectedEnd) -> UInt64 {
        bigEndian(at: try take(8), count: 8)
    }

    @_lifetime(self: copy self)
    private mutating func take(_ count: Int) throws(UnexpectedEnd) -> Int {
        guard count >= 0, count <= remaining else { throw UnexpectedEnd(offset: offset) }
        defer { offset += count }
        return offset
    }

    private func bigEndian(at start: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<(start + count) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }
}
