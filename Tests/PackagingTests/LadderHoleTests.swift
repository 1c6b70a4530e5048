import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Encoders that are late, stop, and come back.
@Suite struct LadderHoleTests {
    typealias Rung = LadderFeed.Rung

    private static let names = LatencyProfile.Name.allCases

    /// Pictures until one time and from another on, in milliseconds; and so much later than those of the source.
    private static func rung(divisor: Int64 = 1, until end: Int64, from begin: Int64, late: Int64 = 0) -> Rung {
        Rung(divisor: divisor) { time in time < end || time >= begin ? late : nil }
    }

    /// The edges of all renditions, and when they moved.
    private struct Life {
        var presentation: Presentation
        var judge = Judge()
        /// By how much the newest of what leads was older than what came, at most, once it had begun.
        var behind: Int64 = 0
        /// How far apart renditions were at most.
        var apart = MediaTime.zero

        init(_ feed: LadderFeed, _ name: LatencyProfile.Name, seconds: Int64) {
            presentation = feed.started(name)
            let arrivals = feed.arrivals(seconds: seconds)
            var (judge, behind, apart) = (judge, behind, apart)
            presentation.play(arrivals) { presentation, time in
                judge.look(at: presentation, time)
                let edges = presentation.snapshot.renditions.map { $0.edge ?? .zero }
                guard let last = edges.max(), last > .zero, let first = edges.min() else { return }
                behind = max(behind, time - last.ticks(in: .milliseconds))
                if first > .zero { apart = max(apart, last - first) }
            }
            judge.look(at: presentation, seconds * 1000, isLast: true)
            (self.judge, self.behind, self.apart) = (judge, behind, apart)
        }

        /// What broke a rule, but for the pace of the publication, when somebody was waited for.
        var faults: [String] {
            judge.faults.filter { !$0.hasPrefix("cadence.") && !$0.hasPrefix("playlist.fresh") }
        }
    }

