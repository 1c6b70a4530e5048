import Bytes

/// Bytes that are not the boxes that they should be.
public struct BoxError: Error, Equatable, Sendable {
    /// The offset from the start of the resource.
    public let offset: Int
    /// What is wrong there.
    public let detail: String
}

/// Something in a media resource that breaks a rule without making it unreadable.
public struct MediaFault: Equatable, Sendable {
    /// The broken rule.
    public let rule: Rule
    /// The offset from the start of the resource.
    public let offset: Int
    /// What is wrong there.
    public let detail: String
}

/// One box: its type, and where it lies in the resource.
struct Box: Equatable {
    let type: FourCC
    let range: Range<Int>
    let payload: Range<Int>
}

/// A cursor over the payload of a box, whose offsets count from the start of the resource.
struct BoxReader: ~Escapable {
    private var reader: ByteReader
    private let base: Int

    /// A cursor over `range` of `bytes`, which lies within them.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        reader = ByteReader(bytes.extracting(range))
        base = range.lowerBound
    }

    var offset: Int { base + reader.offset }
    var remaining: Int { reader.remaining }

    /// An unsigned integer of `count` bytes, 1 to 8.
    @_lifetime(self: copy self)
    mutating func number(_ count: Int) throws(BoxError) -> UInt64 {
        guard let value = reader.peek(count) else { throw BoxError(offset: offset, detail: "the box is too short") }
        try skip(count)
        return value
    }

    /// A four-character code.
    @_lifetime(self: copy self)
    mutating func code() throws(BoxError) -> FourCC { FourCC(rawValue: UInt32(truncatingIfNeeded: try number(4))) }

    /// The version and flags of a full box.
    @_lifetime(self: copy self)
    mutating func versionAndFlags() throws(BoxError) -> (version: Int, flags: UInt32) {
        let word = try number(4)
        return (Int(word >> 24), UInt32(truncatingIfNeeded: word & 0xFF_FFFF))
    }

    @_lifetime(self: copy self)
    mutating func skip(_ count: Int) throws(BoxError) {
        do throws(UnexpectedEnd) { try reader.skip(count) } catch {
            throw BoxError(offset: base + error.offset, detail: "the box is too short")
        }
    }

    /// The boxes in `range` of `bytes`, which they must fill. A last mdat that `mayBeCut` may be longer than the range.
    static func boxes(
        _ bytes: Span<UInt8>, in range: Range<Int>, mayBeCut: Bool = false
    ) throws(BoxError) -> [Box] {
        var reader = BoxReader(bytes, range)
        var boxes: [Box] = []
        while reader.remaining > 0 {
            let start = reader.offset
            let short = try reader.number(4)
            let type = try reader.code()
            var size = short == 1 ? try reader.number(8) : short == 0 ? UInt64(range.upperBound - start) : short
            if mayBeCut, type == "mdat" { size = min(size, UInt64(range.upperBound - start)) }
            let header = reader.offset - start
            guard size >= UInt64(header), size <= UInt64(range.upperBound - start) else {
                throw BoxError(offset: start, detail: "the size of '\(type)' is \(size)")
            }
            let end = start + Int(size)
            boxes.append(Box(type: type, range: start..<end, payload: (start + header)..<end))
            try reader.skip(end - reader.offset)
        }
        return boxes
    }
}
