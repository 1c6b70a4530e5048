/// A text that is not a date and time in the form of RFC 3339 §5.6.
public struct RFC3339Error: Error, Equatable, Sendable {
    /// The offset, in bytes, of the first field that does not fit.
    public let offset: Int
}

extension WallTime: CustomStringConvertible {
    /// The time in UTC with milliseconds, such as `2026-11-20T19:00:00.000Z`, rounded down.
    ///
    /// The form has four digits for the year: times outside 0000 to 9999 are written as the nearest that fits.
    public var rfc3339: String {
        let fields = CivilTime(min(max(self, Self.first), Self.last))
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int, digits: Int, then separator: Unicode.Scalar) {
            var divisor = (1..<digits).reduce(1) { power, _ in power * 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: separator))
        }
        append(fields.year, digits: 4, then: "-")
        append(fields.month, digits: 2, then: "-")
        append(fields.day, digits: 2, then: "T")
        append(fields.hour, digits: 2, then: ":")
        append(fields.minute, digits: 2, then: ":")
        append(fields.second, digits: 2, then: ".")
        append(fields.microsecond / 1000, digits: 3, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// The same as `rfc3339`.
    public var description: String { rfc3339 }

    /// The time that `text` names in the form of RFC 3339 §5.6, with any offset from UTC.
    ///
    /// Digits after the sixth of the fraction are dropped. A leap second (`:60`) is the first of the next minute.
    public init(rfc3339 text: String) throws(RFC3339Error) {
        var reader = RFC3339Reader(text: Array(text.utf8))
        self = try reader.read()
    }

    private static let first = WallTime(microseconds: -62_167_219_200_000_000)
    private static let last = WallTime(microseconds: 253_402_300_799_999_999)
}

private struct RFC3339Reader {
    let text: [UInt8]
    var offset = 0

    init(text: [UInt8]) { self.text = text }

    mutating func read() throws(RFC3339Error) -> WallTime {
        let year = try digits(4, in: 0...9999)
        try expect("-")
        let month = try digits(2, in: 1...12)
        try expect("-")
        let dayOffset = offset
        let day = try digits(2, in: 1...31)
        try expect("T", "t")
        let hour = try digits(2, in: 0...23)
        try expect(":")
        let minute = try digits(2, in: 0...59)
        try expect(":")
        let second = try digits(2, in: 0...60)
        let microsecond = try fraction()
        let minutesAhead = try zone()
        guard offset == text.count else { throw RFC3339Error(offset: offset) }
        guard
            let fields = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: min(second, 59),
                microsecond: second == 60 ? 0 : microsecond)
        else { throw RFC3339Error(offset: dayOffset) }
        return fields.wallTime + .seconds(second == 60 ? 1 : 0) - .seconds(60 * minutesAhead)
    }

    private var current: UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func digit() -> Int? {
        guard let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        offset += 1
        return Int(byte - UInt8(ascii: "0"))
    }

    private mutating func digits(_ count: Int, in range: ClosedRange<Int>) throws(RFC3339Error) -> Int {
        let start = offset
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { throw RFC3339Error(offset: start) }
            value = value * 10 + digit
        }
        guard range.contains(value) else { throw RFC3339Error(offset: start) }
        return value
    }

    private mutating func expect(_ characters: Unicode.Scalar...) throws(RFC3339Error) {
        guard let byte = current, characters.contains(Unicode.Scalar(byte)) else { throw RFC3339Error(offset: offset) }
        offset += 1
    }

    private mutating func fraction() throws(RFC3339Error) -> Int {
        guard current == UInt8(ascii: ".") else { return 0 }
        offset += 1
        guard var value = digit() else { throw RFC3339Error(offset: offset) }
        var count = 1
        while let digit = digit() {
            guard count < 6 else { continue }
            value = value * 10 + digit
            count += 1
        }
        return (count..<6).reduce(value) { value, _ in value * 10 }
    }

    /// How many minutes the local time is ahead of UTC.
    private mutating func zone() throws(RFC3339Error) -> Int {
        let start = offset
        switch current {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            offset += 1
            return 0
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            offset += 1
            let hours = try digits(2, in: 0...23)
            try expect(":")
            let minutes = try digits(2, in: 0...59)
            return (hours * 60 + minutes) * (text[start] == UInt8(ascii: "-") ? -1 : 1)
        default:
            throw RFC3339Error(offset: start)
        }
    }
}
