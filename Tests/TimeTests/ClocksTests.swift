import Testing
import Time

@Suite struct ClocksTests {
    @Test func theMachinesClocksGoForwards() {
        let clocks = SystemClocks()
        let (first, second) = (clocks.now, clocks.now)
        #expect(first <= second)
        #expect(clocks.wallTime > WallTime(microseconds: 1_767_225_600_000_000))
    }

    @Test func aManualClockMovesOnlyWhenItIsTold() {
        let clock = ManualClock(wallTime: WallTime(microseconds: 5))
        let start = clock.now
        clock.advance(by: .milliseconds(1500))
        #expect(clock.now - start == .milliseconds(1500))
        #expect(clock.wallTime == WallTime(microseconds: 1_500_005))
        clock.setWallTime(.epoch)
        #expect(clock.wallTime == .epoch)
        #expect(clock.now - start == .milliseconds(1500))
    }

    @Test func arithmeticAtTheEndsStaysInRange() {
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .min) - .seconds(Int64.max) == Instant(nanoseconds: .min))
        #expect(WallTime.epoch - .seconds(Int64.max) == WallTime(microseconds: .min))
        #expect(Instant(nanoseconds: 1) - Instant(nanoseconds: 3) == .nanoseconds(-2))
        #expect(Duration.milliseconds(-1500).wholeMilliseconds == -1500)
        #expect(Duration.milliseconds(250).fractionalSeconds == 0.25)
    }

    @Test func daysAreCountedInUTC() {
        #expect(WallTime.epoch.day == 0)
        #expect(WallTime(microseconds: -1).day == -1)
        #expect((WallTime.epoch + .seconds(86_400)).day == 1)
    }
}
