/// Bytes being put together, big-endian unless a name says otherwise.
public struct ByteWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer with room for `capacity` bytes.
    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// How many bytes were written.
    public var count: Int { bytes.count }

    /// Appends one byte.
    public mutating func write(_ value: UInt8) { bytes.append(value) }

    /// Appends a 16-bit integer.
    public mutating func write(_ value: UInt16) { append(UInt64(value), count: 2) }

    /// Appends a 32-bit integer.
    public mutating func write(_ value: UInt32) { append(UInt64(value), count: 4) }

    /// Appends a 64-bit integer.
    public mutating func write(_ value: UInt64) { append(value, count: 8) }

    /// Appends the low 24 bits of `value`.
    public mutating func writeUInt24(_ value: UInt32) { append(UInt64(value), count: 3) }

    /// Appends a 32-bit integer, least significant byte first.
    public mutating func writeLittleEndian(_ value: UInt32) { write(value.byteSwapped) }

    /// Appends `other` as it is.
    public mutating func write(_ other: Span<UInt8>) {
        bytes.reserveCapacity(bytes.count + other.count)
        other.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Appends `other` as it is.
    public mutating func write(_ other: [UInt8]) { bytes.append(contentsOf: other) }

    /// Appends the UTF-8 bytes of `text`.
    public mutating func write(utf8 text: String) { bytes.append(contentsOf: text.utf8) }

    /// Appends the four characters of `code`.
    public mutating func write(_ code: FourCC) { write(code.rawValue) }

    /// Appends `count` zero bytes.
    public mutating func writeZeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    /// Overwrites the four bytes at `offset`, which must have been written before.
    public mutating func replaceUInt32(at offset: Int, with value: UInt32) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index)) }
    }

    private mutating func append(_ value: UInt64, count: Int) {
        for shift in stride(from: 8 * (count - 1), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
