/// A time in UTC taken apart into the fields of the Gregorian calendar, which runs back before its introduction.
public struct CivilTime: Hashable, Sendable {
    /// The year; 0 is the year before 1.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int
    /// The hour, 0 to 23.
    public let hour: Int
    /// The minute, 0 to 59.
    public let minute: Int
    /// The second, 0 to 59.
    public let second: Int
    /// The microsecond within the second.
    public let microsecond: Int

    static let microsecondsPerDay: Int64 = 86_400_000_000
    private static let daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    /// Days from 0001-01-01 to 1970-01-01.
    private static let daysBefore1970 = daysBeforeYear(1970)
    /// Years that can be written as a date here: a thousand centuries to either side.
    private static let years = -100_000...100_000

    /// The fields, or nothing where one is out of its range, such as February 29th of a common year.
    public init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
    ) {
        guard Self.years.contains(year), (1...12).contains(month),
            (1...Self.days(inMonth: month, of: year)).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second), (0...999_999).contains(microsecond)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    /// The fields of `time` in UTC.
    public init(_ time: WallTime) {
        let (days, inDay) = time.microseconds.dividedFloor(by: Self.microsecondsPerDay)
        let sinceYearOne = Int(days) + Self.daysBefore1970
        // A year has 365.2425 days, so this is at most one off.
        var year = Int(Int64(sinceYearOne * 400).dividedFloor(by: 146_097).quotient) + 1
        while Self.daysBeforeYear(year) > sinceYearOne { year -= 1 }
        while Self.daysBeforeYear(year + 1) <= sinceYearOne { year += 1 }
        var month = 12
        let inYear = sinceYearOne - Self.daysBeforeYear(year)
        while Self.daysBefore(month: month, of: year) > inYear { month -= 1 }
        self.year = year
        self.month = month
        day = inYear - Self.daysBefore(month: month, of: year) + 1
        let seconds = Int(inDay / 1_000_000)
        hour = seconds / 3600
        minute = seconds / 60 % 60
        second = seconds % 60
        microsecond = Int(inDay % 1_000_000)
    }

    /// The point in time that the fields name.
    public var wallTime: WallTime {
        let days = Self.daysBeforeYear(year) + Self.daysBefore(month: month, of: year) + day - 1 - Self.daysBefore1970
        let seconds = (hour * 60 + minute) * 60 + second
        return WallTime(
            microseconds: Int64(days) * Self.microsecondsPerDay + Int64(seconds) * 1_000_000 + Int64(microsecond))
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days from 0001-01-01 to the first of January of `year`.
    private static func daysBeforeYear(_ year: Int) -> Int {
        let past = Int64(year - 1)
        let leapDays = [4, -100, 400].reduce(0) { (sum: Int64, step: Int64) in
            sum + step.signum() * past.dividedFloor(by: abs(step)).quotient
        }
        return Int(past * 365 + leapDays)
    }

    private static func daysBefore(month: Int, of year: Int) -> Int {
        daysBeforeMonth[month - 1] + (month > 2 && isLeap(year) ? 1 : 0)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        month == 12 ? 31 : daysBefore(month: month + 1, of: year) - daysBefore(month: month, of: year)
    }
}

extension Int64 {
    /// Quotient and remainder by a positive divisor, the remainder never negative.
    func dividedFloor(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
