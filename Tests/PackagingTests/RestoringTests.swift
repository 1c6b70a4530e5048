import HLS
import Media
import SampleFeed
import SeededRandom
import Testing
import Time

@testable import Packaging

/// Whatever is left of the journals: the renditions go on in step, or not at all.
@Suite struct RestoringTests {
    /// What was kept of a presentation, rendition by rendition.
    struct Kept {
        var head: [PresentationRecord]
        var journals: [String: [PresentationRecord]] = [:]
        private var marks: [String: RenditionMark] = [:]

        init(_ presentation: Presentation) {
            let first = PresentationRecord.presentation(
                id: presentation.id, profile: presentation.profile, wallStart: presentation.start.wall)
            head = [first]
        }

        mutating func keep(_ presentation: Presentation, only renditions: [String] = ["video", "audio"]) {
            for window in presentation.windows where renditions.contains(window.name) {
                let entries = window.entries(since: &marks[window.name, default: RenditionMark()])
                journals[window.name, default: []] += entries.map(\.record)
            }
        }

        func again(wall milliseconds: Int64) -> Presentation? {
            let records = head + (journals["video"] ?? []) + (journals["audio"] ?? [])
            return Presentation.replaying(
                records, wallTime: WallTime(microseconds: 1_800_000_000_000_000 + milliseconds * 1000),
                now: RestoringTests.instant(milliseconds))?.presentation
        }
    }

