import Media
import Testing

@Suite struct MediaTimeTests {
    @Test func sumsAcrossTimescalesAreExact() {
        let frame = MediaTime(1001, Timescale(30_000))
        let aac = MediaTime(1024, Timescale(48_000))
        let sum = frame * 30_000 + aac * 48_000
        #expect(sum == MediaTime(1001 + 1024, Timescale(1)))
        #expect(sum - aac * 48_000 == MediaTime(1001, Timescale(1)))
    }

    @Test func comparisonDoesNotRound() {
        #expect(MediaTime(1, Timescale(3)) < MediaTime(333_333_334, Timescale(1_000_000_000)))
        #expect(MediaTime(1, Timescale(3)) > MediaTime(333_333_333, Timescale(1_000_000_000)))
        #expect(MediaTime(1, Timescale(2)).hashValue == MediaTime(500, .milliseconds).hashValue)
    }

    @Test(arguments: [
        (FloatingPointRoundingRule.down, -2 as Int64), (.up, -1), (.towardZero, -1), (.awayFromZero, -2),
        (.toNearestOrEven, -2),
    ])
    func roundingOfANegativeTimeFollowsTheRule(rule: FloatingPointRoundingRule, ticks: Int64) {
        #expect(MediaTime(-3, Timescale(2)).ticks(in: Timescale(1), rounding: rule) == ticks)
    }

    @Test func largeTimesDoNotOverflow() {
        let year = MediaTime(Int64(90_000) * 86_400 * 365, .video)
        #expect(year.ticks(in: Timescale(48_000)) == Int64(48_000) * 86_400 * 365)
    }
}
