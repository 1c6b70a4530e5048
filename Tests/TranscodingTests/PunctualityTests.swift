import Media
import Testing
import Time

@testable import Transcoding

@Suite struct PunctualityTests {
    private static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func whatComesAtItsPaceIsDueAtOnce() {
        var punctuality = Punctuality()
        for picture in Int64(0)..<1000 {
            let arrival = Self.instant(5000 + picture * 40)
            #expect(punctuality.due(.milliseconds(picture * 40), arrival: arrival) == arrival)
        }
    }

    /// Two seconds of pictures at once, and then all at their pace: they are never due before they come.
    @Test func whatComesAllAtOnceIsDueOneAfterTheOther() {
        var punctuality = Punctuality()
        for picture in Int64(0)..<50 {
            let due = punctuality.due(.milliseconds(picture * 40), arrival: Self.instant(0))
            #expect(abs((due - Self.instant(picture * 39)).wholeMilliseconds) <= 15)
        }
        for picture in Int64(50)..<10_000 {
            let arrival = Self.instant((picture - 49) * 40)
            let due = punctuality.due(.milliseconds(picture * 40), arrival: arrival)
            #expect(due >= arrival)
            // A fast clock is not taken for a burst for ever.
            if picture > 4000 { #expect(due == arrival) }
        }
    }

    @Test func nothingIsDueBeforeSomebodyCouldEncodeIt() {
        var punctuality = Punctuality()
        punctuality.begin(at: Self.instant(700))
        #expect(punctuality.due(.zero, arrival: Self.instant(100)) == Self.instant(700))
        #expect(punctuality.due(.milliseconds(100), arrival: Self.instant(200)) == Self.instant(798))
        #expect(punctuality.due(.milliseconds(200), arrival: Self.instant(2000)) == Self.instant(2000))
    }
}
