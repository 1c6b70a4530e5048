/// A date and time of day as EXT-X-PROGRAM-DATE-TIME writes it (ISO 8601, RFC 8216bis §4.4.4.6).
public struct DateAndTime: Equatable, Sendable {
    /// Microseconds since the start of 1970, UTC.
    public let microseconds: Int64
    /// How many digits the fraction of a second has.
    public let fractionDigits: Int
    /// True when the text names a time zone. Without one, UTC is assumed.
    public let hasZone: Bool

    /// Seconds since the start of 1970, UTC.
    public var seconds: Double { Double(microseconds) / 1_000_000 }

    /// The date that `text` writes, or nothing when it is none.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = Self.digits(4, &rest), Self.skip("-", &rest), let month = Self.digits(2, &rest),
            Self.skip("-", &rest), let day = Self.digits(2, &rest), Self.skip("T", &rest),
            let hour = Self.digits(2, &rest), Self.skip(":", &rest), let minute = Self.digits(2, &rest),
            Self.skip(":", &rest), let second = Self.digits(2, &rest)
        else { return nil }
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        var fraction: Int64 = 0
        var digits = 0
        if Self.skip(".", &rest) || Self.skip(",", &rest) {
            while let digit = Self.digits(1, &rest) {
                if digits < 6 { fraction = fraction * 10 + Int64(digit) }
                digits += 1
            }
            guard digits > 0 else { return nil }
            for _ in min(digits, 6)..<6 { fraction *= 10 }
        }
        guard let zone = Self.zone(&rest), rest.isEmpty else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        let total = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(zone.seconds)
        microseconds = total * 1_000_000 + fraction
        fractionDigits = digits
        hasZone = zone.isNamed
    }

    private static func zone(_ rest: inout ArraySlice<UInt8>) -> (seconds: Int, isNamed: Bool)? {
        if rest.isEmpty { return (0, false) }
        if skip("Z", &rest) { return (0, true) }
        let sign = skip("+", &rest) ? 1 : skip("-", &rest) ? -1 : 0
        guard sign != 0, let hours = digits(2, &rest) else { return nil }
        _ = skip(":", &rest)
        let minutes = rest.isEmpty ? 0 : digits(2, &rest)
        guard let minutes, hours < 24, minutes < 60 else { return nil }
        return (sign * (hours * 3600 + minutes * 60), true)
    }

    private static func digits(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        let taken = rest.prefix(count)
        guard taken.count == count, taken.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return taken.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func skip(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, counted in years that begin in March.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
