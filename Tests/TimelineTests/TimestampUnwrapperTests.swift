import SeededRandom
import Testing
import Timeline

@Suite struct TimestampUnwrapperTests {
    @Test func thirtyTwoBitsWrapForwardAndBack() {
        for bits in [31, 32] {
            var unwrapper = TimestampUnwrapper(bits: bits)
            #expect(unwrapper.unwrap(0xFFFF_FFF0) == 0xFFFF_FFF0)
            #expect(unwrapper.unwrap(0x10) == 0x1_0000_0010)
            #expect(unwrapper.unwrap(0xFFFF_FFFE) == 0xFFFF_FFFE)
            #expect(unwrapper.unwrap(0x20) == 0x1_0000_0020)
        }
    }

    @Test func itWrapsAgainAndAgain() {
        var unwrapper = TimestampUnwrapper(bits: 33)
        var expected: Int64 = 0
        for _ in 0..<20 {
            #expect(unwrapper.unwrap(expected % (1 << 33)) == expected)
            expected += 1 << 31
        }
    }

    @Test func aSenderOfThirtyOneBitsGoesOnAfterItsWrap() {
        var unwrapper = TimestampUnwrapper(bits: 31)
        #expect(unwrapper.unwrap(0x7FFF_FFF0) == 0x7FFF_FFF0)
        #expect(unwrapper.unwrap(0x0000_0003) == 0x8000_0003)
        #expect(unwrapper.unwrap(0x7FFF_FFFB) == 0x7FFF_FFFB)
        #expect(unwrapper.unwrap(0x0000_0020) == 0x8000_0020)
    }

    @Test func aRestartIsAStepBackAndNoWrap() {
        var unwrapper = TimestampUnwrapper(bits: 31)
        _ = unwrapper.unwrap(3_600_000)
        #expect(unwrapper.unwrap(0) == 0)
    }

    @Test func aPictureBeforeTheWrapIsDecodedAfterIt() {
        let wrap: Int64 = 1 << 33
        var unwrapper = TimestampUnwrapper(bits: 33)
        #expect(unwrapper.unwrap(wrap - 6000) == wrap - 6000)
        #expect(unwrapper.unwrap(3000) == wrap + 3000)
        #expect(unwrapper.unwrap(wrap - 3000) == wrap - 3000)
        #expect(unwrapper.unwrap(0) == wrap)
    }

    /// The bits that a sender keeps, and those of the unwrapper.
    static let bits: [(kept: Int, counted: Int)] = [(31, 31), (32, 31), (32, 32), (33, 33)]

    /// Three tracks in turn, and pictures in another order than they are decoded in.
    @Test(arguments: bits, 1...8)
    func anyTimelineThatGoesOnComesBack(bits: (kept: Int, counted: Int), seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var unwrapper = TimestampUnwrapper(bits: bits.counted)
        let kept: Int64 = 1 << Int64(bits.kept), counted: Int64 = 1 << Int64(bits.counted)
        let largest = seed.isMultiple(of: 2) ? 100_000 : counted / 8
        var time = Int64.random(in: 0..<4 * kept, using: &random)
        let start = time
        var constant: Int64?
        while time < start + 5 * kept, time < start + largest * 2000 {
            time += Int64.random(in: 0...largest, using: &random)
            // A decode time, the picture's time, and sound that lags or leads.
            for offset in [0, Int64.random(in: 0...largest, using: &random), -largest / 2, largest / 3] {
                let value = time + offset
                let place = unwrapper.unwrap(((value % kept) + kept) % kept)
                constant = constant ?? place - value
                guard place - value == constant else {
                    Issue.record("\(value) came back as \(place), seed \(seed)")
                    return
                }
            }
        }
    }

    @Test func noValueTraps() {
        for bits in [2, 31, 32, 33, 62] {
            var unwrapper = TimestampUnwrapper(bits: bits)
            for value in [Int64.max, .min, 0, -1, .max, 1 << 62, .min] { _ = unwrapper.unwrap(value) }
            for _ in 0..<100 { _ = unwrapper.unwrap(unwrapper.unwrap(0) &+ 1 << Int64(bits - 1) &- 1) }
        }
    }
}
