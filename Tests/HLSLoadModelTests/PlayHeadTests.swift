import HLSLoadModel
import Testing
import Time

@Suite struct PlayHeadTests {
    private static func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: Int64(milliseconds) * 1_000_000) }

    /// A play-head with 1.5 s of hold-back that is delivered parts of 0.5 s on two tracks, four at once at the start
    /// and one every half second from then on; the part that begins at a time in `late` comes so much later.
    private static func head(late: [Int: Int] = [:], until end: Int = 20_000) -> PlayHead {
        var head = PlayHead(needing: 1.5, tracks: 2)
        for track in 0...1 { for _ in 0..<4 { head.deliver(0.5, of: track, at: at(0)) } }
        var last = 0
        for time in stride(from: 500, to: end, by: 500) {
            last = max(last, time + (late[time] ?? 0))
            guard last < end else { break }
            for track in 0...1 { head.deliver(0.5, of: track, at: at(last)) }
        }
        head.finish(at: at(end))
        return head
    }

    @Test func mediaInTimeNeverStall() {
        let head = Self.head(late: [5000: 1400, 9000: 900])
        #expect(head.hasStarted)
        #expect(head.stalls == 0)
        #expect(head.stalledTime == .zero)
    }

    @Test func aPartThatComesTooLateStallsForWhatIsMissing() {
        // At 5 s there are 2 s more: 7 s of media end at 6.5 s, since 2 s were there at the start.
        let head = Self.head(late: [5000: 3000])
        #expect(head.stalls == 1)
        #expect(head.stalledTime == .milliseconds(1500))
        #expect(head.longestStall == .milliseconds(1500))
    }

    @Test func whatWasLostToAStallIsKeptAsDelay() {
        // The second delay, as long as the first, is covered by the distance that the first one left behind.
        let head = Self.head(late: [5000: 3000, 12_000: 3000])
        #expect(head.stalls == 1)
    }

    @Test func aPublisherWhoStopsStallsUntilTheEnd() {
        let head = Self.head(late: [10_000: 1_000_000])
        #expect(head.stalls == 1)
        #expect(head.stalledTime == .milliseconds(20_000 - 11_500))
    }

    @Test func oneTrackAloneIsEnoughToStall() {
        var head = PlayHead(needing: 1, tracks: 2)
        head.deliver(1, of: 0, at: Self.at(0))
        #expect(!head.hasStarted)
        head.deliver(1, of: 1, at: Self.at(100))
        #expect(head.hasStarted)
        head.deliver(10, of: 0, at: Self.at(200))
        head.deliver(1, of: 1, at: Self.at(1400))
        #expect(head.stalls == 1)
        #expect(head.stalledTime == .milliseconds(300))
    }

    @Test func theEndOfThePresentationIsNoStall() {
        var head = PlayHead(needing: 1, tracks: 1)
        head.deliver(2, of: 0, at: Self.at(0))
        head.endMedia(at: Self.at(500))
        head.finish(at: Self.at(60_000))
        #expect(head.stalls == 0)
        #expect(head.hasStarted)
    }

    @Test func finishingTwiceCountsOnce() {
        var head = PlayHead(needing: 1, tracks: 1)
        head.deliver(1, of: 0, at: Self.at(0))
        head.finish(at: Self.at(3000))
        head.finish(at: Self.at(3000))
        #expect(head.stalledTime == .seconds(2))
    }

    @Test func durationsBeyondReasonDoNotTrap() {
        var head = PlayHead(needing: 1, tracks: 1)
        for duration in [1e15, .infinity, -.infinity, .nan, -1, 1e308, 1e308] {
            head.deliver(duration, of: 0, at: Self.at(1))
            head.deliver(duration, of: 7, at: Self.at(1))
        }
        head.finish(at: Instant(nanoseconds: .max))
        #expect(head.hasStarted)
    }
}
