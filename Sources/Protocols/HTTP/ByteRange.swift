/// What a `Range` field asks of a representation of known length, RFC 9110 §14.
enum ByteRange: Equatable {
    /// The field is to be ignored: malformed, another unit, or several ranges (a server may answer those whole).
    case whole
    /// The bytes to send, not empty.
    case part(Range<Int>)
    /// No byte that was asked for exists: 416.
    case unsatisfiable

    /// Reads `field` for a representation of `length` bytes.
    ///
    /// Positions may be as large as they like: a client that reads a part whose end is not known yet asks up to
    /// 2^53−1 (RFC 8673, draft-pantos-hls-rfc8216bis §4.4.5.3). Whatever does not fit 64 bits counts as infinite.
    init(field: String, length: Int) {
        self = .whole
        var field = field
        field.withUTF8 { self = Self.read($0.span, length: length) }
    }

    private static func read(_ field: Span<UInt8>, length: Int) -> ByteRange {
        let unit: [UInt8] = Array("bytes=".utf8)
        guard field.count > unit.count else { return .whole }
        for index in 0..<unit.count where lowercased(field[index]) != unit[index] { return .whole }
        let (start, end) = trimmed(field, from: unit.count)
        var cursor = start
        let first = readPosition(field, &cursor, end)
        guard cursor < end, field[cursor] == UInt8(ascii: "-") else { return .whole }
        cursor += 1
        let last = readPosition(field, &cursor, end)
        guard cursor == end else { return .whole }
        switch (first, last) {
        case (nil, nil): return .whole
        case (nil, let suffix?): return part(ofLast: suffix, length: length)
        case (let first?, let last): return part(from: first, through: last ?? .max, length: length)
        }
    }

    private static func part(ofLast suffix: UInt64, length: Int) -> ByteRange {
        if suffix == 0 { return .unsatisfiable }
        if length == 0 { return .whole }
        return .part((length - Int(min(suffix, UInt64(length))))..<length)
    }

    private static func part(from first: UInt64, through last: UInt64, length: Int) -> ByteRange {
        if last < first { return .whole }
        if first >= UInt64(length) { return .unsatisfiable }
        let end = last < UInt64(length) ? Int(last) + 1 : length
        return .part(Int(first)..<end)
    }

    /// Digits at `cursor`; nil when there are none, the largest number when they overflow.
    private static func readPosition(_ field: Span<UInt8>, _ cursor: inout Int, _ end: Int) -> UInt64? {
        var value: UInt64?
        while cursor < end, case UInt8(ascii: "0")...UInt8(ascii: "9") = field[cursor] {
            let digit = UInt64(field[cursor] - UInt8(ascii: "0"))
            let (product, overflowed) = (value ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(digit)
            value = overflowed || carried ? .max : sum
            cursor += 1
        }
        return value
    }

    private static func trimmed(_ field: Span<UInt8>, from start: Int) -> (Int, Int) {
        var start = start
        var end = field.count
        while start < end, isBlank(field[start]) { start += 1 }
        while end > start, isBlank(field[end - 1]) { end -= 1 }
        return (start, end)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
