import SeededRandom
import Testing
import Timeline

/// The frame rate of what has no beat.
@Suite struct FrameRateMeterTests {
    /// The rate that a cadence tells after those times.
    static func rate(_ times: [Int64], ticksPerSecond: Int64 = 90_000) -> Double? {
        var cadence = Cadence(ticksPerSecond: ticksPerSecond)
        for time in times { _ = cadence.observe(time) }
        return cadence.frameRate
    }

    /// Frames of so many a second, rounded to ticks.
    static func regular(_ rate: Double, ticksPerSecond: Double = 90_000, seconds: Double) -> [Int64] {
        (0...Int(seconds * rate)).map { Int64((Double($0) * ticksPerSecond / rate).rounded()) }
    }

    @Test(arguments: [7, 11.3, 23, 30.03, 29.991, 59, 1], [1.5, 3.2, 20])
    func ratesThatAreNotStandardAreExact(rate: Double, seconds: Double) throws {
        let measured = try #require(Self.rate(Self.regular(rate, seconds: seconds)))
        #expect(abs(measured - rate) < 0.001 * rate, "\(measured)")
        let coarse = try #require(
            Self.rate(Self.regular(rate, ticksPerSecond: 1000, seconds: seconds), ticksPerSecond: 1000))
        #expect(abs(coarse - rate) < 0.005 * rate, "\(coarse)")
    }

    @Test func aSecondIsNeeded() {
        let times = Self.regular(30.03, seconds: 0.95)
        #expect(Self.rate(times) == nil)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func framesThatLackAtRandomMakeNoRateLower(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let times = Self.regular(30, seconds: 30).filter { _ in Double.random(in: 0..<1, using: &random) < 0.3 }
        let measured = try #require(Self.rate(times))
        #expect(abs(measured - 30) < 0.01, "\(measured)")
    }

    @Test func pausesAndSlowSecondsMakeItNoLower() throws {
        var times = Self.regular(30.03, seconds: 4)
        for second in 1...20 as ClosedRange<Int64> { times.append((times.last ?? 0) + 90_000 + second) }
        let measured = try #require(Self.rate(times))
        #expect(abs(measured - 30.03) < 0.01, "\(measured)")
    }

    @Test func aFasterSecondMakesItHigher() throws {
        var times = Self.regular(11.3, seconds: 10)
        let start = times.last ?? 0
        times += Self.regular(47.5, seconds: 5).dropFirst().map { start + $0 }
        let measured = try #require(Self.rate(times))
        #expect(abs(measured - 47.5) < 0.1, "\(measured)")
    }

    @Test func singleFramesCloseTogetherAreNoRate() throws {
        var times = Self.regular(24.4, ticksPerSecond: 1000, seconds: 20)
        for place in stride(from: 5, to: times.count, by: 9) { times[place] = times[place - 1] + 2 }
        let measured = try #require(Self.rate(times, ticksPerSecond: 1000))
        #expect(abs(measured - 24.4) < 0.3, "\(measured)")
    }

    /// Some encoders stamp two frames alike, but for a tick.
    @Test func pairsCountOnAverage() throws {
        let times = Self.regular(15.2, ticksPerSecond: 1000, seconds: 20).flatMap { [$0, $0 + 1] }
        let measured = try #require(Self.rate(times, ticksPerSecond: 1000))
        #expect(abs(measured - 30.4) < 0.7, "\(measured)")
    }

    @Test func jitterOfTheClockIsNoRate() throws {
        var random = SeededGenerator(seed: 11)
        let times = Self.regular(30.03, ticksPerSecond: 1000, seconds: 20).map {
            $0 + Int64.random(in: -4...4, using: &random)
        }
        let measured = try #require(Self.rate(times, ticksPerSecond: 1000))
        #expect(abs(measured - 30.03) < 0.3, "\(measured)")
    }

    @Test func timesOfAnyKindAreTaken() throws {
        let tick = try #require(Self.rate((0..<5000).map { $0 }))
        #expect(tick > 0)
        let far: [Int64] = [0, 1 << 44, 1 << 45, 3 << 44]
        #expect(try #require(Self.rate(far)) > 0)
        #expect(Self.rate([5, 5, 5, 4, 3]) == nil)
    }
}
