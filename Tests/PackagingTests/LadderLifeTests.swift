import Bytes
import HLS
import Media
import SampleFeed
import Testing
import Time

@testable import Packaging

/// A ladder beyond one run: interruptions, silence, the DVR window, what clients are told, and another process.
@Suite struct LadderLifeTests {
    typealias Rung = LadderFeed.Rung

    private static let names = LatencyProfile.Name.allCases
    private static let feed = LadderFeed(gopFrames: 30, rungs: [Rung(reorders: true), Rung(), Rung(divisor: 2)])

    private static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test(arguments: names) func anInterruptionEndsAllAtOnePlace(name: LatencyProfile.Name) throws {
        let feed = Self.feed
        var presentation = feed.started(name)
        var judge = Judge()
        presentation.play(feed.arrivals(seconds: 7)) { presentation, time in judge.look(at: presentation, time) }
        presentation.interrupt()
        LadderTests.expectAlike(presentation)
        #expect(presentation.videoWindows.allSatisfy { $0.segments.last?.isComplete == true })
        #expect(Set(presentation.videoWindows.map { $0.edge?.seconds }).count == 1)
        #expect(Set(presentation.windows.map(\.nextSegmentNumber)).count == 1)
        for clock in stride(from: Int64(7000), to: 12_300, by: 200) {
            presentation.passSilence(until: Self.instant(clock))
            judge.look(at: presentation, clock)
        }
        let isSame = feed.begin(&presentation, from: 90_000, at: 12_300)
        #expect(isSame)
        presentation.play(feed.arrivals(seconds: 12, from: 90_000)) { presentation, time in
            judge.look(at: presentation, time + 12_300)
        }
        judge.look(at: presentation, 24_300, isLast: true)
        let faults = judge.faults.filter { !$0.hasPrefix("cadence.") }
        #expect(faults.isEmpty, "\(faults.prefix(5))")
        LadderTests.expectAlike(presentation)
        for window in presentation.windows {
            #expect(window.segments.count { $0.isDiscontinuous } == 1, "\(window.name)")
            #expect(window.segments.contains { $0.isGap } && window.segments.last?.isGap == false)
        }
        let events = presentation.takeEvents()
        #expect(events.contains(.silenceBegan))
        presentation.end()
        #expect(presentation.snapshot.isEnded && presentation.playlist("video3").contains("ENDLIST"))
    }

    /// A source that is interrupted while an encoder still works on what came.
    @Test(arguments: names) func whatHasNotComeByTheEndIsMissing(name: LatencyProfile.Name) {
        let feed = LadderFeed(rungs: [Rung(), Rung { _ in 800 }])
        var presentation = feed.started(name)
        presentation.play(feed.arrivals(seconds: 7).filter { $0.time < 7000 })
        presentation.interrupt()
        LadderTests.expectAlike(presentation)
        #expect(presentation.videoWindows[1].segments.last?.isComplete == true)
        let events = presentation.takeEvents()
        #expect(events.isEmpty, "nobody is to blame")
    }

    @Test func theDVRWindowHasAllSizes() throws {
        let feed = Self.feed
        var presentation = feed.started(.ultra, dvrWindow: .milliseconds(60_000))
        presentation.play(feed.arrivals(seconds: 80)) { presentation, _ in presentation.releaseKept() }
        let snapshot = presentation.snapshot
        let streams = String(decoding: snapshot.dvrMultivariantPlaylist.rendered(), as: UTF8.self)
        for window in presentation.videoWindows {
            let uri = "test/\(window.name)/dvr.m3u8"
            #expect(streams.contains(uri), "\(streams)")
            let history = try #require(window.history)
            #expect(history.end > 10 && history.first == presentation.videoWindows[0].history?.first)
            #expect(window.segments.prefix(3).allSatisfy { !$0.isInMemory }, "kept elsewhere")
        }
    }

    // MARK: What clients are told

