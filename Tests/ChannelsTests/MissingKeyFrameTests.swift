import Bytes
import Ingest
import Locks
import Media
import Packaging
import Publishing
import Telemetry
import Testing
import Time

@testable import Channels

/// Encoders that send pictures and no key frame.
@Suite struct MissingKeyFrameTests {
    private static func isMissing(_ action: FeedSession.Action) -> Bool {
        if case .keyFrameMissing = action { true } else { false }
    }

    /// Sound in frames of 20 ms and pictures of 40 ms, of which those in `keys` are key frames; what comes of each.
    private static func play(
        _ session: inout FeedSession, _ span: Range<Int64>, keys: Set<Int64> = [], sounds: Int = 1
    ) -> [(time: Int64, action: FeedSession.Action)] {
        var actions: [(Int64, FeedSession.Action)] = []
        for time in stride(from: span.lowerBound, to: span.upperBound, by: 20) {
            let arrival = Instant(nanoseconds: time * 1_000_000)
            if time % 40 == 0 {
                let picture = SessionBench.sample(time, isSync: keys.contains(time))
                actions += session.take(.video(picture), arrival: arrival).map { (time, $0) }
            }
            for track in 0..<sounds {
                actions += session.take(.audio(SessionBench.sample(time), track: track), arrival: arrival)
                    .map { (time, $0) }
            }
        }
        return actions
    }

    @Test(arguments: [1, 8]) func soundBeginsAloneAfterSixSeconds(sounds: Int) throws {
        var session = FeedSession()
        _ = session.take(.track(ChannelBench.video), arrival: Instant(nanoseconds: 0))
        for index in 0..<sounds {
            _ = session.take(.track(SessionBench.sound(index)), arrival: Instant(nanoseconds: 0))
        }
        #expect(Self.play(&session, 0..<6000, sounds: sounds).isEmpty && !session.isRunning)
        let actions = Self.play(&session, 6000..<12_000, sounds: sounds)
        let begun = try #require(SessionBench.begun(actions.filter { !Self.isMissing($0.action) }.map(\.action)))
        #expect(begun.tracks.count == sounds && begun.tracks.allSatisfy { $0.codec == .aac })
        #expect(actions.filter { Self.isMissing($0.action) }.map(\.time) == [6000], "told once")
        // The picture joins with its key frame.
        let joined = Self.play(&session, 12_000..<12_040, keys: [12_000], sounds: sounds)
        let both = try #require(SessionBench.begun(joined.map(\.action)))
        #expect(both.tracks.first == ChannelBench.video && both.start == 12_000)
    }

    @Test func aKeyFrameInTimeBeginsBoth() throws {
        var session = SessionBench.session()
        #expect(Self.play(&session, 0..<5960).isEmpty)
        let begun = try #require(SessionBench.begun(Self.play(&session, 5960..<6040, keys: [5960]).map(\.action)))
        #expect(begun.tracks.count == 2 && begun.start == 5960)
    }

    /// Six seconds from one key frame to the next are not yet missing ones.
    @Test func picturesThatWereCompleteAreNotMissed() {
        var session = SessionBench.session()
        let actions = Self.play(&session, 0..<30_000, keys: [0])
        #expect(!actions.contains { Self.isMissing($0.action) })
    }

    /// Also after one that got lost.
    @Test func aLostReferenceIsToldOf() {
        var session = SessionBench.session()
        _ = Self.play(&session, 0..<2000, keys: [0])
        _ = session.take(.video(SessionBench.sample(1950, bytes: 20)), arrival: Instant(nanoseconds: 2_000_000_000))
        let actions = Self.play(&session, 2000..<9000)
        #expect(actions.filter { Self.isMissing($0.action) }.map(\.time) == [8000])
    }

    @Test(arguments: [DeclaredTracks.video, .videoAndAudio]) func itIsLoggedAndThePublisherIsWarned(
        tracks: DeclaredTracks
    ) throws {
        let (lines, clock, encoder) = (ChannelBench.Lines(), ManualClock(), ChannelBench.Encoder())
        let channel = Channel(
            ChannelConfiguration(
                id: "news", name: "news", streamKey: Secret("key"), profile: LatencyProfile(.ultra), tracks: tracks),
            waker: Waker(), clock: clock, logger: Logger(sink: lines), registry: MetricsRegistry())
        let directory = ChannelDirectory([channel])
        let feed = try directory.open(ChannelBench.request("key"), for: encoder)
        for track in [ChannelBench.video, ChannelBench.audio] { feed.receive(.track(track), arrival: clock.now) }
        for time in stride(from: Int64(0), to: 14_000, by: 40) {
            let at = MediaTime.milliseconds(time)
            let picture = Sample(
                data: ByteChunk([0, 0, 0, 1, 0x41]), decodeTime: at, presentationTime: at, isSync: false)
            feed.receive(.video(picture), arrival: clock.now)
            for time in [time, time + 20] {
                let at = MediaTime.milliseconds(time)
                let sound = Sample(data: ByteChunk([1]), decodeTime: at, presentationTime: at, isSync: true)
                feed.receive(.audio(sound), arrival: clock.now)
            }
            clock.advance(by: .milliseconds(40))
            channel.tick()
        }
        #expect(encoder.warnings.withLock { $0 } == ["NetStream.Publish.KeyframeInterval"])
        #expect(lines.lines.withLock { $0 }.count { $0.contains("channel.keyframe_missing") } == 1)
        let renditions = channel.output.snapshot?.renditions.filter { !$0.segments.allSatisfy(\.isGap) }.map(\.name)
        #expect(renditions == (tracks == .video ? nil : ["audio"]))
    }
}
