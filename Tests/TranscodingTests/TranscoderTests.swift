import Bytes
import Clips
import Locks
import Media
import Packaging
import TestFolder
import Testing
import Time

@testable import Transcoding

/// With real pictures and sound, and real encoders.
@Suite(.timeLimit(.minutes(10))) struct TranscoderTests {
    let folder = TemporaryFolder()

    /// Three rungs for small pictures.
    static let ladder = OutputProfile(.ladder([rendition(180, 300), rendition(120, 200), rendition(72, 100)]))

    static func rendition(_ lines: Int, _ kilobits: Int, divisor: Int = 1) -> Rendition {
        var rendition = Rendition(.lines(lines), bitRate: .kilobits(kilobits))
        rendition.preset = "ultrafast"
        rendition.pace = .every(divisor)
        return rendition
    }

    func picture(
        _ options: String = "", rate: String = "25", seconds: Int = 5, name: String = "picture.mp4"
    ) throws -> Clip {
        try Clip(
            folder, name, from: "testsrc2=size=320x180:rate=\(rate):duration=\(seconds)",
            "-c:v libx264 -preset ultrafast -bf 2 -g 40 -pix_fmt yuv420p " + options)
    }

    func sound(_ options: String, channels: String = "stereo", name: String = "sound.mp4") throws -> Clip {
        try Clip(
            folder, name, from: "sine=frequency=440:sample_rate=48000:duration=5,aformat=channel_layouts=\(channels)",
            options)
    }

    @Test(arguments: ["25", "30000/1001", "50"], LatencyProfile.Name.allCases)
    func keyFramesAreAtTheSameTimesInAllRungs(rate: String, latency: LatencyProfile.Name) throws {
        let clip = try picture(rate: rate)
        let bench = TranscoderBench(Self.ladder, latency)
        bench.play(clip)
        let steps = bench.finish()
        #expect(
            steps.starts.map { $0.tracks.map(\.size) } == [
                [PictureSize(320, 180), PictureSize(214, 120), PictureSize(128, 72)]
            ])
        let times = clip.samples.map(\.presentationTime).sorted()
        for rung in 0..<3 {
            #expect(steps.pictures(rung).map(\.presentationTime).sorted() == times, "rung \(rung)")
            #expect(steps.keys(rung) == steps.keys(0) && steps.keys(rung).first == times.first)
        }
        let interval = latency == .ultra ? 1.0 : 2.0
        #expect(steps.keys(0).count == Int((5 / interval).rounded(.up)))
        for key in steps.keys(0).dropFirst() {
            // Counted from the first picture: none of them is shorter than the others.
            let late = (key - times[0]).seconds.truncatingRemainder(dividingBy: interval)
            #expect(late < 0.021 || late > interval - 0.001)
        }
        // Every frame of the source is in its place: no picture is encoded twice, none is left out.
        #expect(
            bench.figure("headwater_transcoder_pictures_total{channel=\"news\",rendition=\"video3\"}")
                == Double(times.count))
        #expect(bench.lines.count { $0.contains("transcoder.started") } == 1)
    }

    @Test func soItIsWhereFramesAreUneven() throws {
        let clip = try Clip(
            folder, "uneven.mkv",
            from: "testsrc2=size=320x180:rate=50:duration=6,select='not(mod(n,3))+gt(random(1),0.6)'",
            "-c:v libx264 -preset ultrafast -bf 2 -g 40 -pix_fmt yuv420p -vsync vfr")
        let bench = TranscoderBench(Self.ladder)
        bench.play(clip)
        let steps = bench.finish()
        for rung in 0..<3 {
            #expect(
                steps.pictures(rung).map(\.presentationTime).sorted() == clip.samples.map(\.presentationTime).sorted())
            #expect(steps.keys(rung) == steps.keys(0) && steps.keys(rung).count == 6)
        }
    }

    @Test(arguments: [25, 50]) func aRungMayHaveEverySecondFrame(rate: Int) throws {
        let clip = try picture(rate: "\(rate)", seconds: 4)
        let bench = TranscoderBench(
            OutputProfile(.ladder([Self.rendition(180, 300), Self.rendition(120, 200, divisor: 2)])))
        bench.play(clip)
        let steps = bench.finish()
        let times = clip.samples.map(\.presentationTime).sorted()
        #expect(steps.pictures(0).count == 4 * rate)
        #expect(steps.pictures(1).map(\.presentationTime) == times.indices.filter { $0 % 2 == 0 }.map { times[$0] })
        #expect(steps.keys(1) == steps.keys(0) && steps.keys(0).count == 4)
        #expect(bench.figure("headwater_transcoder_delay_seconds_count{channel=\"news\"}") == Double(4 * rate))
    }

    @Test func aBreakBeginsWithAKeyFrameInAllRungs() throws {
        let clip = try picture()
        let bench = TranscoderBench(Self.ladder)
        let splice = MediaTime.milliseconds(2520)
        bench.begin([clip.track], at: .zero)
        bench.take(.splice(SpliceCue(kind: .out, eventID: 1, time: splice, section: clip.samples[0].data)))
        for sample in clip.samples { bench.take(.video(sample)) }
        let steps = bench.finish()
        for rung in 0..<3 { #expect(steps.keys(rung).contains(splice)) }
        #expect(steps.contains { if case .splice(let cue) = $0 { cue.time == splice } else { false } })
    }

    @Test func whatIsAlreadyRightIsCopied() throws {
        let (clip, sound) = (try picture(), try sound("-c:a aac"))
        let bench = TranscoderBench(Self.ladder)
        bench.play(clip, [sound])
        let steps = bench.finish()
        #expect(steps.starts.first?.tracks.dropFirst(3) == [sound.track])
        #expect(steps.sound(0) == sound.samples)
    }

    @Test func surroundSoundIsMixedDownBesideItself() throws {
        let (clip, sound) = (try picture(), try sound("-c:a ac3", channels: "5.1", name: "sound.ac3.mp4"))
        let bench = TranscoderBench(Self.ladder)
        bench.play(clip, [sound])
        let steps = bench.finish()
        let tracks = Array(steps.starts[0].tracks.dropFirst(3))
        #expect(tracks.map(\.codec) == [.aac, .ac3] && tracks.map(\.index) == [0, 1])
        guard case .audio(let format) = tracks[0].format else { return }
        #expect(format.channelCount == 2)
        #expect(steps.sound(1) == sound.samples)
        // As much is heard, from the same moment on.
        let made = steps.sound(0)
        #expect(abs(made[0].presentationTime.seconds - sound.samples[0].presentationTime.seconds) < 0.022)
        #expect(abs(Double(made.count) * 1024 / 48_000 - 5) < 0.1)
        let heard = try Clip.sound(tracks[0], made)
        #expect(heard.count >= made.count - 1)
    }

    @Test func theSourceMayBeTheHighestRung() throws {
        let clip = try picture("-sc_threshold 0 -flags +cgop")
        let bench = TranscoderBench(OutputProfile(.mixed([Self.rendition(120, 200), Self.rendition(180, 300)])))
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.starts[0].tracks.map(\.size) == [PictureSize(320, 180), PictureSize(214, 120)])
        #expect(steps.starts[0].tracks[0] == clip.track)
        #expect(steps.pictures(0) == clip.samples)
        #expect(steps.keys(1) == steps.keys(0) && steps.keys(0).count == 4)
        #expect(steps.pictures(1).count == clip.samples.count)
    }

    @Test func picturesThatLeadAnOpenGroupAreInItsSegment() throws {
        let clip = try picture("-g 41 -x264-params open-gop=1:scenecut=0", name: "open.mkv").withOpenGroups
        #expect(clip.samples.contains { $0.access == .leading })
        let bench = TranscoderBench(OutputProfile(.mixed([Self.rendition(120, 200)])))
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.pictures(0) == clip.samples)
        // Each segment's first picture, in the order in which they are shown.
        var firsts: [MediaTime] = []
        for sample in clip.samples {
            if sample.isSync { firsts.append(sample.presentationTime) }
            if sample.access == .leading {
                firsts[firsts.count - 1] = min(firsts[firsts.count - 1], sample.presentationTime)
            }
        }
        #expect(steps.keys(1) == firsts)
    }

    @Test func keyFramesOfTheSourceThatAreTooCloseCountForNothing() throws {
        let clip = try picture("-g 1 -bf 0")
        let bench = TranscoderBench(OutputProfile(.mixed([Self.rendition(120, 200)])))
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.pictures(0).map(\.data) == clip.samples.map(\.data))
        #expect(steps.keys(1) == steps.keys(0) && steps.keys(0).count > 10)
        let gaps = zip(steps.keys(0).dropFirst(), steps.keys(0)).map { $0 - $1 }
        #expect(gaps.allSatisfy { $0 >= .milliseconds(190) })
    }

    @Test func whatComesTooFastIsLeftOutAndTheRestGoesOnWithAKeyFrame() throws {
        let clip = try picture("-g 10 -bf 0", seconds: 30)
        // None is due but where pictures are missing.
        let bench = TranscoderBench(OutputProfile(Self.ladder.pictures, keyFrameInterval: .milliseconds(30_000)))
        bench.begin([clip.track], at: .zero)
        // Nobody waits for the first of them, which come at a pace at which the oldest waits for too long.
        let start = SystemClocks().now
        for (index, sample) in clip.samples.enumerated() {
            bench.take(.video(sample), waits: index >= 400, arrival: start + .milliseconds(40 * index))
        }
        let steps = bench.finish()
        let dropped = try #require(bench.figure("headwater_transcoder_dropped_samples_total{channel=\"news\"}"))
        let taken = steps.pictures(0).map(\.presentationTime)
        #expect(dropped > 0 && taken.count == clip.samples.count - Int(dropped))
        let gaps = zip(taken.dropFirst(), taken).filter { $0.0 - $0.1 > .milliseconds(40) }
        #expect(!gaps.isEmpty)
        for (next, _) in gaps { for rung in 0..<3 { #expect(steps.keys(rung).contains(next)) } }
        #expect(bench.lines.count { $0.contains("transcoder.behind") } == 1)
    }

    @Test func whatComesAtOnceIsAllTaken() throws {
        let clip = try picture("-g 10 -bf 0", seconds: 30)
        let bench = TranscoderBench(OutputProfile(.ladder([Self.rendition(90, 100)])))
        bench.begin([clip.track], at: .zero)
        let arrival = SystemClocks().now
        for sample in clip.samples { bench.take(.video(sample), waits: false, arrival: arrival) }
        #expect(bench.finish().pictures(0).count == clip.samples.count)
    }

    /// A server that is told to stop does not wait until all is encoded that came too fast.
    @Test func atTheEndNotAllIsWaitedForThatIsBehind() throws {
        final class HastyClock: Clocks {
            private let time = Mutex(Instant(nanoseconds: 0))

            var now: Instant {
                time.withLock { time in
                    time = time + .milliseconds(100)
                    return time
                }
            }
            var wallTime: WallTime { SystemClocks().wallTime }
        }
        let clip = try picture("-g 10 -bf 0", seconds: 30)
        let clock = HastyClock()
        let bench = TranscoderBench(OutputProfile(.ladder([Self.rendition(90, 100)])), clock: clock)
        bench.begin([clip.track], at: .zero)
        let arrival = clock.now
        for sample in clip.samples { bench.take(.video(sample), waits: false, arrival: arrival) }
        let taken = bench.stop().pictures(0).count
        let dropped = try #require(bench.figure("headwater_transcoder_dropped_samples_total{channel=\"news\"}"))
        let leftOut = bench.figure("headwater_transcoder_left_out_pictures_total{channel=\"news\",rendition=\"video\"}")
        #expect(dropped > 0 && taken + Int(dropped) + Int(leftOut ?? 0) == clip.samples.count)
    }

    /// Whoever publishes them waits for the last pictures of the others once it has those of the first one.
    @Test func theLastPicturesOfTheFirstRenditionComeLast() throws {
        let bench = TranscoderBench(Self.ladder, .standard)
        bench.play(try picture("-bf 0"))
        let order = bench.finish().compactMap { if case .video(_, let rung) = $0 { rung } else { nil } }
        let ends = (0..<3).map { rung in order.lastIndex(of: rung) ?? 0 }
        #expect(ends[0] > ends[1] && ends[0] > ends[2], "\(ends)")
    }

    @Test func runsFollowEachOther() throws {
        let clip = try picture()
        let bench = TranscoderBench(Self.ladder)
        bench.take(.interrupt)
        for round in 0..<2 {
            let shift = MediaTime.milliseconds(Int64(round) * 2000)
            bench.begin([clip.track], at: shift, continues: round > 0)
            for sample in clip.samples.prefix(50) { bench.take(.video(sample.moved(by: shift))) }
            if round == 1 { bench.take(.interrupt) }
        }
        bench.take(.interrupt)
        let steps = bench.finish()
        let bounds = steps.compactMap { step in
            switch step {
            case .begin(let start): start.continues ? "continues" : "begins"
            case .interrupt: "ends"
            default: nil
            }
        }
        // What continues is the same to viewers.
        #expect(bounds == ["begins", "ends"])
        #expect(steps.pictures(2).count == 100)
        guard case .interrupt? = steps.last else {
            Issue.record("something came behind the end")
            return
        }
    }

    @Test func soundGoesOnWithoutPicturesThatCannotBeDecoded() throws {
        let (clip, sound) = (try picture(), try sound("-c:a aac"))
        let bench = TranscoderBench(Self.ladder)
        bench.begin([clip.track, sound.track], at: .zero)
        for sample in clip.samples {
            let garbage = Sample(
                data: ByteChunk([0, 0, 0, 2, 0x65, 0xFF]), decodeTime: sample.decodeTime,
                presentationTime: sample.presentationTime, access: sample.access)
            bench.take(.video(garbage))
        }
        for sample in sound.samples { bench.take(.audio(sample, track: 0)) }
        let steps = bench.finish()
        #expect(steps.starts.map(\.tracks) == [[sound.track]])
        #expect(steps.sound(0) == sound.samples && steps.pictures(0).isEmpty)
        #expect((bench.figure("headwater_transcoder_faults_total{channel=\"news\",step=\"decode\"}") ?? 0) > 100)
        #expect(bench.lines.count { $0.contains("transcoder.undecodable") } == 1)
    }
}

extension Clip {
    /// Groups of pictures are open where pictures lead their key frames.
    fileprivate var withOpenGroups: Clip {
        var key: MediaTime?
        let leads = samples.enumerated().map { index, sample -> SampleAccess in
            if sample.isSync {
                key = sample.presentationTime
                let isOpen =
                    index > 0
                    && samples[(index + 1)...].prefix { !$0.isSync }.contains {
                        $0.presentationTime < sample.presentationTime
                    }
                return isOpen ? .openSync : .sync
            }
            return key.map { sample.presentationTime < $0 } ?? false ? .leading : .dependent
        }
        return Clip(
            self,
            samples: zip(samples, leads).map {
                Sample(
                    data: $0.data, decodeTime: $0.decodeTime, presentationTime: $0.presentationTime, access: $1)
            })
    }
}
