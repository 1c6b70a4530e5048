import Bytes
import Ingest
import Media
import Packaging
import Testing
import Time

@testable import Channels

/// What a run begins with, and when.
@Suite struct FeedSessionTests {
    private let now = Instant(nanoseconds: 0)

    @Test func picturesBeforeTheFirstKeyFrameAreDropped() {
        var session = SessionBench.session()
        for time in Int64(0)..<5 { #expect(session.take(.video(SessionBench.sample(time * 40)), arrival: now).isEmpty) }
        #expect(session.droppedSamples == 5 && !session.isRunning)
        #expect(session.take(.video(SessionBench.sample(200, isSync: true)), arrival: now).count == 2)
        #expect(session.isRunning)
    }

    @Test func whatWaitsForARunIsBoundedInBytes() {
        var session = SessionBench.session(hasAudio: false)
        let megabytes = 8 << 20
        for time in Int64(0)..<4 {
            _ = session.take(.video(SessionBench.sample(time, bytes: megabytes, isSync: time == 0)), arrival: now)
        }
        #expect(session.droppedSamples == 0)
        #expect(session.take(.video(SessionBench.sample(4, bytes: megabytes)), arrival: now).isEmpty)
        #expect(session.droppedSamples == 5)
        // It begins again with the next key frame.
        _ = session.take(.video(SessionBench.sample(5, isSync: true)), arrival: now)
        #expect(session.take(.video(SessionBench.sample(1005)), arrival: now).count == 3)
    }

    /// A clock that stands still would never end a part.
    @Test func onlySoManyPicturesMayHaveOneTime() {
        var session = SessionBench.session()
        var taken = 0
        for position in 0..<1000 {
            taken += session.take(.video(SessionBench.sample(0, isSync: position == 0)), arrival: now).isEmpty ? 0 : 1
        }
        #expect(taken == 16 && session.droppedSamples == 984)
        // The next ones refer to what is missing now.
        #expect(session.take(.video(SessionBench.sample(40)), arrival: now).isEmpty)
        #expect(session.take(.video(SessionBench.sample(80, isSync: true)), arrival: now).count == 1)
    }

    /// An encoder that changes its picture may change its sound with it: that shall be one new run, not two.
    @Test func tracksThatChangeTogetherBeginOneRun() {
        var session = SessionBench.session()
        _ = session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)
        #expect(session.isRunning)
        let video = Track(
            codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 1]), codecString: "avc1.64001f")
        let audio = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 44_100, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x12, 0x10]), codecString: "mp4a.40.2")
        _ = session.take(.track(video), arrival: now)
        #expect(
            session.take(.video(SessionBench.sample(40, isSync: true)), arrival: now).isEmpty, "sound may change too")
        _ = session.take(.track(audio), arrival: now)
        let actions = session.take(.audio(SessionBench.sample(45)), arrival: now)
        guard case .media(.begin(let start))? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(start.tracks == [video, audio] && start.sourceStart == .milliseconds(40) && actions.count == 3)
        #expect(start.continues, "the source's clock has gone on")
    }

    /// A source counts its tracks as it likes; a run counts those that are there.
    @Test func audioTracksAreThoseOfTheRun() {
        var session = FeedSession()
        var (first, third) = (ChannelBench.audio, ChannelBench.audio)
        (first.index, third.index) = (0, 2)
        for track in [third, ChannelBench.video, first] { _ = session.take(.track(track), arrival: now) }
        let actions = session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)
        guard case .media(.begin(let start))? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(start.tracks == [ChannelBench.video, first, third])
        guard
            case .media(.audio(_, let place))? = session.take(.audio(SessionBench.sample(5), track: 2), arrival: now)
                .first
        else {
            Issue.record("the track is not there")
            return
        }
        #expect(place == 1)
        #expect(
            session.take(.audio(SessionBench.sample(5), track: 1), arrival: now).isEmpty, "nobody has configured it")
        var distant = first
        distant.index = 1000
        _ = session.take(.track(distant), arrival: now)
        #expect(session.isRunning, "so many tracks are not taken")
    }

    /// Pictures that wait are coded as the configuration before them said.
    @Test func picturesThatWaitGoWithTheirConfiguration() throws {
        var session = SessionBench.session(hasAudio: false)
        for time in Int64(0)..<5 {
            _ = session.take(.video(SessionBench.sample(time * 40, isSync: time == 0)), arrival: now)
        }
        _ = session.take(.track(ChannelBench.video), arrival: now)
        #expect(session.droppedSamples == 0, "the configuration is the same")
        _ = session.take(.track(SessionBench.larger), arrival: now)
        #expect(session.droppedSamples == 5)
        #expect(session.take(.video(SessionBench.sample(200)), arrival: now).isEmpty, "it needs a picture that is gone")
        #expect(session.take(.video(SessionBench.sample(240, isSync: true)), arrival: now).isEmpty)
        let begun = try #require(SessionBench.begun(session.take(.video(SessionBench.sample(1240)), arrival: now)))
        #expect(begun.tracks == [SessionBench.larger] && begun.start == 240 && begun.times == [240, 1240])
    }

    /// The picture changed, and changes again before the sound that the run waits for has come.
    @Test func aRunDoesNotBeginWithTheLastButOneConfiguration() throws {
        var session = SessionBench.session()
        _ = session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)
        #expect(session.isRunning)
        _ = session.take(.track(SessionBench.larger), arrival: now)
        _ = session.take(.video(SessionBench.sample(40, isSync: true)), arrival: now)
        _ = session.take(.track(ChannelBench.video), arrival: now)
        #expect(session.take(.audio(SessionBench.sample(45)), arrival: now).isEmpty)
        _ = session.take(.video(SessionBench.sample(80, isSync: true)), arrival: now)
        let begun = try #require(SessionBench.begun(session.take(.audio(SessionBench.sample(85)), arrival: now)))
        #expect(begun.tracks.first == ChannelBench.video && begun.times == [80, 85])
    }

    /// Only the sound that is configured anew is dropped, and the run begins when what is left did.
    @Test func soundThatWaitsGoesWithItsConfiguration() throws {
        var session = FeedSession()
        for index in 0...1 { _ = session.take(.track(SessionBench.sound(index)), arrival: now) }
        func arrival(_ time: Int64) -> Instant { Instant(nanoseconds: time * 1_000_000) }
        for time in [Int64(0), 100, 200] {
            _ = session.take(.audio(SessionBench.sample(time)), arrival: arrival(time))
            _ = session.take(.audio(SessionBench.sample(time + 50), track: 1), arrival: arrival(time + 50))
        }
        _ = session.take(.track(SessionBench.sound(0, rate: 44_100)), arrival: arrival(260))
        #expect(session.droppedSamples == 3)
        #expect(session.take(.audio(SessionBench.sample(1000)), arrival: arrival(1000)).isEmpty)
        let begun = try #require(
            SessionBench.begun(session.take(.audio(SessionBench.sample(1050)), arrival: arrival(1050))))
        #expect(begun.tracks == [SessionBench.sound(0, rate: 44_100), SessionBench.sound(1)])
        #expect(begun.start == 50 && begun.arrival == arrival(50) && begun.times == [50, 150, 250, 1000, 1050])
    }

    /// Nobody waits for the next key frame to hear it, and the picture is not interrupted before that.
    @Test func aTrackThatComesLateBeginsARunWithTheNextKeyFrame() throws {
        var session = SessionBench.session(hasAudio: false)
        for time in stride(from: Int64(0), to: 3000, by: 40) {
            _ = session.take(.video(SessionBench.sample(time, isSync: time == 0)), arrival: now + .milliseconds(time))
        }
        #expect(session.isRunning)
        _ = session.take(.track(ChannelBench.audio), arrival: now + .seconds(3))
        #expect(session.take(.video(SessionBench.sample(3000)), arrival: now + .seconds(3)).count == 1)
        #expect(session.take(.audio(SessionBench.sample(3000)), arrival: now + .seconds(3)).isEmpty)
        let actions = session.take(.video(SessionBench.sample(3040, isSync: true)), arrival: now + .milliseconds(3040))
        guard case .media(.begin(let start))? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(start.continues && start.tracks.count == 2 && start.sourceStart == .milliseconds(3040))
        #expect(session.take(.audio(SessionBench.sample(3060)), arrival: now + .milliseconds(3060)).count == 1)
    }

    /// Frames of one configuration cannot be decoded with another.
    @Test func soundThatIsConfiguredAnewIsWithdrawnUntilTheNextKeyFrame() throws {
        var session = SessionBench.session()
        _ = session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)
        let actions = session.take(.track(SessionBench.sound(0, rate: 44_100)), arrival: now)
        guard case .media(.withdrawAudio(0))? = actions.first else {
            Issue.record("it is still waited for")
            return
        }
        #expect(session.take(.audio(SessionBench.sample(20)), arrival: now).isEmpty)
        #expect(session.take(.video(SessionBench.sample(40)), arrival: now).count == 1)
        let begun = try #require(
            SessionBench.begun(session.take(.video(SessionBench.sample(80, isSync: true)), arrival: now)))
        #expect(begun.tracks == [ChannelBench.video, SessionBench.sound(0, rate: 44_100)])
    }

    @Test func onlyDeclaredTracksAreTaken() throws {
        for declared in [DeclaredTracks.video, .audio] {
            var session = FeedSession(declared)
            _ = session.take(.track(ChannelBench.video), arrival: now)
            _ = session.take(.track(ChannelBench.audio), arrival: now)
            var kinds: Set<String> = []
            for time in stride(from: Int64(0), to: 2000, by: 20) {
                let arrival = now + .milliseconds(time)
                let actions =
                    session.take(.video(SessionBench.sample(time, isSync: time == 0)), arrival: arrival)
                    + session.take(.audio(SessionBench.sample(time)), arrival: arrival)
                for action in actions {
                    switch action {
                    case .media(.begin(let start)): #expect(start.tracks.count == 1)
                    case .media(.video): kinds.insert("video")
                    case .media(.audio): kinds.insert("audio")
                    default: break
                    }
                }
            }
            #expect(kinds == [declared.rawValue])
        }
    }

    @Test func aTrackThatNoPlayerTakesIsToldOfOnce() {
        var session = SessionBench.session()
        let track = Track(
            codec: .mp2, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1152)),
            decoderConfiguration: ByteChunk(), codecString: "mp4a.40.33")
        guard case .unpublishable("mp2")? = session.take(.track(track), arrival: now).first else {
            Issue.record("nobody is told")
            return
        }
        #expect(session.take(.track(track), arrival: now).isEmpty)
    }

    @Test func moreTracksOfSoundThanAreTakenAreToldOfOnce() {
        var session = SessionBench.session()
        for index in 0..<16 { #expect(session.take(.track(SessionBench.sound(index)), arrival: now).isEmpty) }
        guard case .tooManyTracks? = session.take(.track(SessionBench.sound(16)), arrival: now).first else {
            Issue.record("nobody is told")
            return
        }
        for index in 16..<20 { #expect(session.take(.track(SessionBench.sound(index)), arrival: now).isEmpty) }
    }

    @Test func aStreamThatNothingCanBeMadeOfIsToldOfOnce() {
        var session = SessionBench.session()
        guard
            case .unpublishable("MPEG-2 video")? = session.take(.unusable(codecName: "MPEG-2 video"), arrival: now)
                .first
        else {
            Issue.record("nobody is told")
            return
        }
        #expect(session.take(.unusable(codecName: "MPEG-2 video"), arrival: now).isEmpty)
    }

    /// Multiplexers may send sound before the pictures of its time.
    @Test func soundThatCameBeforeItsPictureIsHeard() throws {
        var session = SessionBench.session()
        for time in stride(from: Int64(0), to: 600, by: 20) {
            _ = session.take(.audio(SessionBench.sample(time)), arrival: now)
        }
        let begun = try #require(
            SessionBench.begun(session.take(.video(SessionBench.sample(300, isSync: true)), arrival: now)))
        #expect(begun.times.first == 300 && begun.times.count == 16 && begun.times.dropFirst().allSatisfy { $0 >= 300 })
    }

    /// Those of presentation may be finer; decode times are counted in ticks of the run's clock.
    @Test func aRunHasTheClockOfItsDecodeTimes() throws {
        var session = SessionBench.session(hasAudio: false)
        let first = Sample(
            data: ByteChunk([0]), decodeTime: .milliseconds(40),
            presentationTime: MediaTime(40_333_333, Timescale(1_000_000_000)), isSync: true)
        var actions = session.take(.video(first), arrival: now)
        actions += session.take(.video(SessionBench.sample(1040)), arrival: now)
        guard case .media(.begin(let start))? = actions.first else {
            Issue.record("no run begins")
            return
        }
        #expect(start.sourceStart == .milliseconds(40) && start.sourceStart.timescale == .milliseconds)
    }

    /// Else clients would get a presentation for each way of coding and each language, and the last would stay.
    @Test(arguments: [1, 2, 3, 20]) func aRunAwaitsTheTracksThatAreAnnounced(count: Int) throws {
        var session = SessionBench.session(hasAudio: false)
        _ = session.take(.announcement(audioTracks: count), arrival: now)
        #expect(session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now).isEmpty)
        for index in 0..<min(count, 16) - 1 {
            _ = session.take(.track(SessionBench.sound(index)), arrival: now)
            #expect(session.take(.audio(SessionBench.sample(Int64(index)), track: index), arrival: now).isEmpty)
        }
        // One that is not published counts too, as often as it is told of.
        var last = Track(
            codec: .mp2, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1152)),
            decoderConfiguration: ByteChunk(), codecString: "mp4a.40.33")
        last.index = min(count, 16) - 1
        _ = session.take(.track(count == 3 ? last : SessionBench.sound(last.index)), arrival: now)
        let actions = session.take(.video(SessionBench.sample(40)), arrival: now)
        #expect(try #require(SessionBench.begun(actions)).tracks.count == (count == 3 ? 3 : 1 + min(count, 16)))
    }

    @Test func aTrackThatIsAnnouncedAndDoesNotComeIsNotAwaitedForLong() throws {
        var session = SessionBench.session()
        _ = session.take(.announcement(audioTracks: 2), arrival: now)
        #expect(session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now).isEmpty)
        #expect(session.take(.video(SessionBench.sample(960)), arrival: now).isEmpty)
        let begun = try #require(SessionBench.begun(session.take(.video(SessionBench.sample(1000)), arrival: now)))
        #expect(begun.tracks.count == 2 && begun.times == [0, 960, 1000])
    }

    @Test func sixteenAudioTracksAreTaken() throws {
        var session = FeedSession()
        for index in [-1, 16, Int.max] + (0..<16).reversed() {
            _ = session.take(.track(SessionBench.sound(index)), arrival: now)
        }
        #expect(session.droppedSamples == 3)
        _ = session.take(.track(ChannelBench.video), arrival: now)
        let begun = try #require(
            SessionBench.begun(session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)))
        #expect(begun.tracks.dropFirst().map(\.index) == Array(0..<16))
        for index in -1...16 {
            let actions = session.take(.audio(SessionBench.sample(5), track: index), arrival: now)
            #expect(actions.count == ((0..<16).contains(index) ? 1 : 0))
        }
    }
}
