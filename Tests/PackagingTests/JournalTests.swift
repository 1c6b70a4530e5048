import Bytes
import HLS
import Media
import SampleFeed
import SeededRandom
import Testing
import Time

@testable import Packaging

/// What is kept of a presentation must be enough for another process to go on with it.
@Suite struct JournalTests {
    private struct Journal {
        var records: [PresentationRecord]
        var marks: [String: RenditionMark] = [:]
        var media: [String: [UInt8]] = [:]
        var rate: Double?

        init(_ presentation: Presentation) {
            let first = PresentationRecord.presentation(
                id: presentation.id, profile: presentation.profile, wallStart: presentation.start.wall)
            records = [first]
        }

        mutating func keep(_ presentation: Presentation) {
            if !presentation.hasIndependentSegments, !records.contains(.dependentSegments) {
                records.append(.dependentSegments)
            }
            if let rate = presentation.frameRate, rate != self.rate {
                records.append(.frameRate(rate))
                self.rate = rate
            }
            for rendition in presentation.windows {
                var mark = marks[rendition.name] ?? RenditionMark()
                let entries = rendition.entries(since: &mark)
                marks[rendition.name] = mark
                for entry in entries {
                    records.append(entry.record)
                    guard let kept = entry.media else { continue }
                    let name = "\(rendition.name)/s\(kept.segment).m4s"
                    let before = media[name] ?? []
                    #expect(before.count == kept.offset)
                    media[name] = before + kept.data.array
                }
            }
        }

        /// The same records, written and read.
        func reread() -> [PresentationRecord] {
            let bytes = records.flatMap(\.bytes)
            return PresentationRecord.read(bytes.span).records
        }
    }

    private static let dvrWindow = MediaTime.milliseconds(100_000)
    private static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    private static func wall(_ milliseconds: Int64) -> WallTime {
        WallTime(microseconds: 1_800_000_000_000_000 + milliseconds * 1000)
    }

    private static func again(
        _ records: [PresentationRecord], wall time: Int64, now: Int64, announced: AnnouncedCounts? = nil
    ) -> Presentation? {
        Presentation.replaying(records, wallTime: wall(time), now: instant(now), announced: announced)?.presentation
    }

