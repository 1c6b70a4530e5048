import Testing
import Time

@Suite struct WallTimeTests {
    static let known: [(String, Int64)] = [
        ("1970-01-01T00:00:00.000Z", 0), ("2000-02-29T12:30:15.250Z", 951_827_415_250_000),
        ("1969-12-31T23:59:59.999Z", -1000), ("2026-11-20T19:00:00.000Z", 1_795_201_200_000_000),
        ("0000-01-01T00:00:00.000Z", -62_167_219_200_000_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999_000),
    ]

    @Test(arguments: known)
    func knownTimesAreWrittenAndReadBack(text: String, microseconds: Int64) throws {
        #expect(WallTime(microseconds: microseconds).rfc3339 == text)
        #expect(try WallTime(rfc3339: text) == WallTime(microseconds: microseconds))
    }

    @Test func everyDayOfElevenCenturiesFollowsTheOneBefore() throws {
        var (year, month, day) = (1599, 12, 31)
        var count = 0
        while year < 2700 {
            let length = [31, year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28, 31, 30, 31, 30, 31, 31]
            let days = month <= 8 ? length[month - 1] : [30, 31, 30, 31][month - 9]
            let today = try #require(CivilTime(year: year, month: month, day: day, hour: 23)).wallTime
            day += 1
            if day > days { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
            let next = CivilTime(today + .seconds(3600))
            guard next.year == year, next.month == month, next.day == day, next.hour == 0 else {
                Issue.record("\(year)-\(month)-\(day) came out as \(next)")
                return
            }
            count += 1
        }
        #expect(count == 1 + 1100 * 365 + 267)
    }

    @Test func randomTimesOfTenThousandYearsSurviveTheRoundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var state = seed
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let milliseconds = Int64(state >> 11) % (253_402_300_799_999 + 62_167_219_200_000) - 62_167_219_200_000
            let time = WallTime(microseconds: milliseconds * 1000)
            #expect(try WallTime(rfc3339: time.rfc3339) == time, "seed \(seed)")
        }
    }

    @Test func timesOfTheWholeRangeCanBeTakenApart() {
        for microseconds in [Int64.min, -1, 0, 1, .max] {
            let fields = CivilTime(WallTime(microseconds: microseconds))
            #expect((1...12).contains(fields.month) && (1...31).contains(fields.day))
        }
        #expect(WallTime(microseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(WallTime(microseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
    }

    static let forms: [(String, String)] = [
        ("2026-11-20t19:00:00z", "2026-11-20T19:00:00.000Z"),
        ("2026-11-20T20:30:00.5+01:30", "2026-11-20T19:00:00.500Z"),
        ("2026-11-20T19:00:00.1239999999-00:00", "2026-11-20T19:00:00.123Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2024-03-01T00:00:00+23:59", "2024-02-29T00:01:00.000Z"),
    ]

    @Test(arguments: forms)
    func everyFormOfTheGrammarIsRead(text: String, expected: String) throws {
        #expect(try WallTime(rfc3339: text).rfc3339 == expected)
    }

    static let wrong: [(String, Int)] = [
        ("", 0), ("2026", 4), ("2026-13-01T00:00:00Z", 5), ("2026-02-29T00:00:00Z", 8), ("2026-02-28 00:00:00Z", 10),
        ("2026-02-28T24:00:00Z", 11), ("2026-02-28T00:60:00Z", 14), ("2026-02-28T00:00:61Z", 17),
        ("2026-02-28T00:00:00", 19), ("2026-02-28T00:00:00.Z", 20), ("2026-02-28T00:00:00Zx", 20),
        ("2026-02-28T00:00:00+0100", 22), ("-026-02-28T00:00:00Z", 0), ("٢٠٢٦-02-28T00:00:00Z", 0),
    ]

    @Test(arguments: wrong)
    func whatIsNotInTheGrammarIsAnErrorWithItsPlace(text: String, offset: Int) {
        #expect(throws: RFC3339Error.self) { try WallTime(rfc3339: text) }
        do { _ = try WallTime(rfc3339: text) } catch { #expect(error.offset == offset) }
    }

    @Test func everyPrefixAndBitFlipEndsInAValueOrAnError() {
        let valid = Array("2026-11-20T19:00:00.123+01:00".utf8)
        var read = 0
        for count in 0..<valid.count {
            if (try? WallTime(rfc3339: String(decoding: valid[..<count], as: UTF8.self))) != nil { read += 1 }
        }
        #expect(read == 0)
        for index in valid.indices {
            for bit in 0..<8 {
                var bytes = valid
                bytes[index] ^= 1 << bit
                if (try? WallTime(rfc3339: String(decoding: bytes, as: UTF8.self))) != nil { read += 1 }
            }
        }
        #expect(read > 0 && read < valid.count * 8)
    }
}
