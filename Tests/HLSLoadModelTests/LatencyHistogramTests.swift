import HLSLoadModel
import Testing

@Suite struct LatencyHistogramTests {
    @Test func quantilesAreRightToAThirtySecond() {
        for scale in [1, 37, 1000, 65_537, 10_000_000] as [Int64] {
            var histogram = LatencyHistogram()
            for value in 1...1000 as ClosedRange<Int64> { histogram.record(nanoseconds: value * scale * 1000) }
            for (share, exact) in zip([0.5, 0.95, 0.99], [500, 950, 990] as [Int64]) {
                let found = (histogram.quantile(share) ?? .zero) / .microseconds(exact * scale)
                #expect(found >= 1 && found <= 1 + 1.0 / 32, "\(share) of \(scale)")
            }
            #expect(histogram.maximum == .microseconds(1000 * scale))
            #expect(histogram.quantile(1) == histogram.maximum)
        }
    }

    @Test func sumsAreAsIfRecordedInOne() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in 0..<500 as Range<Int64> {
            left.record(nanoseconds: value * 7_001)
            right.record(nanoseconds: value * 900_017)
            both.record(nanoseconds: value * 7_001)
            both.record(nanoseconds: value * 900_017)
        }
        left.add(right)
        #expect(left == both)
        #expect(left.count == 1000)
    }

    @Test func extremesHaveAPlace() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for value in [.min, -1, 0, .max] as [Int64] { histogram.record(nanoseconds: value) }
        #expect(histogram.count == 4)
        #expect(histogram.quantile(0.5) == .zero)
        #expect(histogram.maximum == .nanoseconds(Int64.max))
    }
}
