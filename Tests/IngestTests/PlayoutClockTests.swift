import Testing
import Time

@testable import Ingest

@Suite struct PlayoutClockTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: Int64(milliseconds) * 1_000_000) }

    private func expect(_ clock: inout PlayoutClock, _ time: Duration, at now: Int, isDue due: Int) {
        let found = clock.due(time, at: at(now))
        #expect(found == at(due))
    }

    @Test func packetsAreDueByTheirTimes() {
        var clock = PlayoutClock()
        expect(&clock, .seconds(1000), at: 5, isDue: 5)
        expect(&clock, .milliseconds(1_000_040), at: 6, isDue: 45)
        // Sound may be behind.
        expect(&clock, .milliseconds(1_000_020), at: 46, isDue: 25)
        expect(&clock, .milliseconds(1_004_000), at: 50, isDue: 4005)
    }

    @Test func aLittleLatenessIsMadeUpForAndMoreIsNot() {
        var clock = PlayoutClock()
        _ = clock.due(.zero, at: at(0))
        expect(&clock, .milliseconds(40), at: 400, isDue: 40)
        expect(&clock, .milliseconds(80), at: 1000, isDue: 1000)
        expect(&clock, .milliseconds(120), at: 1000, isDue: 1040)
    }

    @Test(arguments: [-3_600_000, 3_600_000])
    func aJumpIsNotWaitedFor(distance: Int) {
        var clock = PlayoutClock()
        _ = clock.due(.seconds(10_000), at: at(0))
        let time = Duration.seconds(10_000) + .milliseconds(distance)
        expect(&clock, time, at: 40, isDue: 40)
        expect(&clock, time + .milliseconds(40), at: 41, isDue: 80)
    }
}
