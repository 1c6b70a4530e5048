import HLS
import Media
import SampleFeed
import SeededRandom
import Testing
import Time

@testable import Packaging

/// Dates that run beside the timeline are told again by whoever reads the records.
@Suite struct KeptDatesTests {
    private struct Life {
        let feed = Feed(frames: 10, gopFrames: 10, sampleRate: 8000)
        var presentation: Presentation
        var journals: [String: [PresentationRecord]] = [:]
        var marks: [String: RenditionMark] = [:]
        var clock: Int64 = 0
        private var random: SeededGenerator

        init(seed: UInt64) {
            presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(3_600_000))
            random = SeededGenerator(seed: seed)
        }

        /// Plays for so many seconds, while the dates are bent now and then.
        mutating func play(seconds: Int64) {
            presentation.play(feed.events(seconds: seconds, from: clock)) { presentation in
                guard Int.random(in: 0..<200, using: &random) == 0 else { return }
                presentation.anchor.steer(
                    from: presentation.edge, error: .milliseconds(.random(in: -80...80, using: &random)), rate: 150)
            }
            clock += seconds * 1000
        }

        mutating func keep() {
            for window in presentation.windows {
                let entries = window.entries(since: &marks[window.name, default: RenditionMark()])
                journals[window.name, default: []] += entries.map(\.record)
            }
        }

        /// The last journal alone when it is to be `short`.
        func again(short: Bool = false) -> (presentation: Presentation, marks: [String: RenditionMark])? {
            var records = [
                PresentationRecord.presentation(
                    id: presentation.id, profile: presentation.profile, wallStart: presentation.start.wall)
            ]
            for name in ["video", "audio"] {
                var journal = journals[name] ?? []
                let begin = journal.lastIndex { if case .standing = $0 { true } else { false } } ?? 0
                if short { journal.removeFirst(begin) }
                let bytes = journal.flatMap(\.bytes)
                records += PresentationRecord.read(bytes.span).records
            }
            return Presentation.replaying(
                records, wallTime: presentation.start.wall + .milliseconds(clock),
                now: Instant(nanoseconds: clock * 1_000_000), announced: presentation.snapshot.announced)
        }