    @Test(arguments: names) func oneThatIsLateIsWaitedForAndWhole(name: LatencyProfile.Name) throws {
        let feed = LadderFeed(rungs: [Rung(), Rung { _ in 800 }, Rung(divisor: 2) { _ in 100 }])
        var life = Life(feed, name, seconds: 20)
        #expect(life.faults.isEmpty, "\(life.faults.prefix(5))")
        let events = life.presentation.takeEvents()
        #expect(events.isEmpty)
        for (rung, window) in life.presentation.videoWindows.enumerated() {
            let shown = try LadderTests.shown(life.presentation, window.name)
            #expect(shown == Array(feed.shown(rung, seconds: 20).prefix(shown.count)), "\(window.name)")
            #expect(window.segments.allSatisfy { $0.parts.allSatisfy { !$0.isGap } })
        }
        LadderTests.expectAlike(life.presentation)
        if name != .standard { #expect(life.behind < 800 + 600) }
    }

    /// Once it is known how late it is nobody is taken for gone who is only late.
    @Test(arguments: [2500, 5000] as [Int64]) func oneThatIsLaterThanPatienceLastsIsWhole(late: Int64) throws {
        let feed = LadderFeed(rungs: [Rung(), Rung { _ in late }])
        var life = Life(feed, .low, seconds: 40)
        #expect(life.faults.isEmpty, "\(life.faults.prefix(5))")
        let segments = life.presentation.videoWindows[1].segments
        let whole = segments.drop { $0.isGap }
        #expect(segments.count - whole.count <= 3, "but for the first, when nobody knew")
        #expect(whole.count > 10 && whole.allSatisfy { $0.parts.allSatisfy { !$0.isGap } })
        let events = life.presentation.takeEvents()
        #expect(events == [.trackStalled(rendition: "video2")])
    }

    @Test(arguments: names, [1, 2] as [Int64])
    func oneThatStopsHasAHoleAndComesBackWithAKeyFrame(name: LatencyProfile.Name, divisor: Int64) throws {
        let feed = LadderFeed(rungs: [Rung(), Self.rung(divisor: divisor, until: 7300, from: 14_700), Rung()])
        var life = Life(feed, name, seconds: 30)
        #expect(life.faults.isEmpty, "\(life.faults.prefix(5))")
        let events = life.presentation.takeEvents()
        #expect(events == [.trackStalled(rendition: "video2")])
        #expect(life.presentation.hasIndependentSegments)
        if name != .standard { #expect(life.behind < 1500 + 600, "\(life.behind) ms") }
        LadderTests.expectAlike(life.presentation)
        let (first, second) = (life.presentation.videoWindows[0], life.presentation.videoWindows[1])
        #expect(first.segments.allSatisfy { $0.parts.allSatisfy { !$0.isGap } })
        let holes = second.segments.filter { $0.parts.contains { $0.isGap } }
        let (begin, end) = (try #require(holes.first), try #require(holes.last))
        #expect(begin.start <= .milliseconds(7300) && begin.end > .milliseconds(7300))
        let back = try #require(second.segment(end.sequenceNumber + 1))
        #expect(back.start > .milliseconds(14_700) && back.start < .milliseconds(14_700 + 6100))
        #expect(back.parts[0].isIndependent && back.parts[0].keyFrame != nil)
        if name == .standard { #expect(holes.allSatisfy { $0.isGap }, "a segment is whole or missing") }
        let shown = try LadderTests.shown(life.presentation, "video2")
        let wanted = feed.shown(1, seconds: 30).filter { time in
            name != .standard && time < 7300 * 90 || time < begin.start.ticks(in: .video)
                || time >= back.start.ticks(in: .video)
        }
        #expect(shown == Array(wanted.prefix(shown.count)))
        #expect(shown.count > 300 / Int(divisor))
    }

    /// The largest fails: what goes on is the others.
    @Test(arguments: names, [true, false])
    func theLeadingOneMayStopToo(name: LatencyProfile.Name, hasAudio: Bool) throws {
        let feed = LadderFeed(
            hasAudio: hasAudio, rungs: [Self.rung(until: 7300, from: 14_700), Rung(), Rung(divisor: 2)])
        var life = Life(feed, name, seconds: 30)
        // Where clients cannot be told of parts the hole begins where the others have no key frame.
        let faults = life.faults.filter { name != .standard || !$0.hasPrefix("media.starts-with-sync") }
        #expect(faults.isEmpty, "\(faults.prefix(5))")
        #expect(life.presentation.hasIndependentSegments == (name != .standard))
        let events = life.presentation.takeEvents()
        #expect(
            events.contains(.trackStalled(rendition: "video")) && !events.contains(.trackStalled(rendition: "video2")))
        if name != .standard { #expect(life.behind < 1500 + 700, "\(life.behind) ms") }
        LadderTests.expectAlike(life.presentation)
        OddFeedTests.expectLegalParts(life.presentation, "\(name)")
        #expect(life.presentation.videoWindows[0].segments.contains { $0.isGap })
        for rung in 1...2 {
            let window = life.presentation.videoWindows[rung]
            #expect(window.segments.allSatisfy { $0.parts.allSatisfy { !$0.isGap } }, "\(window.name)")
            let shown = try LadderTests.shown(life.presentation, window.name)
            #expect(Set(feed.shown(rung, seconds: 30)).isSuperset(of: shown) || rung == 2)
            #expect(shown.count > 26 * 30 / Int(feed.rungs[rung].divisor))
        }
    }

    /// Nothing comes of it from the beginning on.
    @Test(arguments: names) func oneThatNeverComesHoldsNobodyUp(name: LatencyProfile.Name) throws {
        let feed = LadderFeed(rungs: [Rung(), Rung { _ in nil }])
        var life = Life(feed, name, seconds: 20)
        #expect(life.presentation.snapshot.isPlayable && life.faults.isEmpty, "\(life.faults.prefix(5))")
        let events = life.presentation.takeEvents()
        #expect(events == [.trackStalled(rendition: "video2")])
        LadderTests.expectAlike(life.presentation)
        let streams = String(decoding: life.presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        #expect(!streams.contains("video2"))
    }

    @Test func oneThatIsWithdrawnIsNotWaitedFor() throws {
        let feed = LadderFeed(gopFrames: 30, rungs: [Rung(), Self.rung(until: 7300, from: 14_700)])
        var presentation = feed.started(.ultra)
        var behind: Int64 = 0
        var isWithdrawn = false
        presentation.play(feed.arrivals(seconds: 30)) { presentation, time in
            if time >= 7300, !isWithdrawn {
                isWithdrawn = true
                presentation.withdrawVideo(rung: 1)
            }
            guard time > 1000, let edge = presentation.videoWindows[0].edge else { return }
            behind = max(behind, time - edge.ticks(in: .milliseconds))
        }
        #expect(behind < 300)
        let events = presentation.takeEvents()
        #expect(events.isEmpty, "nobody waited in vain")
        let segments = presentation.videoWindows[1].segments
        #expect(segments.contains { $0.isGap } && segments.last?.isGap == false)
    }

    @Test func allMayStopAndSoundGoesOn() {
        let stop = Self.rung(until: 7300, from: 14_700)
        var life = Life(LadderFeed(rungs: [stop, stop, stop]), .low, seconds: 30)
        let faults = life.faults
        #expect(faults.isEmpty, "\(faults.prefix(5))")
        LadderTests.expectAlike(life.presentation)
        let events = life.presentation.takeEvents()
        #expect(events.contains(.trackStalled(rendition: "video")))
        for window in life.presentation.videoWindows {
            #expect(window.segments.contains { $0.isGap } && window.segments.last?.isGap == false)
        }
    }
}