    @Test func eachSizeIsAVariant() throws {
        let feed = Self.feed
        var presentation = feed.started(.low)
        presentation.play(feed.arrivals(seconds: 20))
        let streams = presentation.snapshot.multivariantPlaylist
        #expect(streams.variants.map(\.uri) == ["video", "video2", "video3"].map { "test/\($0)/index.m3u8" })
        #expect(streams.variants.map(\.score) == [3, 2, 1])
        #expect(streams.variants.map { $0.frameRate?.rounded() } == [30, 30, 15])
        #expect(streams.variants.map { $0.resolution?.height } == [1080, 720, 360])
        let rates = streams.variants.map(\.bandwidth)
        #expect(rates == rates.sorted(by: >) && Set(rates).count == 3)
        #expect(streams.variants.allSatisfy { $0.audioGroup == "audio" && $0.codecs.contains("mp4a.40.1") })
        #expect(streams.iFrameVariants.map(\.uri) == ["video", "video2", "video3"].map { "test/\($0)/iframes.m3u8" })
        #expect(streams.iFrameVariants.map(\.score) == [3, 2, 1])
        for window in presentation.videoWindows {
            let pictures = String(decoding: presentation.snapshot.iFramePlaylist(of: window).rendered(), as: UTF8.self)
            #expect(pictures.contains("#EXT-X-BYTERANGE:") && !pictures.contains("#EXT-X-GAP"), "\(window.name)")
        }
        for name in ["video", "video2", "video3", "audio"] {
            let playlist = presentation.playlist(name)
            let others = ["video", "video2", "video3", "audio"].filter { $0 != name }
            for other in others {
                #expect(playlist.contains("RENDITION-REPORT:URI=\"../\(other)/index.m3u8\""), "\(name): \(other)")
            }
        }
    }

    /// A client begins with the variant that is listed first.
    @Test func theFirstVariantIsOneThatTwoMegabitsCarry() {
        let feed = LadderFeed(rungs: [Rung(), Rung(), Rung()])
        var presentation = feed.started(.low)
        let sizes = [20_000, 10_000, 2000]
        presentation.play(
            feed.arrivals(seconds: 12).map { arrival in
                guard let rung = arrival.rung else { return arrival }
                let sample = Sample(
                    data: ByteChunk([UInt8](repeating: 1, count: sizes[rung])),
                    decodeTime: arrival.sample.decodeTime, presentationTime: arrival.sample.presentationTime,
                    isSync: arrival.sample.isSync)
                return LadderFeed.Arrival(time: arrival.time, rung: rung, sample: sample)
            })
        let streams = presentation.snapshot.multivariantPlaylist
        #expect(streams.variants.map(\.stableID) == ["video3", "video", "video2"])
        #expect(streams.variants.map(\.score) == [1, 3, 2])
    }

    /// A player reads the multivariant playlist once.
    @Test func nobodyIsLetInBeforeAllFrameRatesAreKnown() {
        let feed = LadderFeed(rungs: [Rung(), Rung(divisor: 2) { _ in 800 }])
        var presentation = feed.started(.ultra)
        presentation.play(feed.arrivals(seconds: 3)) { presentation, _ in
            let snapshot = presentation.snapshot
            #expect(!snapshot.isPlayable || snapshot.frameRates.allSatisfy { $0 != nil })
        }
        #expect(presentation.snapshot.isPlayable)
    }

    /// The pictures are expected, and nobody knows yet in how many sizes they come.
    @Test func soundMayComeFirst() throws {
        let feed = LadderFeed(gopFrames: 30, rungs: [Rung(), Rung(divisor: 2)])
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(.low), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        _ = presentation.beginRun(
            tracks: [Feed().audio], sourceStart: .zero, now: Self.instant(0), expectsPicture: true)
        presentation.play(Feed(hasVideo: false).events(seconds: 9))
        let isSame = feed.begin(&presentation, from: 9000, at: 9000)
        #expect(isSame && presentation.videoWindows.count == 2)
        presentation.play(feed.arrivals(seconds: 9, from: 9000))
        LadderTests.expectAlike(presentation)
        #expect(Set(presentation.windows.map { $0.segments.last?.sequenceNumber }).count == 1)
        for window in presentation.videoWindows {
            #expect(window.segments.first?.isGap == true && window.segments.last?.isGap == false)
        }
        // And alone again.
        _ = presentation.beginRun(tracks: [Feed().audio], sourceStart: .milliseconds(18_000), now: Self.instant(18_000))
        presentation.play(Feed(hasVideo: false).events(seconds: 5, from: 18_000))
        LadderTests.expectAlike(presentation)
        #expect(presentation.videoWindows.allSatisfy { $0.segments.last?.isGap == true })
    }

