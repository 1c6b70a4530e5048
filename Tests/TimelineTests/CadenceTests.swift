import SeededRandom
import Testing
import Timeline

@Suite struct CadenceTests {
    struct Rate: CustomStringConvertible {
        let frames: Int64, seconds: Int64
        var description: String { "\(frames)/\(seconds)" }
    }
    enum Rounding: CaseIterable { case down, nearest }

    static let rates = [
        Rate(frames: 24_000, seconds: 1001), Rate(frames: 24, seconds: 1), Rate(frames: 25, seconds: 1),
        Rate(frames: 30_000, seconds: 1001), Rate(frames: 30, seconds: 1), Rate(frames: 50, seconds: 1),
        Rate(frames: 60_000, seconds: 1001), Rate(frames: 60, seconds: 1),
    ]

    static func time(_ frame: Int64, _ rate: Rate, _ rounding: Rounding, offset: Int64 = 0) -> Int64 {
        let scaled = frame * 1000 * rate.seconds + offset
        return rounding == .down ? scaled / rate.frames : (scaled + rate.frames / 2) / rate.frames
    }

    @Test(arguments: rates, Rounding.allCases)
    func millisecondsRevealTheExactRate(rate: Rate, rounding: Rounding) {
        var cadence = Cadence(ticksPerSecond: 1000)
        for frame in 0..<Int64(200) {
            let ticks = Self.time(frame, rate, rounding, offset: 7_777)
            if frame > 100 { #expect(cadence.predicted() == ticks) }
            let step = cadence.observe(ticks)
            if frame > 8 { #expect(step == .frames(1)) }
        }
        let found = cadence.frameDuration.map { ($0.numerator * rate.frames, $0.denominator * rate.seconds * 1000) }
        #expect(found.map { $0.0 == $0.1 } == true)
    }

    @Test func aMissingFrameIsCountedAndTheBeatHolds() {
        var cadence = Cadence(ticksPerSecond: 1000)
        for frame in 0..<Int64(30) { _ = cadence.observe(frame * 40) }
        #expect(cadence.observe(1240) == .frames(2))
        #expect(cadence.predicted() == 1280 as Int64)
        #expect(cadence.predicted(after: 3) == 1360 as Int64)
    }

    @Test func irregularTimesNeverLock() {
        var cadence = Cadence(ticksPerSecond: 1000)
        var generator = SeededGenerator(seed: 42)
        var ticks: Int64 = 0
        for _ in 0..<500 {
            ticks += Int64.random(in: 20...60, using: &generator)
            _ = cadence.observe(ticks)
        }
        #expect(cadence.frameDuration == nil)
        #expect(cadence.predicted() == nil)
    }

    @Test func aChangeOfRateIsLearnt() {
        var cadence = Cadence(ticksPerSecond: 1000)
        for frame in 0..<Int64(50) { _ = cadence.observe(frame * 40) }
        for frame in 0..<Int64(50) { _ = cadence.observe(2000 + frame * 20) }
        #expect(cadence.frameDuration == Cadence.FrameDuration(numerator: 1000, denominator: 50))
    }

    @Test func aBackwardStepStartsOver() {
        var cadence = Cadence(ticksPerSecond: 1000)
        for frame in 0..<Int64(50) { _ = cadence.observe(frame * 40) }
        #expect(cadence.observe(0) == .restart)
        #expect(cadence.predicted() == nil)
    }

    @Test func aSlowlySlippingClockKeepsItsLock() {
        var cadence = Cadence(ticksPerSecond: 1000)
        for frame in 0..<Int64(20_000) {
            // 25 frames per second by a clock that runs 60 ppm fast.
            _ = cadence.observe(frame * 40 + frame * 40 * 60 / 1_000_000)
            if frame > 8 { #expect(cadence.frameDuration == Cadence.FrameDuration(numerator: 1000, denominator: 25)) }
        }
    }
}