    /// Random lives: what is kept at random moments is the window, to the last number, whenever the process ends.
    @Test(arguments: zip([1, 2, 3, 4, 5, 6], [LatencyProfile.Name.standard, .low, .ultra, .low, .ultra, .standard]))
    func whatWasPublishedIsThereAgainWithItsNumbers(seed: UInt64, name: LatencyProfile.Name) throws {
        var random = SeededGenerator(seed: seed)
        var feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, name, dvrWindow: Self.dvrWindow)
        var journal = Journal(presentation)
        var (source, clock) = (Int64(0), Int64(0))
        for _ in 0..<40 {
            let seconds = Int64.random(in: 1...6, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                presentation.interrupt()
                clock += seconds * 1000
                presentation.passSilence(until: Self.instant(clock))
                source += 100_000
                feed.sampleRate = Bool.random(using: &random) ? 48_000 : 44_100
                let isSame = presentation.beginRun(
                    tracks: feed.tracks, sourceStart: .milliseconds(source), now: Self.instant(clock))
                #expect(isSame)
                journal.keep(presentation)
            }
            presentation.play(feed.events(seconds: seconds, from: source)) { presentation in
                if Int.random(in: 0..<50, using: &random) == 0 { journal.keep(presentation) }
            }
            (source, clock) = (source + seconds * 1000, clock + seconds * 1000)
            journal.keep(presentation)
            let again = try #require(
                Self.again(journal.reread(), wall: clock, now: clock + 77_000))
            for (before, after) in zip(presentation.windows, again.windows) { Self.expect(after, toGoOnWith: before) }
            #expect(again.frameRate == presentation.frameRate)
            #expect(again.hasIndependentSegments == presentation.hasIndependentSegments)
            #expect(Set(again.windows.map(\.nextSegmentNumber)).count == 1, "the renditions stay in step")
            for rendition in presentation.windows {
                for segment in rendition.segments where segment.isInMemory {
                    let kept = journal.media["\(rendition.name)/s\(segment.sequenceNumber).m4s"] ?? []
                    #expect(kept == segment.parts.flatMap { $0.data?.array ?? [] })
                }
            }
            presentation.releaseMedia(before: journal.marks.mapValues(\.segment))
        }
    }

    /// `after` has all that `before` had; only what was growing is complete.
    private static func expect(_ after: RenditionWindow, toGoOnWith before: RenditionWindow) {
        #expect(after.name == before.name && after.mediaSequence >= before.mediaSequence)
        #expect(after.initializations.map(\.version).last == before.initializations.map(\.version).last)
        for segment in before.segments where segment.sequenceNumber >= after.segments.first?.sequenceNumber ?? 0 {
            guard let kept = after.segment(segment.sequenceNumber) else {
                Issue.record("\(before.name) has lost segment \(segment.sequenceNumber)")
                continue
            }
            #expect(kept.start == segment.start && kept.programDateTime == segment.programDateTime)
            #expect(kept.isDiscontinuous == segment.isDiscontinuous)
            #expect(kept.initializationVersion == segment.initializationVersion && kept.byteCount == segment.byteCount)
            #expect(kept.parts.map(\.number) == segment.parts.map(\.number))
            #expect(kept.parts.map(\.duration) == segment.parts.map(\.duration))
            #expect(kept.parts.map(\.keyFrame) == segment.parts.map(\.keyFrame))
            #expect(kept.parts.map(\.isIndependent) == segment.parts.map(\.isIndependent))
        }
        if let (then, now) = before.history.flatMap({ then in after.history.map { (then, $0) } }) {
            #expect(now.mediaSequence >= then.mediaSequence && now.end >= then.end)
            for number in now.first..<then.end {
                #expect(now[number]?.start == then[number]?.start && now[number]?.byteCount == then[number]?.byteCount)
            }
        }
        #expect(after.bandwidth.peak ?? 0 >= before.bandwidth.peak ?? 0)
    }

    @Test func timeGoesOnWhereItStoodAndNeverBack() throws {
        let feed = Feed()
        for (outage, wallStep) in [(Int64(5000), Int64(0)), (5000, -3_600_000), (55_000, 0)] {
            var presentation = Presentation.started(feed, .low)
            var journal = Journal(presentation)
            presentation.play(feed.events(seconds: 20))
            journal.keep(presentation)
            let edge = try #require(presentation.videoWindow?.edge)
            var again = try #require(
                Self.again(
                    journal.records, wall: 20_000 + outage + wallStep, now: 1_000_000,
                    announced: presentation.snapshot.announced))
            let passed = wallStep < 0 ? 0 : outage
            again.passSilence(until: Self.instant(1_000_000 + 8000))
            let window = try #require(again.videoWindow)
            let end = try #require(window.edge)
            #expect(abs((end - edge).seconds - Double(passed + 8000) / 1000) < 1.1)
            for (segment, next) in zip(window.segments, window.segments.dropFirst()) {
                #expect(next.sequenceNumber == segment.sequenceNumber + 1)
                #expect(next.programDateTime > segment.programDateTime && next.start >= segment.end)
            }
            #expect(window.segments.last?.isGap == true)
            // The encoder comes back.
            let begins = again.beginRun(
                tracks: feed.tracks, sourceStart: .milliseconds(0), now: Self.instant(1_000_000 + 8500))
            #expect(begins)
            again.play(feed.events(seconds: 5))
            let returned = try #require(again.videoWindow?.segments.last)
            #expect(!returned.isGap && returned.sequenceNumber > window.segments.last?.sequenceNumber ?? 0)
        }
    }

    @Test func aPresentationThatIsLongOverDoesNotGoOn() {
        let feed = Feed()
        var presentation = Presentation.started(feed, .low, dvrWindow: Self.dvrWindow)
        var journal = Journal(presentation)
        presentation.play(feed.events(seconds: 10))
        journal.keep(presentation)
        for (milliseconds, isThere) in [(Int64(100_000), true), (130_000, false)] {
            let again = Self.again(journal.records, wall: milliseconds, now: 5)
            #expect((again != nil) == isThere)
        }
        #expect(Self.again([], wall: 0, now: 0) == nil)
    }

    /// Whoever keeps things was held up for so long that media have left the process.
    @Test func whatNobodyKeptInTimeIsLeftOutAndTheRestHasItsNumbers() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra, dvrWindow: Self.dvrWindow)
        presentation.play(feed.events(seconds: 200))
        presentation.interrupt()
        _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .zero, now: Self.instant(200_000))
        presentation.play(feed.events(seconds: 30))
        presentation.interrupt()
        var journal = Journal(presentation)
        journal.keep(presentation)
        let again = try #require(
            Self.again(journal.reread(), wall: 230_000, now: 0, announced: presentation.snapshot.announced))
        for (before, after) in zip(presentation.windows, again.windows) {
            Self.expect(after, toGoOnWith: before)
            #expect(after.segments.first?.sequenceNumber == before.segments.first?.sequenceNumber)
            #expect(after.mediaSequence <= before.mediaSequence && after.nextPartNumber >= before.nextPartNumber)
            let (first, second) = (after.listed.map(\.sequenceNumber), before.listed.map(\.sequenceNumber))
            #expect(first.last == second.last)
            let discontinuities = before.discontinuitySequence - after.discontinuitySequence
            let left = after.segments.filter {
                $0.sequenceNumber >= after.mediaSequence && $0.sequenceNumber < before.mediaSequence
            }
            #expect(discontinuities == Int64(left.count(where: \.isDiscontinuous)))
        }
    }

    /// Whoever keeps things comes to what has left the process by then: clients know that it is gone.
    @Test func whatWasKeptTooLateStaysLost() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(300_000))
        presentation.play(feed.events(seconds: 70))
        let late = presentation
        presentation.play(feed.events(seconds: 40, from: 70_000))
        let (first, gone) = (late.windows.compactMap(\.segments.first), presentation.windows.compactMap(\.history))
        #expect(gone.allSatisfy { $0.mediaSequence > 30 } && first.allSatisfy { $0.sequenceNumber < 10 })
        var journal = Journal(late)
        journal.keep(late)
        journal.keep(presentation)
        let again = try #require(Self.again(journal.reread(), wall: 110_000, now: 0))
        #expect(again.windows.compactMap(\.history?.mediaSequence) == gone.map(\.mediaSequence))
        // It is noted once.
        let count = journal.records.count
        journal.keep(presentation)
        #expect(journal.records.count == count)
        let replayed = Presentation.replaying(journal.records, wallTime: Self.wall(110_000), now: Self.instant(0))
        var marks = try #require(replayed).marks
        for window in again.windows {
            let entries = window.entries(since: &marks[window.name, default: RenditionMark()])
            #expect(!entries.contains { if case .lost = $0.record { true } else { false } })
        }
    }

    /// What another process gave back to memory is kept, whenever it leaves it.
    @Test func mediaThatWereGivenBackAreNotLostInALongSilence() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(300_000))
        var journal = Journal(presentation)
        presentation.play(feed.events(seconds: 30))
        journal.keep(presentation)
        var again = try #require(Self.again(journal.reread(), wall: 30_000, now: 30_000))
        for window in again.windows {
            for segment in window.segments where !segment.isGap {
                let media = try #require(journal.media["\(window.name)/s\(segment.sequenceNumber).m4s"])
                again.restore(ByteChunk(media), segment: segment.sequenceNumber, rendition: window.name)
            }
        }
        #expect(again.windows.allSatisfy { $0.segments.contains { $0.parts.contains { $0.data != nil } } })
        again.passSilence(until: Self.instant(200_000))
        #expect(again.windows.allSatisfy { $0.history?.mediaSequence == 0 && $0.history?.end ?? 0 > 60 })
    }

    /// The last part of a segment was kept, its end was not, and the segment is gone: what follows is not a part of it.
    @Test func aSegmentWhoseEndNobodyKeptDoesNotGrowIntoTheNext() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 5))
        presentation.interrupt()
        let edge = try #require(presentation.videoWindow?.edge).ticks(in: .milliseconds, rounding: .up)
        let returns = edge + 1000
        presentation.passSilence(until: Self.instant(returns))
        let growing = try #require(presentation.videoWindow?.segments.last)
        #expect(!growing.isComplete && growing.end == .milliseconds(returns))
        var journal = Journal(presentation)
        journal.keep(presentation)
        let isSame = presentation.beginRun(
            tracks: feed.tracks, sourceStart: .zero, now: Self.instant(returns))
        #expect(isSame)
        var isKept = false
        presentation.play(feed.events(seconds: 75)) { presentation in
            let first = presentation.videoWindow?.segments.first?.sequenceNumber
            guard !isKept, first == growing.sequenceNumber + 1 else { return }
            isKept = true
            journal.keep(presentation)
            let now = returns + 70_000
            guard let again = Self.again(journal.reread(), wall: now, now: now) else {
                Issue.record("it does not go on")
                return
            }
            for (before, after) in zip(presentation.windows, again.windows) { Self.expect(after, toGoOnWith: before) }
        }
        #expect(isKept)
    }

    /// The picture of a run was published, its sound was not yet.
    @Test func renditionsThatWereBehindHaveTheSameDiscontinuities() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 10))
        presentation.interrupt()
        presentation.passSilence(until: Self.instant(15_000))
        let begins = presentation.beginRun(
            tracks: feed.tracks, sourceStart: .zero, now: Self.instant(15_000))
        #expect(begins)
        // The sound comes late.
        let events = feed.events(seconds: 5)
        let pictures = events.prefix(90).filter { if case .video = $0 { true } else { false } }
        var isBehind = false
        presentation.play(pictures + events.dropFirst(90)) { presentation in
            guard Set(presentation.windows.map(\.nextSegmentNumber)).count == 2 else { return }
            let last = presentation.videoWindow?.segments.last
            isBehind = isBehind || last?.isDiscontinuous == true
            var journal = Journal(presentation)
            journal.keep(presentation)
            let again = Self.again(journal.reread(), wall: 21_000, now: 21_000)
            let discontinuities = again?.windows.map { window in
                window.segments.filter(\.isDiscontinuous).map(\.sequenceNumber)
            }
            #expect(discontinuities?.count == 2 && discontinuities?.first?.count == 1)
            #expect(discontinuities?.first == discontinuities?.last)
        }
        #expect(isBehind)
    }
}