    // MARK: Another process

    /// What was kept of a presentation: the head, and a journal of each rendition.
    private static func records(of presentation: Presentation, without count: [String: Int] = [:])
        -> [PresentationRecord]
    {
        var records = [
            PresentationRecord.presentation(
                id: presentation.id, profile: presentation.profile, wallStart: presentation.start.wall)
        ]
        for (rung, rate) in presentation.frameRates.enumerated() {
            if let rate { records.append(.frameRate(rate, rung: rung)) }
        }
        for window in presentation.windows {
            var mark = RenditionMark()
            records += window.entries(since: &mark).map(\.record).dropLast(count[window.name] ?? 0)
        }
        let bytes = records.flatMap(\.bytes)
        return PresentationRecord.read(bytes.span).records
    }

    @Test(
        arguments: names,
        [
            [:], ["video": 9], ["video2": 9], ["video3": 5, "audio": 12],
            ["video": 9, "video2": 9, "video3": 9, "audio": 9], ["video": 1, "video2": 1, "video3": 1, "audio": 1],
        ])
    func anotherProcessGoesOnWithAllSizes(name: LatencyProfile.Name, lost: [String: Int]) throws {
        let feed = Self.feed
        var presentation = feed.started(name, dvrWindow: .milliseconds(200_000))
        presentation.play(feed.arrivals(seconds: 33))
        let records = Self.records(of: presentation, without: lost)
        let wall = presentation.start.wall + .seconds(40)
        let announced = presentation.snapshot.announced
        var again = try #require(
            Presentation.replaying(records, wallTime: wall, now: Self.instant(0), announced: announced)?.presentation)
        #expect(again.videoWindows.map(\.name) == ["video", "video2", "video3"])
        #expect(again.videoWindows.allSatisfy { $0.isVideo } && again.audioWindows.allSatisfy { !$0.isVideo })
        #expect(again.frameRates == presentation.frameRates)
        #expect(Set(again.windows.map(\.nextSegmentNumber)).count == 1)
        for (window, before) in zip(again.windows, presentation.windows) {
            #expect(window.nextPartNumber >= before.nextPartNumber, "\(window.name): a name is not given twice")
        }
        again.passSilence(until: Self.instant(1000))
        let isSame = feed.begin(&again, from: 500_000, at: 1000)
        #expect(isSame)
        again.play(feed.arrivals(seconds: 15, from: 500_000))
        let newest = again.windows.map { window in window.segments.last { $0.isComplete }?.sequenceNumber }
        #expect(Set(newest).count == 1)
        for window in again.videoWindows {
            let segments = window.segments.drop { !$0.isDiscontinuous }
            #expect(segments.count >= 3 && segments.allSatisfy { $0.parts[0].isIndependent }, "\(window.name)")
            for segment in window.segments where segment.isComplete {
                #expect(segment.duration.seconds.rounded() <= Double(window.profile.targetDuration))
            }
        }
    }

    @Test func mediaAreGivenBackToTheirSize() throws {
        let feed = Self.feed
        var presentation = feed.started(.low)
        presentation.play(feed.arrivals(seconds: 20))
        let records = Self.records(of: presentation)
        var again = try #require(
            Presentation.replaying(
                records, wallTime: presentation.start.wall + .seconds(20), now: Self.instant(0),
                announced: presentation.snapshot.announced)?.presentation)
        let segment = try #require(presentation.videoWindows[1].segment(3))
        let data = ByteChunk(joining: try #require(segment.data))
        again.restore(data, segment: 3, rendition: "video2")
        #expect(again.videoWindows[1].segment(3)?.data.map { ByteChunk(joining: $0) } == data)
        #expect(again.videoWindows[0].segment(3)?.isInMemory == false)
    }
}
