import Bytes
import Clips
import FFmpeg
import Locks
import Media
import Packaging
import TestFolder
import Testing
import Time

@testable import Transcoding

/// How runs begin, go on behind a hole, and end, with real pictures and sound, and real encoders.
@Suite(.timeLimit(.minutes(10))) struct TranscodingRunTests {
    private let folder = TemporaryFolder()

    private static let ladder = OutputProfile(.ladder([TranscoderTests.rendition(72, 100)]))
    private static let mixed = OutputProfile(.mixed([TranscoderTests.rendition(72, 100)]))

    private func picture(_ options: String = "-g 10 -bf 2", seconds: Double = 2, size: String = "160x90") throws -> Clip
    {
        try Clip(
            folder, "picture.mp4", from: "testsrc2=size=\(size):rate=25:duration=\(seconds)",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -sc_threshold 0 -flags +cgop " + options)
    }

    private func sound(_ options: String = "-c:a aac", name: String = "sound.mp4") throws -> Clip {
        try Clip(
            folder, name, from: "sine=frequency=440:sample_rate=48000:duration=4,aformat=channel_layouts=stereo",
            options)
    }

    private static func garbage(_ sample: Sample) -> Sample {
        Sample(
            data: ByteChunk([0, 0, 0, 2, 0x65, 0xFF]), decodeTime: sample.decodeTime,
            presentationTime: sample.presentationTime, access: sample.access)
    }

    /// Latency is counted from there: a picture came in when its sample did, whatever came before it was shown.
    @Test func eachSampleHasTheArrivalOfWhatItWasMadeOf() throws {
        let clip = try picture()
        let bench = TranscoderBench(Self.mixed)
        bench.begin([clip.track], at: .zero)
        for (index, sample) in clip.samples.enumerated() {
            bench.take(.video(sample), arrival: Instant(nanoseconds: Int64(index)))
        }
        let steps = bench.finish()
        let times = Dictionary(
            uniqueKeysWithValues: clip.samples.enumerated().map { ($1.presentationTime, Int64($0)) })
        for (step, arrival) in zip(steps, bench.arrivals) {
            guard case .video(let sample, _) = step else { continue }
            #expect(times[sample.presentationTime] == arrival.nanoseconds)
        }
        #expect(steps.pictures(1).count == clip.samples.count)
        #expect(
            bench.figure("headwater_transcoder_delay_seconds_count{channel=\"news\"}") == Double(clip.samples.count))
    }

    /// A key frame of such a source may still be inside the decoder when it is known how small its pictures are.
    @Test(arguments: [5, 6, 8]) func aSourceSmallerThanAllRungsGoesOutAsItComes(group: Int) throws {
        let clip = try picture("-g \(group) -bf 2", seconds: 1)
        let bench = TranscoderBench(OutputProfile(.mixed([TranscoderTests.rendition(180, 300)])))
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.starts.map(\.tracks) == [[clip.track]])
        #expect(steps.pictures(0) == clip.samples)
    }

    /// Nothing comes before the beginning, and what comes behind the hole is in its place in all renditions.
    @Test(arguments: [4, 30]) func aHoleIsOneInAllRenditions(place: Int) throws {
        let clip = try picture()
        let latency = LatencyProfile(.ultra)
        for profile in [Self.ladder, Self.mixed] {
            let bench = TranscoderBench(profile)
            let steps = Mutex<[MediaStep]>([])
            let run = TranscodingRun(
                RunStart(
                    tracks: [clip.track], sourceStart: .zero, arrival: Instant(nanoseconds: 0), continues: false),
                TranscodingPlan(profile: profile, latency: latency, journal: bench.journal)
            ) { step, _ in steps.withLock { $0.append(step) } }
            for sample in clip.samples[..<place] { run.take(.video(sample), Instant(nanoseconds: 0)) }
            run.lose()
            for sample in clip.samples[40...] { run.take(.video(sample), Instant(nanoseconds: 0)) }
            run.finish()
            let made = steps.withLock { $0 }
            guard case .begin(let start) = made.first else {
                Issue.record("something came before the beginning")
                continue
            }
            for rung in start.tracks.indices {
                let times = made.pictures(rung).map(\.presentationTime)
                let behind = clip.samples[40...].map(\.presentationTime)
                #expect(times.sorted().suffix(behind.count) == behind.sorted())
                #expect(made.keys(rung).contains(clip.samples[40].presentationTime))
                if place > 10 { #expect(times.count == place + behind.count) }
                #expect(made.keys(rung) == made.keys(0))
                #expect(made.pictures(rung).first?.isSync == true)
            }
        }
    }

    @Test func aRunThatIsShorterThanWhatIsWaitedForIsDelivered() throws {
        let clip = try picture("-g 10 -bf 0", seconds: 0.12)
        let bench = TranscoderBench(Self.mixed)
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.pictures(0) == clip.samples && steps.pictures(1).count == 3)
    }

    /// Nothing follows that it could be decided by.
    @Test func aKeyFrameAtTheEndIsDelivered() throws {
        let clip = try picture()
        let samples = Array(clip.samples.prefix(41))
        let bench = TranscoderBench(Self.mixed)
        bench.begin([clip.track], at: .zero)
        for sample in samples { bench.take(.video(sample)) }
        let steps = bench.finish()
        #expect(samples[40].isSync && steps.pictures(0) == samples)
        #expect(steps.pictures(1).count == 41 && steps.keys(1) == steps.keys(0))
    }

    /// A quarter of a second, or sixteen frames: who waits longer is late.
    @Test(arguments: [(25, 8), (100, 16)]) func littleIsHeldBackAtTheBeginning(rate: Int, count: Int) throws {
        let clip = try Clip(
            folder, "picture.mp4", from: "testsrc2=size=160x90:rate=\(rate):duration=1",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0")
        let bench = TranscoderBench(Self.ladder)
        let plan = TranscodingPlan(profile: Self.ladder, latency: LatencyProfile(.ultra), journal: bench.journal)
        let start = RunStart(
            tracks: [clip.track], sourceStart: .zero, arrival: Instant(nanoseconds: 0), continues: false)
        var source = IncomingSource(start, plan)
        let held = clip.samples.prefix { !source.take(.video($0), Instant(nanoseconds: 0)) }
        #expect(held.count + 1 == count)
    }

    /// One picture that is missing makes no slow source.
    @Test func howManyFramesThereAreInASecondIsWhatMostOfThemSay() throws {
        let clip = try Clip(
            folder, "picture.mp4", from: "testsrc2=size=160x90:rate=50:duration=1",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 1 -bf 0")
        var low = TranscoderTests.rendition(72, 100)
        low.pace = .atMost(30)
        let bench = TranscoderBench(OutputProfile(.ladder([TranscoderTests.rendition(90, 300), low])))
        bench.play(Clip(clip, samples: Array(clip.samples[..<3] + clip.samples[4...])))
        let steps = bench.finish()
        #expect(steps.pictures(0).count == 49 && steps.pictures(1).count == 25)
    }

    /// Not for ever: whoever sends no pictures that can be decoded is heard, and seen in the next run.
    @Test func soundDoesNotWaitForPicturesForEver() throws {
        let (clip, sound) = (try picture(seconds: 4), try sound())
        let bench = TranscoderBench(Self.ladder)
        bench.begin([clip.track, sound.track], at: .zero)
        let isEarly = { (sample: Sample) in sample.presentationTime < .milliseconds(2500) }
        for sample in clip.samples.prefix(while: isEarly) { bench.take(.video(Self.garbage(sample))) }
        for sample in sound.samples.prefix(while: isEarly) { bench.take(.audio(sample, track: 0)) }
        for sample in clip.samples.drop(while: isEarly) { bench.take(.video(sample)) }
        for sample in sound.samples.drop(while: isEarly) { bench.take(.audio(sample, track: 0)) }
        let steps = bench.finish()
        #expect(steps.starts.map(\.tracks) == [[sound.track]])
        #expect(steps.sound(0) == sound.samples && steps.pictures(0).isEmpty)
    }

    /// Where a source's clock stands says nothing of how long it has been waited for.
    @Test func soundWaitsForPicturesWhateverTheTime() throws {
        let (clip, sound) = (try picture(), try sound())
        let shift = MediaTime.milliseconds(100_320)
        let later = { (sample: Sample) in
            Sample(
                data: sample.data, decodeTime: sample.decodeTime + shift,
                presentationTime: sample.presentationTime + shift, access: sample.access)
        }
        let bench = TranscoderBench(Self.ladder)
        bench.begin([clip.track, sound.track], at: shift)
        for sample in sound.samples.prefix(10) { bench.take(.audio(later(sample), track: 0)) }
        for sample in clip.samples { bench.take(.video(later(sample))) }
        let steps = bench.finish()
        #expect(steps.starts.map(\.tracks.count) == [2] && steps.pictures(0).count == clip.samples.count)
        // Their key frames count from the first of them.
        #expect(steps.keys(0) == [shift, shift + .milliseconds(1000)])
        #expect(steps.sound(0).count == 10)
    }

    /// Without pictures and without sound there is nothing to begin with.
    @Test func whatCannotBeDecodedAtAllIsNoRun() throws {
        let clip = try picture()
        let bench = TranscoderBench(Self.ladder)
        bench.begin([clip.track], at: .zero)
        for sample in clip.samples { bench.take(.video(Self.garbage(sample))) }
        let steps = bench.finish()
        #expect(steps.isEmpty)
        let faults = bench.figure("headwater_transcoder_faults_total{channel=\"news\",step=\"decode\"}") ?? 0
        #expect((clip.samples.count...clip.samples.count + 2).contains(Int(faults)))
    }

    @Test func fieldsBecomePicturesOfAllRungs() throws {
        let clip = try Clip(
            folder, "fields.mp4", from: "testsrc2=s=320x192:r=50:d=1,scroll=h=0.04",
            "-vf tinterlace=interleave_top -c:v libx264 -preset ultrafast -flags +ilme+ildct -pix_fmt yuv420p")
        let profile = OutputProfile(
            .ladder([TranscoderTests.rendition(192, 3000), TranscoderTests.rendition(72, 100)]))
        let bench = TranscoderBench(profile)
        bench.play(clip)
        let steps = bench.finish()
        for rung in 0..<2 {
            #expect(steps.pictures(rung).map(\.presentationTime) == clip.samples.map(\.presentationTime).sorted())
        }
        let deinterlacer = try Deinterlacer()
        let expected = try clip.frames().flatMap { try deinterlacer.deinterlace($0) } + deinterlacer.finish()
        let shown = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        try #require(shown.count == expected.count)
        #expect(Frame.likeness(shown[10].packed, expected[10].packed) > 25)
    }

    /// The others go on, those too that would have been scaled from it.
    @Test func aRungWhoseEncoderCannotBeMadeIsLeftOutAndNoOther() throws {
        let clip = try picture()
        var renditions = [TranscoderTests.rendition(90, 300), TranscoderTests.rendition(80, 200)]
        renditions[1].preset = "wonderful"
        renditions.append(TranscoderTests.rendition(72, 100))
        let bench = TranscoderBench(OutputProfile(.ladder(renditions)))
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.starts.map { $0.tracks.map(\.size) } == [[PictureSize(160, 90), PictureSize(128, 72)]])
        for rung in 0..<2 { #expect(steps.pictures(rung).count == clip.samples.count) }
        #expect(steps.keys(1) == steps.keys(0))
        #expect(bench.lines.contains { $0.contains("transcoder.started") && !$0.contains("x80 ") })
        #expect(bench.figure("headwater_transcoder_faults_total{channel=\"news\",step=\"encode\"}") == 1)
    }
}
