import Bytes
import Ingest
import Media
import Testing
import Time

@testable import Channels

@Suite struct FeedSessionTests {
    private static func sample(_ milliseconds: Int64, bytes: Int = 10, isSync: Bool = false) -> Sample {
        Sample(
            data: ByteChunk([UInt8](repeating: 0, count: bytes)), decodeTime: .milliseconds(milliseconds),
            presentationTime: .milliseconds(milliseconds), isSync: isSync)
    }

    private let now = Instant(nanoseconds: 0)

    /// A session that knows both tracks, where it is to know sound.
    private func session(hasAudio: Bool = true) -> FeedSession {
        var session = FeedSession()
        _ = session.take(.track(ChannelDirectoryTests.video), arrival: now)
        if hasAudio { _ = session.take(.track(ChannelDirectoryTests.audio), arrival: now) }
        return session
    }

    @Test func picturesBeforeTheFirstKeyFrameAreDropped() {
        var session = session()
        for time in Int64(0)..<5 { #expect(session.take(.video(Self.sample(time * 40)), arrival: now).isEmpty) }
        #expect(session.droppedSamples == 5 && !session.isRunning)
        #expect(session.take(.video(Self.sample(200, isSync: true)), arrival: now).count == 2)
        #expect(session.isRunning)
    }

    @Test func whatWaitsForARunIsBoundedInBytes() {
        var session = session(hasAudio: false)
        let megabytes = 8 << 20
        for time in Int64(0)..<4 {
            _ = session.take(.video(Self.sample(time, bytes: megabytes, isSync: time == 0)), arrival: now)
        }
        #expect(session.droppedSamples == 0)
        #expect(session.take(.video(Self.sample(4, bytes: megabytes)), arrival: now).isEmpty)
        #expect(session.droppedSamples == 5)
        // It begins again with the next key frame.
        _ = session.take(.video(Self.sample(5, isSync: true)), arrival: now)
        #expect(session.take(.video(Self.sample(1005)), arrival: now).count == 3)
    }

    /// A clock that stands still would never end a part.
    @Test func onlySoManyPicturesMayHaveOneTime() {
        var session = session()
        var taken = 0
        for position in 0..<1000 {
            taken += session.take(.video(Self.sample(0, isSync: position == 0)), arrival: now).isEmpty ? 0 : 1
        }
        #expect(taken == 16 && session.droppedSamples == 984)
        #expect(session.take(.video(Self.sample(40)), arrival: now).count == 1)
    }

    /// An encoder that changes its picture may change its sound with it: that shall be one new run, not two.
    @Test func tracksThatChangeTogetherBeginOneRun() {
        var session = session()
        _ = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        #expect(session.isRunning)
        let video = Track(
            codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 1]), codecString: "avc1.64001f")
        let audio = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 44_100, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x12, 0x10]), codecString: "mp4a.40.2")
        _ = session.take(.track(video), arrival: now)
        #expect(session.take(.video(Self.sample(40, isSync: true)), arrival: now).isEmpty, "sound may change too")
        _ = session.take(.track(audio), arrival: now)
        let actions = session.take(.audio(Self.sample(45)), arrival: now)
        guard case .begin(let tracks, let start, _)? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(tracks == [video, audio] && start == .milliseconds(40) && actions.count == 3)
    }

    /// A source counts its tracks as it likes; a run counts those that are there.
    @Test func audioTracksAreThoseOfTheRun() {
        var session = FeedSession()
        var (first, third) = (ChannelDirectoryTests.audio, ChannelDirectoryTests.audio)
        (first.index, third.index) = (0, 2)
        for track in [third, ChannelDirectoryTests.video, first] { _ = session.take(.track(track), arrival: now) }
        let actions = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        guard case .begin(let tracks, _, _)? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(tracks == [ChannelDirectoryTests.video, first, third])
        guard case .audio(_, let place)? = session.take(.audio(Self.sample(5), track: 2), arrival: now).first else {
            Issue.record("the track is not there")
            return
        }
        #expect(place == 1)
        #expect(session.take(.audio(Self.sample(5), track: 1), arrival: now).isEmpty, "nobody has configured it")
        var distant = first
        distant.index = 1000
        _ = session.take(.track(distant), arrival: now)
        #expect(session.isRunning, "so many tracks are not taken")
    }
}
