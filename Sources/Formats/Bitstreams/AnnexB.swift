/// The byte stream format of H.264 and HEVC, annex B of both: NAL units between start codes.
///
/// ```swift
/// while let code = AnnexB.startCode(in: bytes, from: offset) { … }
/// ```
public enum AnnexB {
    /// Where the next `00 00 01` at or after `start` begins, or nothing. A NAL unit begins three bytes further on; a
    /// zero byte before the start code belongs to it.
    ///
    /// Two zeros in a row are rare in coded data, for emulation prevention breaks up the longer runs. So 64 places at
    /// once are asked whether a byte and its successor are both zero, and only where some are is looked at closely.
    public static func startCode(in bytes: Span<UInt8>, from start: Int) -> Int? {
        precondition(start >= 0, "a search begins within the bytes")
        return bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.flatMap { startCode(at: $0, count: buffer.count, from: start) }
        }
    }

    /// The NAL unit that begins at `start` and ends before `end`, where a start code or the end of the stream is: the
    /// zero bytes before that belong to no unit.
    public static func unit(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Range<Int> {
        var end = end
        while end > start, bytes[end - 1] == 0 { end -= 1 }
        return start..<max(start, end)
    }

    /// All reads lie in `0..<count`: a block of places needs the byte behind it too.
    private static func startCode(at base: UnsafeRawPointer, count: Int, from start: Int) -> Int? {
        var offset = start
        while count - offset > blockSize {
            if hasZeroPair(base + offset),
                let found = startCode(at: base, count: count, in: offset..<(offset + blockSize))
            {
                return found
            }
            offset += blockSize
        }
        return offset < count ? startCode(at: base, count: count, in: offset..<count) : nil
    }

    /// The first start code that begins in `places`.
    @inline(never)
    private static func startCode(at base: UnsafeRawPointer, count: Int, in places: Range<Int>) -> Int? {
        for offset in places.lowerBound..<max(places.lowerBound, min(places.upperBound, count - 2)) {
            let code = (base + offset).loadUnaligned(as: UInt16.self)
            if code == 0, (base + offset + 2).load(as: UInt8.self) == 1 { return offset }
        }
        return nil
    }

    private static let blockSize = 64

    /// True when a byte of the block at `address` and the one behind it are both zero.
    @inline(__always)
    private static func hasZeroPair(_ address: UnsafeRawPointer) -> Bool {
        let marks =
            (zeroPairs(address) .| zeroPairs(address + 16)) .| (zeroPairs(address + 32) .| zeroPairs(address + 48))
        let words = unsafeBitCast(marks, to: SIMD2<UInt64>.self)
        return words.x | words.y != 0
    }

    @inline(__always)
    private static func zeroPairs(_ address: UnsafeRawPointer) -> SIMDMask<SIMD16<Int8>> {
        let pairs =
            address.loadUnaligned(as: SIMD16<UInt8>.self) | (address + 1).loadUnaligned(as: SIMD16<UInt8>.self)
        return pairs .== SIMD16<UInt8>.zero
    }
}
