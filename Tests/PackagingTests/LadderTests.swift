import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// One picture of the source in several sizes.
@Suite struct LadderTests {
    typealias Rung = LadderFeed.Rung

    static let names = LatencyProfile.Name.allCases
    static let ladders: [[Rung]] = [
        [Rung(), Rung()], [Rung(), Rung(), Rung()], [Rung(), Rung(divisor: 2)],
        [Rung(reorders: true), Rung(), Rung(divisor: 2)], [Rung(), Rung(reorders: true)],
    ]

    /// When the pictures of a rendition are shown that are there, in the order in which they are shown.
    static func shown(_ presentation: Presentation, _ name: String) throws -> [Int64] {
        try PresentationTests.timings(presentation, name).flatMap(\.self).flatMap(\.presentation).sorted()
    }

    /// All that is published of the video renditions has the same boundaries.
    static func expectAlike(_ presentation: Presentation, sourceLocation: SourceLocation = #_sourceLocation) {
        guard let leading = presentation.videoWindow else { return }
        for window in presentation.videoWindows.dropFirst() {
            for (segment, other) in zip(leading.segments, window.segments) where other.isComplete {
                #expect(segment.start == other.start, "\(window.name)", sourceLocation: sourceLocation)
                #expect(segment.end == other.end, "\(window.name)", sourceLocation: sourceLocation)
                #expect(segment.isDiscontinuous == other.isDiscontinuous, sourceLocation: sourceLocation)
                #expect(segment.programDateTime == other.programDateTime, sourceLocation: sourceLocation)
            }
            let ahead = leading.nextSegmentNumber(after: window)
            #expect((0...1).contains(ahead), "\(window.name)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: names, ladders)
    func allAreCutAtTheSameInstantsAndShowTheirPicturesInTheirTime(name: LatencyProfile.Name, ladder: [Rung]) throws {
        for (frames, perSeconds, gop) in [(30, 1, 60), (25, 1, 50), (30_000, 1001, 60), (50, 1, 100)]
            as [(Int64, Int64, Int64)]
        {
            let feed = LadderFeed(frames: frames, perSeconds: perSeconds, gopFrames: gop, rungs: ladder)
            var presentation = feed.started(name)
            var judge = Judge()
            presentation.play(feed.arrivals(seconds: 14)) { presentation, time in judge.look(at: presentation, time) }
            judge.look(at: presentation, 14_000, isLast: true)
            #expect(judge.faults.isEmpty, "\(judge.faults.prefix(5))")
            let events = presentation.takeEvents()
            #expect(events.isEmpty && presentation.hasIndependentSegments)
            Self.expectAlike(presentation)
            OddFeedTests.expectLegalParts(presentation, "\(frames) of \(ladder)")
            for (rung, window) in presentation.videoWindows.enumerated() {
                let shown = try Self.shown(presentation, window.name)
                #expect(shown.count > 200 / Int(ladder[rung].divisor) && window.segments.count > 2)
                // Where they are reordered one that is shown before the last may still be to come.
                let wanted = feed.shown(rung, seconds: 14).prefix(shown.count - 1)
                #expect(shown.dropLast() == Array(wanted)[...], "\(window.name)")
                for segment in window.segments {
                    #expect(segment.parts.allSatisfy { !$0.isGap } && segment.parts[0].isIndependent)
                }
                let rate = Double(frames) / Double(perSeconds * ladder[rung].divisor)
                #expect(presentation.frameRates[rung].map { abs($0 - rate) < 0.001 } == true)
            }
        }
    }

    /// Screens and telephones send pictures when there is something new.
    @Test(arguments: names) func sourcesWithoutABeatAreCutAlikeToo(name: LatencyProfile.Name) throws {
        @Sendable func delay(_ time: Int64) -> Int64? {
            let frame = (time * 30 + 500) / 1000
            return frame % 60 != 0 && (frame % 5 == 1 || frame % 11 == 3) ? nil : 0
        }
        let feed = LadderFeed(rungs: [Rung(delay: delay), Rung(delay: delay), Rung(divisor: 2, delay: delay)])
        var presentation = feed.started(name)
        var judge = Judge()
        presentation.play(feed.arrivals(seconds: 20)) { presentation, time in judge.look(at: presentation, time) }
        #expect(judge.faults.isEmpty, "\(judge.faults.prefix(5))")
        Self.expectAlike(presentation)
        OddFeedTests.expectLegalParts(presentation, "\(name)")
        let shown = try presentation.videoWindows.map { try Self.shown(presentation, $0.name) }
        #expect(shown[1].count > 350 && shown[1] == Array(shown[0].prefix(shown[1].count)))
        #expect(Set(shown[0]).isSuperset(of: shown[2]))
    }

    /// The first pictures come when the run has begun for a while.
    @Test(arguments: names) func allBeginWhereTheLeadingOneDoes(name: LatencyProfile.Name) throws {
        let feed = LadderFeed(hasAudio: false, rungs: [Rung(), Rung(divisor: 2)])
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(name), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        _ = feed.begin(&presentation, from: -700)
        presentation.play(feed.arrivals(seconds: 14))
        Self.expectAlike(presentation)
        #expect(presentation.videoWindows.map { $0.segments.first?.start } == [.milliseconds(700), .milliseconds(700)])
        #expect(presentation.videoWindows[1].segments.allSatisfy { !$0.isGap })
    }

    /// Between two of its pictures, where the leading rendition has one more.
    @Test func aPartMayEndBetweenThePicturesOfASlowerRendition() throws {
        let feed = LadderFeed(frames: 25, gopFrames: 50, rungs: [Rung(), Rung(divisor: 2)])
        var presentation = feed.started(.ultra)
        presentation.play(feed.arrivals(seconds: 10))
        let parts = presentation.videoWindows.map { $0.segments.flatMap { $0.parts }.map(\.duration) }
        #expect(parts[1].count > 40 && parts[1] == Array(parts[0].prefix(parts[1].count)))
        let chunks = try PresentationTests.timings(presentation, "video2").flatMap(\.self)
        #expect(chunks.contains { $0.presentation.first != $0.start }, "it is shown later than it is decoded")
    }

    /// Where a segment's last part is shorter than a picture of the slower rendition lasts, it has that picture.
    @Test(arguments: [.low, .ultra] as [LatencyProfile.Name], [(25, 2, 26), (50, 4, 52)] as [(Int64, Int64, Int64)])
    func noPartOfASlowerRenditionIsWithoutAPicture(
        name: LatencyProfile.Name, feed: (frames: Int64, divisor: Int64, gop: Int64)
    ) throws {
        let feed = LadderFeed(frames: feed.frames, gopFrames: feed.gop, rungs: [Rung(), Rung(divisor: feed.divisor)])
        var presentation = feed.started(name)
        var judge = Judge()
        presentation.play(feed.arrivals(seconds: 20)) { presentation, time in judge.look(at: presentation, time) }
        #expect(judge.faults.isEmpty, "\(judge.faults.prefix(5))")
        Self.expectAlike(presentation)
        let parts = presentation.videoWindows.map { $0.segments.flatMap { $0.parts } }
        #expect(parts[1].count > 40 && parts[1].allSatisfy { !$0.isGap })
        #expect(parts[1].map(\.duration) == Array(parts[0].prefix(parts[1].count)).map(\.duration))
        for chunks in try PresentationTests.timings(presentation, "video2") where !chunks.isEmpty {
            #expect(chunks[0].presentation[0] == chunks[0].start)
        }
        let shown = try Self.shown(presentation, "video2")
        #expect(Set(zip(shown.dropFirst(), shown).map { $0 - $1 }).count == 1, "\(shown.prefix(60))")
    }

    /// A part is there when its last picture is, in all sizes: nobody waits for a picture of the next.
    @Test(arguments: [1, 2] as [Int64]) func aPartIsPublishedWithItsLastPicture(divisor: Int64) throws {
        let feed = LadderFeed(hasAudio: false, rungs: [Rung(), Rung(divisor: divisor)])
        var presentation = feed.started(.ultra)
        var known = presentation.videoWindows[1].nextPartNumber
        presentation.play(feed.arrivals(seconds: 20)) { presentation, time in
            guard presentation.videoWindows[1].nextPartNumber > known else { return }
            known = presentation.videoWindows[1].nextPartNumber
            // Until the beat is known the next picture has to come.
            guard time > 1100 else { return }
            let end = presentation.videoWindows[1].edge?.ticks(in: .milliseconds) ?? 0
            #expect(end > time && end - time <= 34 * divisor, "\(time) until \(end)")
        }
        #expect(known > 90)
    }

    @Test func noneIsMoreThanOnePartAhead() {
        let late = Rung { time in time / 700 % 2 == 0 ? 300 : 0 }
        let feed = LadderFeed(rungs: [Rung(), late, Rung(divisor: 2)])
        var presentation = feed.started(.ultra)
        presentation.play(feed.arrivals(seconds: 20)) { presentation, _ in
            let edges = presentation.snapshot.renditions.map { $0.edge ?? .zero }
            let apart = (edges.max() ?? .zero) - (edges.min() ?? .zero)
            #expect(apart <= presentation.profile.partTarget + .milliseconds(30))
        }
    }

    /// A source whose key frames come too seldom: no segment may begin later than it is decoded.
    @Test(arguments: [1, 2, 3] as [Int64]) func aSegmentWithoutAKeyFrameBeginsWithAPicture(divisor: Int64) throws {
        let feed = LadderFeed(frames: 25, gopFrames: 500, rungs: [Rung(), Rung(divisor: divisor)])
        var presentation = feed.started(.low)
        var judge = Judge()
        presentation.play(feed.arrivals(seconds: 20)) { presentation, time in judge.look(at: presentation, time) }
        #expect(!presentation.hasIndependentSegments)
        Self.expectAlike(presentation)
        // Where it is cut between pictures a segment has a third of one too many.
        let broken = judge.faults.filter {
            !$0.hasPrefix("media.starts-with-sync") && !$0.hasPrefix("multivariant.frame-rate")
        }
        #expect(broken.isEmpty, "\(broken.prefix(5))")
        for chunks in try PresentationTests.timings(presentation, "video2") where !chunks.isEmpty {
            #expect(chunks[0].presentation[0] == chunks[0].start)
        }
    }

    /// An encoder that leaves out a key frame that the others have.
    @Test func independentSegmentsArePromisedOnlyWhileAllHaveThem() {
        let feed = LadderFeed(gopFrames: 30, rungs: [Rung(), Rung()])
        var presentation = feed.started(.low)
        presentation.play(
            feed.arrivals(seconds: 10).map { arrival in
                guard arrival.rung == 1, arrival.sample.decodeTime == .milliseconds(5000) else { return arrival }
                let sample = Sample(
                    data: arrival.sample.data, decodeTime: arrival.sample.decodeTime,
                    presentationTime: arrival.sample.presentationTime, isSync: false)
                return LadderFeed.Arrival(time: arrival.time, rung: 1, sample: sample)
            })
        #expect(!presentation.hasIndependentSegments)
        #expect(presentation.videoWindows[1].segments.allSatisfy { !$0.isGap }, "it goes on")
    }

    @Test func timedMetadataComeWithThePicturesInAllSizes() throws {
        let feed = LadderFeed(rungs: [Rung(), Rung(divisor: 2), Rung { _ in 300 }])
        var presentation = feed.started(.low)
        let tag = ByteChunk(Array("a title of a piece".utf8))
        var isGiven = false
        presentation.play(feed.arrivals(seconds: 8)) { presentation, time in
            guard time >= 3000, !isGiven else { return }
            isGiven = presentation.append(TimedMetadata(time: .milliseconds(3300), tag: tag))
        }
        for window in presentation.videoWindows {
            let bearing = window.segments.flatMap(\.parts).filter { part in
                part.data.map { String(decoding: $0.array, as: UTF8.self).contains("a title of a piece") } ?? false
            }
            #expect(bearing.count == 1, "\(window.name)")
            #expect(bearing.first.map { part in window.place(ofPart: part.number)?.segment == 1 } == true)
        }
    }

    @Test func aRunNeedsAsManySizesAsClientsWereToldOf() {
        let feed = LadderFeed(rungs: [Rung(), Rung()])
        var presentation = feed.started(.low)
        presentation.play(feed.arrivals(seconds: 5))
        let three = LadderFeed(rungs: [Rung(), Rung(), Rung()])
        let one = LadderFeed(rungs: [Rung()])
        for other in [three, one] {
            var copy = presentation
            let isSame = other.begin(&copy, from: 5000, at: 5000)
            #expect(!isSame)
        }
        let isSame = feed.begin(&presentation, from: 5000, at: 5000)
        #expect(isSame)
    }
}

extension RenditionWindow {
    /// How many segments more than `other` it has begun.
    fileprivate func nextSegmentNumber(after other: RenditionWindow) -> Int64 {
        (segments.last?.sequenceNumber ?? -1) - (other.segments.last?.sequenceNumber ?? -1)
    }
}
