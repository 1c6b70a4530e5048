import Media
import ObjectStore
import Packaging
import SampleFeed
import SeededRandom
import TestFolder
import Testing
import Time

@testable import Publishing

/// What was announced keeps its names and its counts, whether anybody wrote it down or not.
@Suite(.timeLimit(.minutes(30))) struct AnnouncedTests {
    private static func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// A presentation whose disk is full from the twentieth second on, while an encoder comes and goes; until when it went on.
    private static func unwritten(
        _ profile: LatencyProfile.Name, of feed: Feed, in bench: WindowBench
    ) -> (presentation: Presentation, end: Int64) {
        var random = SeededGenerator(seed: 5)
        var presentation = Presentation.started(feed, profile)
        presentation.play(feed.events(seconds: 20))
        bench.start()
        bench.keepWhole(presentation.snapshot)
        bench.store.plant { _, _, _ in .full }
        var clock: Int64 = 20
        while clock < 40 {
            let seconds = Int64.random(in: 2...9, using: &random)
            let events = feed.events(seconds: seconds, from: clock * 1000)
            presentation.play(Array(events.dropLast(Int.random(in: 0..<60, using: &random))))
            presentation.interrupt()
            clock += seconds
            _ = presentation.beginRun(
                tracks: feed.tracks, sourceStart: .milliseconds(clock * 1000), now: instant(clock))
        }
        bench.keep(presentation.snapshot)
        bench.stop()
        bench.store.plant(nil)
        return (presentation, clock)
    }

    /// What comes when the encoder is back, which is kept.
    private static func goOn(
        _ restored: RestoredPresentation, at clock: Int64, _ feed: Feed, in bench: WindowBench
    ) -> Presentation {
        var after = restored.presentation
        after.passSilence(until: instant(clock))
        bench.start(goingOnWith: [restored])
        bench.keep(after.snapshot)
        _ = after.beginRun(tracks: feed.tracks, sourceStart: .zero, now: instant(clock))
        after.play(feed.events(seconds: 9)) { bench.keep($0.snapshot) }
        bench.stop()
        return after
    }

    /// A server that is killed leaves its counts in memory; also where somebody sets the clock back.
    @Test(arguments: LatencyProfile.Name.allCases, [0, 60] as [Int64])
    func countsGoOnWhereTheyStoppedThoughTheDiskWasFull(profile: LatencyProfile.Name, late: Int64) throws {
        let bench = WindowBench(isMachineUp: true)
        let feed = Feed(gopFrames: 30)
        let (before, clock) = Self.unwritten(profile, of: feed, in: bench)
        let restored = try #require(try bench.restored(profile, seconds: clock - late))
        for (after, before) in zip(restored.presentation.snapshot.renditions, before.snapshot.renditions) {
            let (last, known) = (try #require(before.segments.last), try #require(after.segments.last))
            #expect(known.sequenceNumber == last.sequenceNumber && known.isGap && known.isComplete)
            #expect(after.nextPartNumber >= before.nextPartNumber)
            #expect(
                after.discontinuitySequence + Int64(after.listed.count(where: \.isDiscontinuous))
                    == before.discontinuitySequence + Int64(before.listed.count(where: \.isDiscontinuous)))
            #expect(
                after.segments.allSatisfy {
                    $0.duration <= .milliseconds(Int64(after.profile.targetDuration) * 1000 + 500)
                })
        }
        let after = Self.goOn(restored, at: clock, feed, in: bench)
        for (after, before) in zip(after.snapshot.renditions, before.snapshot.renditions) {
            let fresh = after.segments.filter { !$0.isGap && $0.start >= before.edge ?? .zero }
            #expect(try #require(fresh.first).firstPart >= before.nextPartNumber)
        }
        let again = try #require(try bench.restored(profile, seconds: clock + 9)).presentation.snapshot
        expect(again, in: bench, toGoOnWith: after.snapshot)
    }

    /// Nobody knows how far it got when the machine lost its power, or the memory with the container.
    @Test(arguments: LatencyProfile.Name.allCases, [8, 14, 60] as [Int64])
    func noNameIsGivenTwiceThoughNobodyRemembersIt(profile: LatencyProfile.Name, gopFrames: Int64) throws {
        let bench = WindowBench()
        let feed = Feed(gopFrames: gopFrames)
        let (before, clock) = Self.unwritten(profile, of: feed, in: bench)
        let restored = try #require(try bench.restored(profile, seconds: clock))
        let after = Self.goOn(restored, at: clock, feed, in: bench)
        for (before, after) in zip(before.snapshot.renditions, after.snapshot.renditions) {
            let silence = try #require(after.segments.lastIndex { $0.isGap })
            let fresh = after.segments[(silence + 1)...]
            let (announced, first) = (try #require(before.segments.last), try #require(fresh.first))
            #expect(fresh.count > 1)
            #expect(announced.sequenceNumber < first.sequenceNumber)
            #expect(before.nextPartNumber <= first.firstPart)
        }
        let again = try #require(try bench.restored(profile, seconds: clock + 9)).presentation.snapshot
        expect(again, in: bench, toGoOnWith: after.snapshot)
        #expect(
            again.renditions.map(\.segments.first?.sequenceNumber)
                == after.snapshot.renditions.map(\.segments.first?.sequenceNumber), "the window goes on")
    }

    /// The first segments of a run end at every key frame, which may come often.
    @Test func theFirstSegmentsOfARunAreReckonedWith() throws {
        let bench = WindowBench()
        let feed = Feed(gopFrames: 7)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 10))
        presentation.interrupt()
        bench.start()
        bench.keepWhole(presentation.snapshot)
        bench.store.plant { _, _, _ in .full }
        _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .milliseconds(20_000), now: Self.instant(10))
        presentation.play(feed.events(seconds: 1, from: 20_000))
        bench.keep(presentation.snapshot)
        bench.stop()
        bench.store.plant(nil)
        let restored = try #require(try bench.restored(.ultra, seconds: 11)).presentation.snapshot
        for (after, before) in zip(restored.renditions, presentation.snapshot.renditions) {
            let (known, announced) = (try #require(after.segments.last), try #require(before.segments.last))
            #expect(known.sequenceNumber >= announced.sequenceNumber)
        }
    }

    /// Shared memory may hold anything.
    @Test(arguments: [(1 << 40, 100), (7, 1 << 40)] as [(Int64, Int64)])
    func countsThatCannotBeBeginAnother(nextSegment: Int64, seconds: Int64) throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 10))
        var records = [
            PresentationRecord.presentation(
                id: "test", profile: presentation.profile, wallStart: presentation.snapshot.wallStart)
        ]
        for rendition in presentation.snapshot.renditions {
            var mark = RenditionMark()
            records += rendition.entries(since: &mark).map(\.record)
        }
        func again(_ announced: AnnouncedCounts) throws -> Bool {
            var replay = try #require(PresentationReplay(Array(records.prefix(1))))
            for record in records.dropFirst() { replay.take(record) }
            return replay.goOn(
                at: presentation.snapshot.wallStart + .seconds(10), Self.instant(10), announced: announced) != nil
        }
        let counts = AnnouncedCounts(
            nextSegment: nextSegment, nextParts: [], discontinuities: 0, edge: .milliseconds(seconds * 1000))
        #expect(try !again(counts))
        #expect(try again(presentation.snapshot.announced))
    }

    /// Nor can anybody tell by a clock that shows a time before.
    @Test func whereNobodyKnowsTheTimeEitherAnotherBegins() throws {
        let bench = WindowBench()
        let feed = Feed(gopFrames: 30)
        let (_, clock) = Self.unwritten(.low, of: feed, in: bench)
        #expect(try bench.restored(.low, seconds: clock - 60) == nil)
    }

    /// The sound alone could not be written, and its parts were shorter than what is missing is cut into.
    @Test func noPartIsGivenTwiceThoughOneRenditionIsBehind() throws {
        let bench = WindowBench()
        let feed = Feed(frames: 8, gopFrames: 8)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 10))
        bench.start()
        bench.keepWhole(presentation.snapshot)
        bench.store.plant { _, _, key in key.path.contains("/audio/") ? .failed(5) : nil }
        presentation.play(feed.events(seconds: 20, from: 10_000)) { bench.keep($0.snapshot) }
        bench.stop()
        bench.store.plant(nil)
        let restored = try #require(try bench.restored(.ultra, seconds: 30)).presentation.snapshot
        for (after, before) in zip(restored.renditions, presentation.snapshot.renditions) {
            #expect(after.nextPartNumber >= before.nextPartNumber)
        }
    }

    @Test func countsAreOfOnePresentation() throws {
        let folder = TemporaryFolder()
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 10))
        let (died, next) = (
            try #require(Announcements(folder: folder.path)), try #require(Announcements(folder: folder.path))
        )
        died.note(presentation.snapshot, of: "news")
        let (counts, announced) = (next.counts(of: "test", channel: "news"), presentation.snapshot.announced)
        #expect(counts?.nextSegment == announced.nextSegment && counts?.nextParts == announced.nextParts)
        #expect(abs((counts?.edge.seconds ?? 0) - announced.edge.seconds) < 0.001)
        #expect(next.counts(of: "other", channel: "news") == nil && next.counts(of: "test", channel: "sport") == nil)
        next.forget()
        #expect(try #require(Announcements(folder: folder.path)).counts(of: "test", channel: "news") == nil)
        Announcements(folder: folder.path)?.forget()
    }

    /// Then nothing is left out, and nothing is missing but the time since.
    @Test(arguments: [true, false]) func whatIsWholeGoesOnWithTheNextNumbers(hasStopped: Bool) throws {
        // One that stopped needs no memory of it.
        let bench = WindowBench(isMachineUp: !hasStopped)
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 10))
        let before = presentation.snapshot
        bench.start()
        bench.keepWhole(before)
        if hasStopped { bench.stop() }
        let restored = try #require(try bench.restored(.low, seconds: 13))
        let after = restored.presentation.snapshot
        #expect(after.renditions.map(\.nextPartNumber) == before.renditions.map(\.nextPartNumber))
        #expect(
            after.renditions.map(\.segments.last?.sequenceNumber)
                == before.renditions.map(\.segments.last?.sequenceNumber))
        bench.stop()
        guard hasStopped else { return }
        // The next one has not stopped.
        bench.start(goingOnWith: [restored])
        let killed = try #require(try bench.restored(.low, seconds: 13)).presentation.snapshot
        #expect(killed.renditions.allSatisfy { $0.segments.last?.isGap == true })
        bench.stop()
    }

    /// The server was away, or the machine asleep, for longer than the live window: the time passes at once.
    @Test(arguments: [true, false], [300, 2000] as [Int64])
    func aLongPauseCostsNothingOfTheDVRWindow(isRestart: Bool, pause: Int64) throws {
        let bench = WindowBench(isMachineUp: true, dvrWindow: .milliseconds(3_600_000))
        var presentation = Presentation.started(Feed(gopFrames: 30), .low, dvrWindow: .milliseconds(3_600_000))
        presentation.play(Feed(gopFrames: 30).events(seconds: 20))
        bench.start()
        bench.keepWhole(presentation.snapshot)
        if isRestart {
            bench.stop()
            let restored = try #require(try bench.restored(.low, seconds: 20 + pause))
            presentation = restored.presentation
            bench.start(goingOnWith: [restored])
        } else {
            presentation.interrupt()
            presentation.releaseKept()
            // An encoder came, and sent nothing.
            _ = presentation.beginRun(tracks: Feed().tracks, sourceStart: .zero, now: Self.instant(21))
            presentation.interrupt()
        }
        presentation.passSilence(until: Self.instant(20 + pause))
        bench.keep(presentation.snapshot)
        bench.stop()
        let again = try #require(try bench.restored(.low, seconds: 21 + pause)).presentation.snapshot
        for (after, before) in zip(again.renditions, presentation.snapshot.renditions) {
            let (history, known) = (try #require(after.history), try #require(before.history))
            #expect(history.mediaSequence == 0 && history.end >= known.end && known.end > 20)
            for number in known.first..<known.end {
                let (found, left) = (try #require(history[number]), try #require(known[number]))
                #expect(found.start == left.start && found.end == left.end && found.byteCount == left.byteCount)
                #expect(found.isDiscontinuous == left.isDiscontinuous && found.programDateTime == left.programDateTime)
            }
            #expect(history[3]?.byteCount ?? 0 > 0)
            #expect(try bench.names(after.name).contains("s3.m4s"))
            #expect(after.nextPartNumber >= before.nextPartNumber)
        }
    }
}
