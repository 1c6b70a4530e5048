import Testing
import Timeline

@Suite struct TimestampUnwrapperTests {
    @Test func thirtyTwoBitsWrapForwardAndBack() {
        var unwrapper = TimestampUnwrapper(bits: 32)
        #expect(unwrapper.unwrap(0xFFFF_FFF0) == 0xFFFF_FFF0)
        #expect(unwrapper.unwrap(0x10) == 0x1_0000_0010)
        #expect(unwrapper.unwrap(0xFFFF_FFFE) == 0xFFFF_FFFE)
        #expect(unwrapper.unwrap(0x20) == 0x1_0000_0020)
    }

    @Test func itWrapsAgainAndAgain() {
        var unwrapper = TimestampUnwrapper(bits: 33)
        var expected: Int64 = 0
        for _ in 0..<20 {
            #expect(unwrapper.unwrap(expected % (1 << 33)) == expected)
            expected += 1 << 31
        }
    }
}
