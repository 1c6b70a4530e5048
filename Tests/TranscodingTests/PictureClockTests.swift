import Media
import Testing
import Time

@testable import Transcoding

@Suite struct PictureClockTests {
    private static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func knowsNothingBeforeAPictureHasCome() {
        let clock = PictureClock()
        #expect(clock.place(at: Self.instant(1)) == nil && clock.arrival(of: .zero) == nil)
    }

    @Test func goesByTheEarliestOfTheLastSeconds() {
        var clock = PictureClock()
        for second in Int64(0)..<20 {
            for late in [90, 20, 300] {
                clock.note(.milliseconds(second * 1000), arrival: Self.instant(5000 + second * 1000 + Int64(late)))
            }
        }
        #expect(clock.place(at: Self.instant(26_020)) == .milliseconds(21_000))
        #expect(clock.arrival(of: .milliseconds(21_000)) == Self.instant(26_020))
    }

    /// A source whose clock is slow by a millisecond in a second is not taken for what it was an hour ago.
    @Test func followsASourceWhoseClockIsAnother() {
        var clock = PictureClock()
        for second in Int64(0)..<3600 {
            clock.note(.milliseconds(second * 999), arrival: Self.instant(second * 1000))
        }
        let place = clock.place(at: Self.instant(3_600_000))
        #expect(place.map { abs($0.seconds - 3596.4) < 0.02 } == true)
    }
}
