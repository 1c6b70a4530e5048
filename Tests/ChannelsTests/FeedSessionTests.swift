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
}
