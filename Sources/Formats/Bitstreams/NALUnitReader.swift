/// A walk over NAL units that stand behind their lengths, as MP4 and FLV carry them, ISO/IEC 14496-15 §5.3.3.1.
///
/// ```swift
/// var units = NALUnitReader(sample.data.span, lengthSize: 4)
/// while let unit = try units.next() { … }
/// ```
public struct NALUnitReader: ~Escapable {
    private let bytes: Span<UInt8>
    private let lengthSize: Int
    private var offset = 0

    /// A walk that starts at the first length in `bytes`, which it borrows. A length takes 1, 2 or 4 bytes.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, lengthSize: Int) {
        precondition([1, 2, 4].contains(lengthSize), "a NAL unit's length takes 1, 2 or 4 bytes")
        self.bytes = bytes
        self.lengthSize = lengthSize
    }

    /// Where the next NAL unit lies, without its length, or nothing at the end. It may be empty.
    @_lifetime(self: copy self)
    public mutating func next() throws(BitstreamError) -> Range<Int>? {
        guard offset < bytes.count else { return nil }
        guard bytes.count - offset >= lengthSize else { throw .unexpectedEnd(offset: offset) }
        var length = 0
        for index in offset..<(offset + lengthSize) { length = length << 8 | Int(bytes[index]) }
        let start = offset + lengthSize
        guard length <= bytes.count - start else { throw .unexpectedEnd(offset: offset) }
        offset = start + length
        return start..<offset
    }
}
