import Media
import SeededRandom
import Testing
import Time
import Timeline

@Suite struct DriftMeterTests {
    /// A source whose clock is `drift` ppm fast, and the way from there: what is late, in seconds, at a time.
    private static func meter(
        drift: Double, seconds: Int64, perSecond: Int64 = 25, late: (Double) -> Double
    ) -> DriftMeter {
        var meter = DriftMeter(start: instant(100), place: .milliseconds(7000))
        for sample in 0..<seconds * perSecond {
            let media = MediaTime(sample, Timescale(UInt32(perSecond)))
            let passed = media.seconds / (1 + drift / 1e6)
            meter.observe(media + .milliseconds(7000), arrival: instant(100 + passed + late(passed)))
        }
        return meter
    }

    private static func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    /// The delay in seconds at so many seconds of media.
    private static func delay(_ meter: DriftMeter, _ seconds: Int64) throws -> Double {
        try #require(meter.delay(at: .milliseconds(7000 + seconds * 1000))).fractionalSeconds
    }

    @Test(arguments: [0, 1, -3, 40, -100, 500, 1000, -1000, 20_000])
    func theClockIsMeasured(drift: Double) throws {
        let meter = Self.meter(drift: drift, seconds: 600) { _ in 0 }
        #expect(abs(try #require(meter.partsPerMillion) - drift) < 0.01)
        #expect(abs(try Self.delay(meter, 600) - 600 * (1 / (1 + drift / 1e6) - 1)) < 1e-5)
    }

    @Test(arguments: [0, 100, -1000], [1, 2, 3] as [UInt64])
    func jitterAndBurstsDoNotCount(drift: Double, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let meter = Self.meter(drift: drift, seconds: 900) { time in
            let burst = time.truncatingRemainder(dividingBy: 7)
            // For half a second nothing comes through, then all of it at once.
            return burst > 6.5 ? 7 - burst : Double.random(in: 0...0.04, using: &random)
        }
        #expect(abs(try #require(meter.partsPerMillion) - drift) < 5)
        #expect(abs(try Self.delay(meter, 900) - 900 * (1 / (1 + drift / 1e6) - 1)) < 0.003)
    }

    /// A line that was full for a minute: a while ago, and now.
    @Test(arguments: [200, 420]) func aMinuteInWhichAllIsLateDoesNotBendTheLine(begin: Double) throws {
        let meter = Self.meter(drift: 50, seconds: 480) { (begin..<begin + 60).contains($0) ? 2 : 0 }
        #expect(abs(try #require(meter.partsPerMillion) - 50) < 5)
        #expect(abs(try Self.delay(meter, 480) + 480 * 50e-6) < 0.002)
    }

    /// What an encoder had gathered before it came through.
    @Test func aBurstAtTheBeginningIsAheadOfTheTruth() throws {
        var meter = DriftMeter(start: Self.instant(0), place: .zero)
        for sample in Int64(0)..<3000 {
            meter.observe(.milliseconds(sample * 40), arrival: Self.instant(max(0, Double(sample) * 0.04 - 2)))
        }
        #expect(abs(try #require(meter.delay(at: .milliseconds(120_000))).fractionalSeconds + 2) < 0.001)
    }

    @Test func aClockThatChangesIsMeasuredAnewBeforeLong() throws {
        var meter = DriftMeter(start: Self.instant(0), place: .zero)
        var passed = 0.0
        for sample in Int64(0)..<30_000 {
            meter.observe(.milliseconds(sample * 40), arrival: Self.instant(passed))
            passed += 0.04 * (sample < 15_000 ? 1.0003 : 0.9999)
        }
        #expect(abs(try #require(meter.partsPerMillion) - 100) < 1)
    }

    @Test func nothingIsSaidBeforeSomethingIsKnown() {
        for (seconds, isKnown) in [(Int64(0), false), (20, false), (39, false), (41, true)] {
            let meter = Self.meter(drift: 10, seconds: seconds) { _ in 0 }
            #expect((meter.partsPerMillion != nil) == isKnown && (meter.delay(at: .zero) != nil) == isKnown)
        }
    }

    /// A source may say anything of its time.
    @Test func whateverTheTimesAreItIsMeasured() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            let start = Instant(nanoseconds: .random(in: .min ... .max, using: &random))
            var meter = DriftMeter(start: start, place: .zero)
            for _ in 0..<200 {
                let place = MediaTime(.random(in: -1 << 40...1 << 40, using: &random), .video)
                meter.observe(place, arrival: Instant(nanoseconds: .random(in: .min ... .max, using: &random)))
                let (drift, delay) = (meter.partsPerMillion, meter.delay(at: place))
                #expect((drift == nil) == (delay == nil) && drift?.isNaN != true)
            }
        }
    }
}