    private static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// All that is listed fits the target duration, and the same number is the same time in all renditions.
    private static func expectInStep(_ presentation: Presentation, sourceLocation: SourceLocation = #_sourceLocation) {
        let profile = presentation.profile
        for window in presentation.windows {
            for segment in window.segments where segment.isComplete {
                #expect(
                    segment.duration.seconds.rounded() <= Double(profile.targetDuration),
                    "\(window.name) \(segment.sequenceNumber)", sourceLocation: sourceLocation)
            }
        }
        guard let video = presentation.videoWindow, let audio = presentation.audioWindows.first else { return }
        for segment in video.listed where segment.isComplete {
            guard let other = audio.segment(segment.sequenceNumber) else { continue }
            let apart = max(abs((segment.start - other.start).seconds), abs((segment.end - other.end).seconds))
            #expect(apart < profile.gapPart.seconds, "\(segment.sequenceNumber)", sourceLocation: sourceLocation)
            #expect(segment.isDiscontinuous == other.isDiscontinuous, sourceLocation: sourceLocation)
        }
    }

    /// A life of `steps` with silences, and what was kept of it; the disk may hang now and then for one rendition.
    private static func life(
        _ name: LatencyProfile.Name, steps: Int, using random: inout SeededGenerator
    ) -> (kept: Kept, clock: Int64) {
        let feed = Feed(gopFrames: [20, 30, 50].randomElement(using: &random) ?? 30)
        var presentation = Presentation.started(feed, name, dvrWindow: .milliseconds(200_000))
        var kept = Kept(presentation)
        var (source, clock) = (Int64(0), Int64(0))
        for _ in 0..<steps {
            let seconds = Int64.random(in: 1...9, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                presentation.interrupt()
                clock += seconds * 700
                presentation.passSilence(until: instant(clock))
                source += 100_000
                _ = presentation.beginRun(
                    tracks: feed.tracks, sourceStart: .milliseconds(source), now: instant(clock))
            }
            let hangs = [[], ["video"], ["audio"]].randomElement(using: &random) ?? []
            presentation.play(feed.events(seconds: seconds, from: source)) { presentation in
                if Int.random(in: 0..<20, using: &random) == 0 {
                    kept.keep(presentation, only: ["video", "audio"].filter { !hangs.contains($0) })
                }
            }
            (source, clock) = (source + seconds * 1000, clock + seconds * 1000)
        }
        kept.keep(presentation)
        return (kept, clock)
    }

    @Test(arguments: zip([1, 2, 3], [LatencyProfile.Name.standard, .low, .ultra]))
    func whateverIsLeftOfEachJournalGoesOnInStepOrNotAtAll(seed: UInt64, name: LatencyProfile.Name) throws {
        var random = SeededGenerator(seed: seed)
        var (goesOn, ends, catchesUp) = (0, 0, 0)
        for _ in 0..<8 {
            let (whole, clock) = Self.life(name, steps: 14, using: &random)
            for _ in 0..<20 {
                var left = whole
                let most = [3, 60, 2000].randomElement(using: &random) ?? 3
                for (name, records) in whole.journals {
                    let lost = min(Int.random(in: 0...most, using: &random), records.count)
                    left.journals[name] = Array(records.dropLast(lost))
                }
                guard var again = left.again(wall: clock) else {
                    ends += 1
                    continue
                }
                goesOn += 1
                #expect(Set(again.windows.map(\.nextSegmentNumber)).count == 1)
                Self.expectInStep(again)
                if again.windows.contains(where: { $0.segments.last?.isGap == true }) { catchesUp += 1 }
                // So it does in the time that it has missed, and with the encoder.
                again.passSilence(until: Self.instant(clock + 3700))
                Self.expectInStep(again)
                let feed = Feed(gopFrames: 30)
                let begins = again.beginRun(
                    tracks: again.windows.compactMap { $0.initializations.last?.track },
                    sourceStart: .zero, now: Self.instant(clock + 5000))
                #expect(begins)
                again.play(feed.events(seconds: 4))
                Self.expectInStep(again)
            }
        }
        #expect(goesOn > 50 && ends > 5 && catchesUp > 10, "\(goesOn), \(ends), \(catchesUp)")
    }

    /// Its disk failed while that of the others went on for three minutes.
    @Test func aRenditionThatIsFarBehindBeginsWhereTheOthersDo() throws {
        let feed = Feed(gopFrames: 30)
        for seconds in [Int64(40), 200] {
            var presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(600_000))
            var kept = Kept(presentation)
            presentation.play(feed.events(seconds: 15))
            kept.keep(presentation)
            presentation.play(feed.events(seconds: seconds, from: 15_000)) { presentation in
                kept.keep(presentation, only: ["video"])
            }
            let again = try #require(kept.again(wall: 15_000 + seconds * 1000))
            Self.expectInStep(again)
            let (video, audio) = (try #require(again.videoWindow), try #require(again.audioWindows.first))
            #expect(video.mediaSequence == audio.mediaSequence)
            #expect(video.discontinuitySequence == audio.discontinuitySequence)
            // While the others' segments can be fetched, it follows them and keeps what it had.
            #expect((audio.history?.first == 0) == (seconds == 40))
            #expect(audio.segment(audio.mediaSequence)?.isGap == (audio.mediaSequence > 8))
        }
    }

    /// The picture was kept to the next segment, the sound hardly into the one before.
    @Test func whatWasGrowingEndsWhereTheOthersEnd() throws {
        let feed = Feed(gopFrames: 120)
        var presentation = Presentation.started(feed, .low)
        var kept = Kept(presentation)
        let events = feed.events(seconds: 20)
        let (early, late) = (events.count * 12_700 / 20_000, events.count * 19_700 / 20_000)
        presentation.play(Array(events[..<early]))
        kept.keep(presentation)
        let audio = try #require(presentation.audioWindows[0].segments.last)
        presentation.play(Array(events[early..<late]))
        kept.keep(presentation, only: ["video"])
        let video = try #require(presentation.videoWindow?.segments.last)
        #expect(!audio.isComplete && video.sequenceNumber == audio.sequenceNumber + 1)
        #expect(video.end - audio.end > .milliseconds(4500), "too long for a segment")
        let again = try #require(kept.again(wall: 20_000))
        Self.expectInStep(again)
        let filled = try #require(again.audioWindows[0].segment(audio.sequenceNumber))
        #expect(filled.parts.prefix(audio.parts.count).allSatisfy { !$0.isGap } && !filled.isGap)
        #expect(filled.end == again.videoWindow?.segment(audio.sequenceNumber)?.end)
        #expect(again.audioWindows[0].segments.last?.isGap == true)
    }

    /// The records of the sound say that a segment was over when the others' was not.
    @Test(arguments: [14_500, 19_700]) func whatEndedWhereNoOtherDidCannotGoOn(end: Int) throws {
        let feed = Feed(gopFrames: 120)
        var presentation = Presentation.started(feed, .low)
        var kept = Kept(presentation)
        let events = feed.events(seconds: 20)
        let (early, late) = (events.count * 12_700 / 20_000, events.count * end / 20_000)
        presentation.play(Array(events[..<early]))
        kept.keep(presentation)
        presentation.play(Array(events[early..<late]))
        kept.keep(presentation, only: ["video"])
        #expect(kept.again(wall: 20_000) != nil)
        kept.journals["audio"]?.append(.segmentEnd(rendition: "audio"))
        #expect(kept.again(wall: 20_000) == nil)
    }

    /// A disk can hold anything.
    @Test(arguments: [0, 100], [3000, 900_000_000] as [Int64])
    func recordsFromAnotherTimeEndSoon(ahead: Int64, farSeconds: Int64) throws {
        let feed = Feed()
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 5))
        var kept = Kept(presentation)
        kept.keep(presentation, only: ["video"])
        let growing = try #require(presentation.videoWindow?.segments.last)
        #expect(!growing.isComplete)
        let next = growing.sequenceNumber + ahead
        kept.journals["audio"] = [
            .track(rendition: "audio", version: 1, feed.audio),
            .standing(
                rendition: "audio",
                RenditionStanding(nextSegment: next, nextPart: 0, discontinuities: 0, keyFrames: 0)),
        ]
        #expect(kept.again(wall: 5000) == nil)
        // As many parts as that would be, no process could have.
        let far = MediaTime.milliseconds(farSeconds * 1000)
        let part = PartRecord(
            start: far, end: far + .milliseconds(200), byteCount: 10, keyFrame: nil, isIndependent: true,
            isDiscontinuous: false)
        kept.journals["audio"]?.append(.part(rendition: "audio", part))
        #expect(kept.again(wall: 5000) == nil)
    }
}
