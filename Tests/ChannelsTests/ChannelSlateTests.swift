import Bytes
import FFmpeg
import Glibc
import Ingest
import Locks
import Media
import Packaging
import Publishing
import Telemetry
import Testing
import Time
import Transcoding

@testable import Channels

/// What a channel shows while nothing comes in.
@Suite(.timeLimit(.minutes(10))) struct ChannelSlateTests {
    /// A channel, its clock, and its studio.
    private struct Stage {
        let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))
        let studio = SlateStudio()
        let registry = MetricsRegistry()
        let lines = ChannelBench.Lines()
        let channel: Channel
        let directory: ChannelDirectory

        init(_ rules: SlateRules?, output: OutputProfile = .passthrough) {
            channel = Channel(
                ChannelConfiguration(
                    id: "news", name: "News", streamKey: Secret("key"), profile: LatencyProfile(.ultra), output: output,
                    slate: rules),
                waker: Waker(), studio: studio, clock: clock, logger: Logger(sink: lines), registry: registry)
            directory = ChannelDirectory([channel])
        }

        /// Waits until the slate has been made.
        func waitForSlate() -> Bool {
            for _ in 0..<1200 {
                if channel.state.withLock({ $0.slates.slate != nil }) { return true }
                usleep(50_000)
            }
            return false
        }

        func pass(milliseconds: Int64) {
            for _ in 0..<(milliseconds / 50) {
                clock.advance(by: .milliseconds(50))
                channel.tick()
            }
        }

        /// Has an encoder publish pictures and sound for so long.
        func publish(seconds: Int64) throws -> any Feed {
            let feed = try directory.open(ChannelBench.request("key"), for: ChannelBench.Encoder())
            for track in [ChannelBench.video, sound] { feed.receive(.track(track), arrival: clock.now) }
            for time in stride(from: Int64(0), to: seconds * 1000, by: 40) {
                let at = MediaTime.milliseconds(time)
                let picture = Sample(
                    data: ChannelBench.picture, decodeTime: at, presentationTime: at, isSync: time % 1000 == 0)
                feed.receive(.video(picture), arrival: clock.now)
                for half in [time, time + 20] {
                    let at = MediaTime.milliseconds(half)
                    feed.receive(
                        .audio(
                            Sample(data: ByteChunk([1]), decodeTime: at, presentationTime: at, isSync: true), track: 0),
                        arrival: clock.now)
                }
                clock.advance(by: .milliseconds(40))
                channel.tick()
            }
            return feed
        }

        private var sound: Track {
            Track(
                codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
                decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2")
        }

        var segments: [Segment] { channel.output.snapshot?.renditions.first?.segments ?? [] }

        func count(_ event: String) -> Int { lines.lines.withLock { $0 }.count { $0.contains(event) } }
    }

    private static let rules = SlateRules(StillPicture(.card(title: "News", line: "Soon")))

    @Test func itIsShownFromTheEndOfAFeedToTheNext() throws {
        let stage = Stage(Self.rules)
        let feed = try stage.publish(seconds: 4)
        #expect(stage.waitForSlate())
        feed.end()
        stage.pass(milliseconds: 400)
        #expect(stage.count("channel.slate_began") == 0)
        stage.pass(milliseconds: 5600)
        #expect(stage.count("channel.slate_began") == 1 && stage.count("channel.silence_began") == 0)
        #expect(stage.registry.prometheusText().contains(#"headwater_channel_slate{channel="news"} 1"#))
        _ = try stage.publish(seconds: 4)
        #expect(stage.count("channel.slate_ended") == 1)
        #expect(stage.registry.prometheusText().contains(#"headwater_channel_slate{channel="news"} 0"#))
        let segments = stage.segments
        #expect(segments.allSatisfy { !$0.isGap } && segments.filter(\.isDiscontinuous).count == 2)
        let breaks = segments.filter(\.isDiscontinuous).map(\.start.seconds)
        #expect(breaks.count == 2 && abs(breaks[0] - 4) < 0.3 && abs(breaks[1] - 10) < 0.5, "\(breaks)")
    }

    @Test func aFrozenEncoderIsGivenTwoSeconds() throws {
        let stage = Stage(Self.rules)
        let feed = try stage.publish(seconds: 4)
        #expect(stage.waitForSlate())
        stage.pass(milliseconds: 1900)
        #expect(stage.count("channel.slate_began") == 0)
        stage.pass(milliseconds: 300)
        #expect(stage.count("channel.slate_began") == 1)
        // Nothing is missing of the time until then.
        #expect(stage.segments.allSatisfy { !$0.isGap })
        feed.end()
        stage.pass(milliseconds: 1000)
        #expect(stage.count("channel.slate_began") == 1 && stage.count("channel.slate_ended") == 0)
    }

    @Test func withoutOneMediaAreMissing() throws {
        let stage = Stage(nil)
        try stage.publish(seconds: 4).end()
        stage.pass(milliseconds: 4000)
        #expect(stage.count("channel.silence_began") == 1 && stage.segments.contains(where: \.isGap))
    }

    @Test func oneThatCannotBeMadeIsToldOf() throws {
        let stage = Stage(SlateRules(StillPicture(.image(path: "/nowhere/slate.png"))))
        try stage.publish(seconds: 4).end()
        for _ in 0..<1200 where stage.count("channel.slate_missing") == 0 { usleep(50_000) }
        stage.pass(milliseconds: 4000)
        #expect(stage.count("channel.slate_missing") == 1 && stage.count("channel.silence_began") == 1)
    }

    @Test(arguments: [OutputProfile.passthrough, OutputProfile(.sd)])
    func aChannelMayBeginWithIt(output: OutputProfile) throws {
        var rules = Self.rules
        rules.isFirst = true
        let stage = Stage(rules, output: output)
        #expect(stage.waitForSlate())
        stage.pass(milliseconds: 10_000)
        let renditions = try #require(stage.channel.output.snapshot?.renditions)
        #expect(renditions.filter(\.isVideo).count == max(output.renditions.count, 1))
        #expect(renditions.allSatisfy { !$0.segments.isEmpty && $0.segments.allSatisfy { !$0.isGap } })
        #expect(renditions.contains { !$0.isVideo })
        #expect(stage.channel.output.snapshot?.isPlayable == true)
        stage.channel.stop()
    }

    /// The encoder finds the presentation that is there, and goes on with it.
    @Test func theFirstEncoderGoesOnBehindIt() throws {
        var rules = Self.rules
        rules.isFirst = true
        let stage = Stage(rules)
        #expect(stage.waitForSlate())
        stage.pass(milliseconds: 5000)
        let id = stage.channel.output.snapshot?.id
        _ = try stage.publish(seconds: 4)
        #expect(stage.channel.output.snapshot?.id == id && id != nil)
        #expect(stage.segments.filter(\.isDiscontinuous).count == 1 && stage.segments.allSatisfy { !$0.isGap })
    }
}
