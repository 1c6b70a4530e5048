import Clips
import FFmpeg
import Locks
import Media
import Packaging
import TestFolder
import Testing
import Time

@testable import Transcoding

/// What is seen and heard between two sources, and how the next one goes on, with real pictures and sound, and real encoders.
/// Time is that of the samples: each comes in when it is to be shown.
@Suite(.timeLimit(.minutes(10))) struct BridgeTests {
    /// A run, and what has come out of it.
    private final class Show {
        private final class Log: Sendable {
            let steps = Mutex<[(step: MediaStep, arrival: Instant)]>([])
        }

        let run: TranscodingRun
        private let log = Log()
        private let bench: TranscoderBench

        init(_ clips: [Clip], _ profile: OutputProfile, hold: Duration = .seconds(60), hasSlate: Bool = true) {
            bench = TranscoderBench(profile)
            var rules = SlateRules(StillPicture(.card(title: "News", line: "Back soon")))
            rules.hold = hold
            let plan = TranscodingPlan(
                profile: profile, latency: LatencyProfile(.ultra), slate: hasSlate ? rules : nil, journal: bench.journal
            )
            run = TranscodingRun(Self.start(clips, at: 0), plan) { [log] step, arrival in
                log.steps.withLock { $0.append((step, arrival)) }
            }
        }

        private static func start(_ clips: [Clip], at seconds: Double, continues: Bool = false) -> RunStart {
            RunStart(
                tracks: clips.map(\.track), sourceStart: first(clips), arrival: instant(seconds), continues: continues)
        }

        private static func first(_ clips: [Clip]) -> MediaTime {
            clips[0].samples.map(\.presentationTime).min() ?? .zero
        }

        static func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

        /// All of the clips comes, from `seconds` on.
        func play(_ clips: [Clip], at seconds: Double) {
            let first = Self.first(clips)
            var samples: [(Sample, track: Int)] = []
            for (index, clip) in clips.enumerated() { samples += clip.samples.map { ($0, index) } }
            for (sample, track) in samples.sorted(by: { $0.0.decodeTime < $1.0.decodeTime }) {
                let arrival = Self.instant(seconds + (sample.decodeTime - first).seconds)
                let isPicture = track == 0 && clips[0].track.isVideo
                let place = clips[0].track.isVideo ? track - 1 : track
                run.take(isPicture ? .video(sample) : .audio(sample, track: place), arrival)
            }
        }

        func begin(_ clips: [Clip], at seconds: Double, continues: Bool = false) {
            run.begin(Self.start(clips, at: seconds, continues: continues))
        }

        func finish() -> [MediaStep] {
            run.finish()
            return log.steps.withLock { $0.map(\.step) }
        }

        var arrivals: [Instant] { log.steps.withLock { $0.map(\.arrival) } }
    }

    private let folder = TemporaryFolder()
    private static let ladder = OutputProfile(
        .ladder([TranscoderTests.rendition(90, 300), TranscoderTests.rendition(72, 100, divisor: 2)]))

    private func picture(
        _ name: String = "picture.mp4", size: String = "160x90", rate: Int = 25, seconds: Double = 2,
        options: String = ""
    ) throws -> Clip {
        try Clip(
            folder, name, from: "testsrc2=size=\(size):rate=\(rate):duration=\(seconds)",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 25 -video_track_timescale 90000 " + options)
    }

    private func sound(_ name: String = "sound.mp4", options: String = "-c:a aac", seconds: Double = 2) throws -> Clip {
        try Clip(
            folder, name,
            from: "sine=frequency=440:sample_rate=48000:duration=\(seconds),aformat=channel_layouts=stereo", options)
    }

    private static func times(_ steps: [MediaStep], _ rung: Int) -> [Double] {
        steps.pictures(rung).map { ($0.presentationTime.seconds * 1000).rounded() / 1000 }.sorted()
    }

    private static func even(_ range: Range<Int>, by step: Double) -> [Double] {
        range.map { (Double($0) * step * 1000).rounded() / 1000 }
    }

    private static func isInterrupted(_ steps: [MediaStep]) -> Bool {
        steps.contains { if case .interrupt = $0 { true } else { false } }
    }

    // MARK: Nothing comes

    @Test func theLastPictureIsShownAgainAtThePaceOfTheOthers() throws {
        let clip = try picture()
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(4))
        show.run.goOn(until: Show.instant(5))
        let steps = show.finish()
        #expect(steps.starts.count == 1 && !Self.isInterrupted(steps))
        // What would come in at five seconds is shown at five.
        #expect(Self.times(steps, 0) == Self.even(0..<126, by: 0.04))
        #expect(Self.times(steps, 1) == Self.even(0..<63, by: 0.08))
        // In all sizes, and key frames stay where they are.
        #expect(steps.keys(0).map(\.seconds) == [0, 1.04, 2, 3.04, 4] && steps.keys(1) == steps.keys(0))
        let frames = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        for place in [51, 80, 125] { #expect(Frame.likeness(frames[place].packed, frames[49].packed) > 30) }
        #expect(Frame.likeness(frames[25].packed, frames[49].packed) < 25)
    }

    /// Each has come in when it would have, so that nobody takes the source's clock for a slow one.
    @Test func whatIsShownAgainCameInWhenItWasDue() throws {
        let clip = try picture()
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(4))
        let steps = show.finish()
        for (step, arrival) in zip(steps, show.arrivals) {
            guard case .video(let sample, _) = step else { continue }
            #expect(abs(Double(arrival.nanoseconds) / 1e9 - sample.presentationTime.seconds) < 0.001)
        }
    }

    @Test func afterAWhileThereIsTheCard() throws {
        let clip = try picture()
        let show = Show([clip], Self.ladder, hold: .seconds(1))
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(4))
        show.run.goOn(until: Show.instant(5))
        let steps = show.finish()
        let frames = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        #expect(Frame.likeness(frames[73].packed, frames[49].packed) > 30)
        #expect(Frame.likeness(frames[100].packed, frames[49].packed) < 15)
        let card = try StillPicture(.card(title: "News", line: "Back soon"))
            .frame(VideoFormat(width: 160, height: 90), pixelFormat: .yuv420)
        #expect(Frame.likeness(frames[120].packed, card.packed) > 30)
        #expect(steps.slates == [true, false])
    }

    @Test func nothingIsHeard() throws {
        let (clip, tone) = (try picture(), try sound())
        for keeps in [true, false] {
            var profile = Self.ladder
            profile.audio?.copiesWhatFits = keeps
            let show = Show([clip, tone], profile)
            show.play([clip, tone], at: 0)
            show.run.interrupt(at: Show.instant(4))
            show.run.goOn(until: Show.instant(6))
            let steps = show.finish()
            let times = steps.sound(0).map(\.presentationTime.seconds)
            for (now, next) in zip(times, times.dropFirst()) { #expect(abs(next - now - 1024 / 48000) < 0.002) }
            #expect((5.9...6.1).contains(times.last ?? 0))
            let frames = try Clip.sound(steps.starts[0].tracks[2], steps.sound(0))
            func loudest(_ range: Range<Double>) -> Float {
                frames.filter { range.contains($0.presentationTime.seconds) }
                    .flatMap { $0.samples(ofChannel: 0) }.map(abs).max() ?? 9
            }
            #expect(loudest(0.5..<1.5) > 0.05 && loudest(2.2..<5.8) < 0.001, "copied: \(keeps)")
        }
    }

    @Test func captionsAreNotWrittenAgain() throws {
        let clip = try picture()
        let captioned = Clip(clip, samples: clip.captioned)
        let show = Show([captioned], Self.ladder)
        show.play([captioned], at: 0)
        show.run.interrupt(at: Show.instant(3))
        let steps = show.finish()
        let frames = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        #expect(frames[..<50].allSatisfy { $0.captions != nil } && frames[50...].allSatisfy { $0.captions == nil })
    }

    /// An encoder that is back in no time leaves no trace but a picture that stands still.
    @Test func viewersAreToldWhenItLasts() throws {
        let clip = try picture()
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(2.3))
        show.begin([clip], at: 2.4)
        show.play([clip], at: 2.4)
        let steps = show.finish()
        #expect(steps.slates.isEmpty && steps.starts.count == 1)
        #expect(Self.times(steps, 0) == Self.even(0..<110, by: 0.04))
    }

    /// Whoever stood still for so long does not make thousands of pictures at once.
    @Test func aLongStandstillEndsTheRun() throws {
        let clip = try picture()
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(4))
        show.run.goOn(until: Show.instant(400))
        #expect(show.run.pause == nil)
        show.begin([clip], at: 401)
        show.play([clip], at: 401)
        let steps = show.finish()
        #expect(Self.isInterrupted(steps) && steps.starts.count == 2)
        #expect(steps.pictures(0).count == 50 + 51 + 50)
    }

    /// Without a slate, with the source's own pictures on top, and where sound that goes out as it comes has no silence.
    @Test func aRunEndsWithItsSourceWhereNothingCanGoOnWithoutIt() throws {
        let (clip, dolby) = (try picture(), try sound("sound.ac3.mp4", options: "-c:a ac3"))
        var keeping = Self.ladder
        keeping.audio?.keepsDolby = true
        let mixed = OutputProfile(.mixed([TranscoderTests.rendition(72, 100)]))
        for (profile, clips, hasSlate) in [
            (Self.ladder, [clip], false), (mixed, [clip], true), (keeping, [clip, dolby], true),
        ] {
            let show = Show(clips, profile, hasSlate: hasSlate)
            show.play(clips, at: 0)
            show.run.interrupt(at: Show.instant(4))
            #expect(show.run.pause == nil)
            let steps = show.finish()
            #expect(Self.isInterrupted(steps) && steps.pictures(0).count == 50)
        }
    }

    // MARK: The next source

    @Test func itGoesOnWhereTheClockSays() throws {
        let clip = try picture()
        let later = Clip(clip, samples: clip.samples.map { $0.moved(by: .milliseconds(500_000)) })
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(4))
        show.begin([later], at: 4.8)
        show.run.goOn(until: Show.instant(5.2))
        show.play([later], at: 4.8)
        let steps = show.finish()
        #expect(steps.starts.count == 1 && !Self.isInterrupted(steps))
        #expect(Self.times(steps, 0) == Self.even(0..<170, by: 0.04))
        #expect(steps.keys(0).map(\.seconds) == [0, 1.04, 2, 3.04, 4, 5.04, 6])
        // What came while the card was still shown is not seen; what came behind is at its place.
        let frames = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        let source = try clip.frames()
        #expect(Frame.likeness(frames[145].packed, source[25].packed) > 25)
        #expect(Frame.likeness(frames[125].packed, source[49].packed) > 25)
        #expect(Frame.likeness(frames[131].packed, source[11].packed) > 25)
    }

    /// What another input kept of itself has come before it was switched to.
    @Test func whatCameBeforeItWasWantedIsNotShown() throws {
        let clip = try picture()
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(2))
        show.begin([clip], at: 1)
        show.play([clip], at: 1)
        let steps = show.finish()
        #expect(steps.starts.count == 1 && Self.times(steps, 0) == Self.even(0..<75, by: 0.04))
    }

    @Test func itsSoundGoesOn() throws {
        let (clip, tone) = (try picture(), try sound())
        let show = Show([clip, tone], Self.ladder)
        show.play([clip, tone], at: 0)
        show.run.interrupt(at: Show.instant(4))
        let other = try sound("other.ac3.mp4", options: "-c:a ac3 -ar 44100")
        show.begin([clip, other], at: 4.8)
        show.play([clip, other], at: 4.8)
        let steps = show.finish()
        // Nobody encodes what fits; what comes then does not.
        #expect(steps.starts.count == 2)
        var profile = Self.ladder
        profile.audio?.copiesWhatFits = false
        let second = Show([clip, tone], profile)
        second.play([clip, tone], at: 0)
        second.run.interrupt(at: Show.instant(4))
        second.begin([clip, other], at: 4.8, continues: true)
        second.play([clip, other], at: 4.8)
        let made = second.finish()
        #expect(made.starts.count == 1)
        let times = made.sound(0).map(\.presentationTime.seconds)
        for (now, next) in zip(times, times.dropFirst()) { #expect(abs(next - now - 1024 / 48000) < 0.002) }
        let frames = try Clip.sound(made.starts[0].tracks[2], made.sound(0))
        let back = frames.filter { (5.2..<6.4).contains($0.presentationTime.seconds) }
        #expect(back.flatMap { $0.samples(ofChannel: 0) }.map(abs).max() ?? 0 > 0.05)
    }

    /// It sends no pictures, or no sound: the other goes on.
    @Test func whatItLacksIsMadeUp() throws {
        let (clip, tone) = (try picture(), try sound())
        let show = Show([clip, tone], Self.ladder)
        show.play([clip, tone], at: 0)
        show.run.interrupt(at: Show.instant(3))
        show.begin([tone], at: 3)
        show.play([tone], at: 3)
        show.run.goOn(until: Show.instant(5))
        show.run.interrupt(at: Show.instant(5))
        show.begin([clip], at: 5)
        show.play([clip], at: 5)
        let steps = show.finish()
        #expect(steps.starts.count == 1)
        #expect(Self.times(steps, 0) == Self.even(0..<175, by: 0.04))
        let times = steps.sound(0).map(\.presentationTime.seconds)
        for (now, next) in zip(times, times.dropFirst()) { #expect(abs(next - now - 1024 / 48000) < 0.03) }
        #expect((6.9...7.05).contains(times.last ?? 0))
        let frames = try Clip.sound(steps.starts[0].tracks[2], steps.sound(0))
        let heard = frames.filter { (3.5..<4.5).contains($0.presentationTime.seconds) }
        #expect(heard.flatMap { $0.samples(ofChannel: 0) }.map(abs).max() ?? 0 > 0.05)
    }

    @Test func withLessRoomItKeepsTheLadderAndWithMoreItHasItsOwn() throws {
        let (clip, small, large) = (
            try picture(), try picture("small.mp4", size: "128x72"), try picture("large.mp4", size: "320x180")
        )
        let profile = OutputProfile(
            .ladder([180, 90, 72].map { TranscoderTests.rendition($0, 100) }))
        let show = Show([clip], profile)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(3))
        show.begin([small], at: 3)
        show.play([small], at: 3)
        show.run.interrupt(at: Show.instant(6))
        show.begin([large], at: 6)
        show.play([large], at: 6)
        let steps = show.finish()
        #expect(
            steps.starts.map { $0.tracks.map(\.size?.height) } == [[90, 72], [180, 90, 72]]
                && !Self.isInterrupted(steps))
    }

    /// Players were told what colours mean.
    @Test func otherColoursBeginAnotherRun() throws {
        let clip = try picture()
        let other = try picture("other.mp4", options: "-color_primaries bt470bg -colorspace bt470bg -color_trc bt709")
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.run.interrupt(at: Show.instant(3))
        show.begin([other], at: 3)
        show.play([other], at: 3)
        #expect(show.finish().starts.count == 2)
    }

    // MARK: The same source, otherwise

    /// In mid-stream, at the next key frame: viewers keep what they have, and see all of a picture of another shape.
    @Test(arguments: ["320x180", "64x48", "90x160"]) func anotherSizeInMidStreamKeepsTheLadder(size: String) throws {
        let (clip, other) = (try picture(), try picture("other.mp4", size: size))
        let rest = Clip(other, samples: other.samples.map { $0.moved(by: .milliseconds(2000)) })
        let show = Show([clip], Self.ladder)
        show.play([clip], at: 0)
        show.begin([rest], at: 2, continues: true)
        show.play([rest], at: 2)
        let steps = show.finish()
        #expect(steps.starts.count == 1)
        for rung in 0..<2 {
            #expect(Self.times(steps, rung) == Self.even(0..<(rung == 0 ? 100 : 50), by: rung == 0 ? 0.04 : 0.08))
            #expect(steps.keys(rung).map(\.seconds) == [0, 1.04, 2, 3.04])
        }
        let frames = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        let corner = frames[80].packed[0]
        // Black beside an upright picture, and beside 4:3.
        #expect(size == "320x180" ? corner > 30 : corner < 20)
    }
}
