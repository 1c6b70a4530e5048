/// The byte stream format of H.264 and HEVC, annex B of both: NAL units between start codes.
///
/// ```swift
/// while let code = AnnexB.startCode(in: bytes, from: offset) { … }
/// ```
public enum AnnexB {
    /// Where the next `00 00 01` at or after `start` begins, or nothing. A NAL unit begins three bytes further on; a
    /// zero byte before the start code belongs to it.
    ///
    /// Two zeros in a row are rare in coded data, for emulation prevention breaks up the longer runs. So 32 places at
    /// once are asked whether a byte and its successor are both zero, and only where they are is looked at closely.
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

    /// All reads lie in `0..<count`: a block of 32 places needs the byte behind it too.
    private static func startCode(at base: UnsafeRawPointer, count: Int, from start: Int) -> Int? {
        var offset = start
        while count - offset >= 33 {
            let found = (
                zeroPairs(base + offset), zeroPairs(base + offset + 8), zeroPairs(base + offset + 16),
                zeroPairs(base + offset + 24)
            )
            if found.0 | found.1 | found.2 | found.3 == 0 {
                offset += 32
                continue
            }
            // The lowest place that is marked is exact on a little-endian machine.
            let place =
                if found.0 != 0 {
                    found.0.trailingZeroBitCount
                } else if found.1 != 0 {
                    64 + found.1.trailingZeroBitCount
                } else if found.2 != 0 {
                    128 + found.2.trailingZeroBitCount
                } else {
                    192 + found.3.trailingZeroBitCount
                }
            offset += place / 8
            while offset + 2 < count, (base + offset + 2).load(as: UInt8.self) == 0 { offset += 1 }
            guard offset + 2 < count else { return nil }
            if (base + offset + 2).load(as: UInt8.self) == 1 { return offset }
            // The byte behind the zeros is none: the next pair begins behind it at the earliest.
            offset += 3
        }
        while offset + 2 < count {
            let isCode =
                (base + offset).load(as: UInt8.self) == 0 && (base + offset + 1).load(as: UInt8.self) == 0
                && (base + offset + 2).load(as: UInt8.self) == 1
            if isCode { return offset }
            offset += 1
        }
        return nil
    }

    /// Marks, in the top bits of eight bytes, the places where a byte and the one behind it are zero. Places above the
    /// lowest that is marked may be marked without being so.
    @inline(__always)
    private static func zeroPairs(_ address: UnsafeRawPointer) -> UInt64 {
        let pairs =
            UInt64(littleEndian: address.loadUnaligned(as: UInt64.self))
            | UInt64(littleEndian: (address + 1).loadUnaligned(as: UInt64.self))
        return (pairs &- 0x0101_0101_0101_0101) & ~pairs & 0x8080_8080_8080_8080
    }
}