        func expectSameDates(
            in again: Presentation, from first: Int64 = 0, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for (window, after) in zip(presentation.windows, again.windows) {
                let past = try #require(window.history, sourceLocation: sourceLocation)
                var shifts: Set<Duration> = []
                for number in first..<window.nextSegmentNumber {
                    let known = window.segments.first { $0.sequenceNumber == number }
                    let date = try #require(known?.programDateTime ?? past[number]?.programDateTime)
                    let start = try #require(known?.start ?? past[number]?.start)
                    let same = after.segments.first { $0.sequenceNumber == number }
                    let told = same?.programDateTime ?? after.history?[number]?.programDateTime
                    #expect(told == date, "\(window.name) \(number)", sourceLocation: sourceLocation)
                    shifts.insert(window.shift(of: date, at: start))
                }
                #expect(shifts.count > 20, "nothing was bent", sourceLocation: sourceLocation)
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func aJournalTellsTheDatesAndSoDoesItsLastPiece(seed: UInt64) throws {
        var life = Life(seed: seed)
        for _ in 0..<75 {
            life.play(seconds: 5)
            life.keep()
        }
        try life.expectSameDates(in: #require(life.again()?.presentation))
        let first = try #require(life.again(short: true)?.presentation.videoWindow?.history?.first)
        #expect(first == 256, "it begins anew in the middle")
        try life.expectSameDates(in: #require(life.again(short: true)?.presentation), from: 256)
    }

    /// Nobody kept anything for a while: what is left of it is told with its dates.
    @Test func whatComesBehindALossHasItsDates() throws {
        var life = Life(seed: 4)
        life.play(seconds: 20)
        life.keep()
        life.play(seconds: 200)
        let first = try #require(life.presentation.videoWindow?.segments.first?.sequenceNumber)
        #expect(first > 20)
        life.keep()
        try life.expectSameDates(in: #require(life.again()?.presentation), from: first)
    }

    /// One process after the other goes on with the same records.
    @Test func manyProcessesTellTheSameDates() throws {
        var life = Life(seed: 5)
        for step in Int64(0)..<8 {
            life.play(seconds: 30)
            life.keep()
            let again = try #require(life.again())
            try life.expectSameDates(in: again.presentation)
            (life.presentation, life.marks) = again
            // The next one is silent for a while, at times for longer than the window.
            life.clock += step * 10_000
            life.presentation.passSilence(until: Instant(nanoseconds: life.clock * 1_000_000))
            let begins = life.presentation.beginRun(
                tracks: life.feed.tracks, sourceStart: .milliseconds(life.clock),
                now: Instant(nanoseconds: life.clock * 1_000_000))
            #expect(begins)
        }
        let last = life.presentation.videoWindow?.history?.end ?? 0
        #expect(last > 300)
    }

    /// A machine slept: what is missing of that time passes at once, with the dates behind the last that were bent.
    @Test func aLongSilenceHasTheDatesBehindIt() throws {
        var life = Life(seed: 8)
        life.play(seconds: 60)
        life.presentation.anchor.steer(from: .milliseconds(59_000), error: .seconds(-1), rate: -400)
        life.presentation.play(life.feed.events(seconds: 2, from: life.clock))
        life.presentation.interrupt()
        life.keep()
        life.clock += 300_000
        life.presentation.passSilence(until: Instant(nanoseconds: life.clock * 1_000_000))
        life.keep()
        #expect(life.journals["video"]?.contains { if case .gap = $0 { true } else { false } } == true)
        try life.expectSameDates(in: #require(life.again()?.presentation))
    }

    /// The sound could not be written for a while: what is missing of it has the dates of its pictures.
    @Test func aRenditionThatIsBehindGetsTheDatesOfTheOthers() throws {
        var life = Life(seed: 9)
        life.play(seconds: 40)
        life.keep()
        let sound = (life.journals["audio"], life.marks["audio"])
        life.play(seconds: 12)
        life.keep()
        (life.journals["audio"], life.marks["audio"]) = sound
        let again = try #require(life.again()?.presentation)
        let (video, audio) = (try #require(again.videoWindow), try #require(again.audioWindows.first))
        let missing = audio.segments.filter(\.isGap)
        #expect(missing.count > 8)
        for segment in missing {
            let picture = try #require(video.segment(segment.sequenceNumber))
            let shift = video.shift(of: picture.programDateTime, at: picture.start)
            #expect(shift != .zero && audio.shift(of: segment.programDateTime, at: segment.start) == shift)
        }
    }

    /// What was lost before it may have had other dates.
    @Test func whatComesBehindAStandingTellsAllOfItsDates() throws {
        var window = RenditionWindow(name: "audio", profile: LatencyProfile(.low), wallStart: .epoch, isVideo: false)
        let standing = RenditionStanding(nextSegment: 7, nextPart: 40, discontinuities: 0, keyFrames: 0)
        let part = PartRecord(
            start: .milliseconds(9000), end: .milliseconds(9500), byteCount: 10, keyFrame: nil, isIndependent: true,
            isDiscontinuous: false)
        for record in [
            PresentationRecord.shift(rendition: "audio", .milliseconds(5)), .standing(rendition: "audio", standing),
            .part(rendition: "audio", part),
        ] { window.replay(record) }
        #expect(window.segments.last?.programDateTime == .epoch + .seconds(9))
        #expect(window.mark.shift == .zero)
    }

    /// Those of another version know nothing of it: dates run like the timeline.
    @Test func recordsWithoutShiftsHaveTheDatesThatTheyHad() throws {
        var life = Life(seed: 6)
        life.presentation.play(life.feed.events(seconds: 30))
        life.clock = 30_000
        life.keep()
        let shifts = life.journals.values.joined().count { if case .shift = $0 { true } else { false } }
        #expect(shifts == 0)
        let again = try #require(life.again()?.presentation)
        for window in again.windows {
            for segment in window.segments {
                #expect(window.shift(of: segment.programDateTime, at: segment.start) == .zero)
            }
        }
    }
}
