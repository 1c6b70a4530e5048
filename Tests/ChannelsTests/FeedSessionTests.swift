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
        guard case .begin(let start)? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(start.tracks == [video, audio] && start.sourceStart == .milliseconds(40) && actions.count == 3)
        #expect(start.continues, "the source's clock has gone on")
    }

    /// A source counts its tracks as it likes; a run counts those that are there.
    @Test func audioTracksAreThoseOfTheRun() {
        var session = FeedSession()
        var (first, third) = (ChannelDirectoryTests.audio, ChannelDirectoryTests.audio)
        (first.index, third.index) = (0, 2)
        for track in [third, ChannelDirectoryTests.video, first] { _ = session.take(.track(track), arrival: now) }
        let actions = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        guard case .begin(let start)? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(start.tracks == [ChannelDirectoryTests.video, first, third])
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

    private static let larger = Track(
        codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
        decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 1]), codecString: "avc1.64001f")

    private static func sound(_ index: Int, rate: UInt32 = 48_000) -> Track {
        var track = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: rate, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2")
        track.index = index
        return track
    }

    /// The times of what a run begins with, and what it says of its beginning; nothing when none begins.
    private static func begun(_ actions: [FeedSession.Action]) -> (
        start: Int64, arrival: Instant, tracks: [Track], times: [Int64]
    )? {
        guard case .begin(let start)? = actions.first else { return nil }
        let times = actions.compactMap { action -> Int64? in
            switch action {
            case .video(let sample), .audio(let sample, _): sample.decodeTime.value
            default: nil
            }
        }
        return (start.sourceStart.value, start.arrival, start.tracks, times)
    }

    /// Pictures that wait are coded as the configuration before them said.
    @Test func picturesThatWaitGoWithTheirConfiguration() throws {
        var session = session(hasAudio: false)
        for time in Int64(0)..<5 { _ = session.take(.video(Self.sample(time * 40, isSync: time == 0)), arrival: now) }
        _ = session.take(.track(ChannelDirectoryTests.video), arrival: now)
        #expect(session.droppedSamples == 0, "the configuration is the same")
        _ = session.take(.track(Self.larger), arrival: now)
        #expect(session.droppedSamples == 5)
        #expect(session.take(.video(Self.sample(200)), arrival: now).isEmpty, "it needs a picture that is gone")
        #expect(session.take(.video(Self.sample(240, isSync: true)), arrival: now).isEmpty)
        let begun = try #require(Self.begun(session.take(.video(Self.sample(1240)), arrival: now)))
        #expect(begun.tracks == [Self.larger] && begun.start == 240 && begun.times == [240, 1240])
    }

    /// The picture changed, and changes again before the sound that the run waits for has come.
    @Test func aRunDoesNotBeginWithTheLastButOneConfiguration() throws {
        var session = session()
        _ = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        #expect(session.isRunning)
        _ = session.take(.track(Self.larger), arrival: now)
        _ = session.take(.video(Self.sample(40, isSync: true)), arrival: now)
        _ = session.take(.track(ChannelDirectoryTests.video), arrival: now)
        #expect(session.take(.audio(Self.sample(45)), arrival: now).isEmpty)
        _ = session.take(.video(Self.sample(80, isSync: true)), arrival: now)
        let begun = try #require(Self.begun(session.take(.audio(Self.sample(85)), arrival: now)))
        #expect(begun.tracks.first == ChannelDirectoryTests.video && begun.times == [80, 85])
    }

    /// Only the sound that is configured anew is dropped, and the run begins when what is left did.
    @Test func soundThatWaitsGoesWithItsConfiguration() throws {
        var session = FeedSession()
        for index in 0...1 { _ = session.take(.track(Self.sound(index)), arrival: now) }
        func arrival(_ time: Int64) -> Instant { Instant(nanoseconds: time * 1_000_000) }
        for time in [Int64(0), 100, 200] {
            _ = session.take(.audio(Self.sample(time)), arrival: arrival(time))
            _ = session.take(.audio(Self.sample(time + 50), track: 1), arrival: arrival(time + 50))
        }
        _ = session.take(.track(Self.sound(0, rate: 44_100)), arrival: arrival(260))
        #expect(session.droppedSamples == 3)
        #expect(session.take(.audio(Self.sample(1000)), arrival: arrival(1000)).isEmpty)
        let begun = try #require(Self.begun(session.take(.audio(Self.sample(1050)), arrival: arrival(1050))))
        #expect(begun.tracks == [Self.sound(0, rate: 44_100), Self.sound(1)])
        #expect(begun.start == 50 && begun.arrival == arrival(50) && begun.times == [50, 150, 250, 1000, 1050])
    }

    /// A track on a clock of its own is hours ahead: it is put beside the others.
    @Test func soundOfAnotherClockIsHeardBesideTheOthers() {
        var session = FeedSession()
        for index in 0...1 { _ = session.take(.track(Self.sound(index)), arrival: now) }
        var distances: [Int64] = []
        var last: Int64 = 0
        for time in stride(from: Int64(0), to: 3000, by: 20) {
            let arrival = now + .milliseconds(time)
            var actions = session.take(.audio(Self.sample(time)), arrival: arrival)
            actions += session.take(.audio(Self.sample(time + 3_600_000), track: 1), arrival: arrival)
            for case .audio(let sample, let track) in actions {
                if track == 0 {
                    last = sample.decodeTime.value
                } else {
                    distances.append(sample.decodeTime.value - last)
                }
            }
        }
        #expect(session.isRunning && session.droppedSamples == 0 && distances.count == 150)
        #expect(distances.dropFirst(60).allSatisfy { abs($0) <= 40 })
    }

    /// What is held back until it is clear whose clock jumped is not held longer because nothing else comes.
    @Test func whatIsHeldBackIsHandedOnInTime() {
        var session = session()
        for time in stride(from: Int64(0), to: 1000, by: 20) {
            _ = session.take(.video(Self.sample(time, isSync: time == 0)), arrival: now + .milliseconds(time))
            _ = session.take(.audio(Self.sample(time)), arrival: now + .milliseconds(time))
        }
        #expect(session.take(.audio(Self.sample(-50_000)), arrival: now + .milliseconds(1000)).isEmpty)
        _ = session.take(.video(Self.sample(1000)), arrival: now + .milliseconds(1000))
        #expect(session.settle(at: now + .milliseconds(1900)).isEmpty)
        #expect(!session.settle(at: now + .milliseconds(2001)).isEmpty && session.isRunning)
    }

    @Test func soundGoesOnForAsLongAsPicturesAreGone() {
        var session = FeedSession()
        _ = session.take(.track(ChannelDirectoryTests.video), arrival: now)
        _ = session.take(.track(Self.sound(0)), arrival: now)
        _ = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        #expect(session.isRunning)
        for time in stride(from: Int64(0), to: 60_000, by: 20) {
            let arrival = now + .milliseconds(time)
            #expect(session.take(.audio(Self.sample(time)), arrival: arrival).count == 1)
        }
        let back = session.take(.video(Self.sample(60_000, isSync: true)), arrival: now + .seconds(60))
        #expect(back.count == 1 && session.isRunning, "the source's clock has gone on")
    }

    /// How often a run begins, when every 20 ms a sample of each track comes: of the audio tracks 0 and 1, and of video a key
    /// frame. `clock` says what time each has, or that it does not come.
    private static func runs(hasVideo: Bool, clock: (_ track: Int?, _ time: Int64) -> Int64?) -> Int {
        var session = FeedSession()
        let tracks: [Int?] = (hasVideo ? [nil] : []) + [0, 1]
        for track in tracks.map({ $0.map { sound($0) } ?? ChannelDirectoryTests.video }) {
            _ = session.take(.track(track), arrival: Instant(nanoseconds: 0))
        }
        var runs = 0
        for time in stride(from: Int64(0), to: 8000, by: 20) {
            let arrival = Instant(nanoseconds: time * 1_000_000)
            for track in tracks {
                guard let at = clock(track, time) else { continue }
                let event: FeedEvent = track.map { .audio(sample(at), track: $0) } ?? .video(sample(at, isSync: true))
                if begun(session.take(event, arrival: arrival)) != nil { runs += 1 }
            }
        }
        #expect(session.isRunning && session.droppedSamples == 0)
        return runs
    }

    /// It has a hole, and the others go on as they did; also when it is ahead of them, or no picture is left.
    @Test(arguments: [0, 1], [0, 3000] as [Int64])
    func aTrackOfSoundMayPause(paused: Int, ahead: Int64) {
        let pauses = [2000..<3300, 4000..<7500] as [Range<Int64>]
        let others = [(true, Int64.max, true), (true, Int64.max, false), (true, 1000, true), (false, 0, true)]
        for (hasVideo, lastPicture, hasSound) in others {
            let runs = Self.runs(hasVideo: hasVideo) { track, time in
                guard let track else { return time < lastPicture ? time : nil }
                if track == paused, pauses.contains(where: { $0.contains(time) }) { return nil }
                return track == paused ? time + ahead : hasSound ? time : nil
            }
            #expect(runs == 1, "pictures: \(hasVideo), until \(lastPicture); other sound: \(hasSound)")
        }
    }

    /// Of two tracks that are not quite on one time, either lands near the other when both jump.
    @Test(arguments: [true, false], [0, 900, -900] as [Int64])
    func aClockThatJumpsBeginsARun(hasVideo: Bool, ahead: Int64) {
        for jump in [1500, 5000, -1500] as [Int64] {
            let runs = Self.runs(hasVideo: hasVideo) { track, time in
                10_000 + time + (track == 1 ? ahead : 0) + (time < 4000 ? 0 : jump)
            }
            #expect(runs >= 2, "by \(jump)")
        }
    }

    @Test func soundThatGoesBackALittleIsDropped() {
        var session = session()
        _ = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        #expect(session.take(.audio(Self.sample(40)), arrival: now).count == 1)
        #expect(session.take(.audio(Self.sample(20)), arrival: now).isEmpty)
        #expect(session.isRunning && session.droppedSamples == 1)
    }

    /// As much time has passed on its clock as on ours.
    @Test(arguments: [true, false]) func aSourceThatPausesGoesOn(hasVideo: Bool) {
        let runs = Self.runs(hasVideo: hasVideo) { _, time in (4000..<5500).contains(time) ? nil : time }
        #expect(runs == 1)
    }

    /// Nobody waits for the next key frame to hear it, and the picture is not interrupted before that.
    @Test func aTrackThatComesLateBeginsARunWithTheNextKeyFrame() throws {
        var session = session(hasAudio: false)
        for time in stride(from: Int64(0), to: 3000, by: 40) {
            _ = session.take(.video(Self.sample(time, isSync: time == 0)), arrival: now + .milliseconds(time))
        }
        #expect(session.isRunning)
        _ = session.take(.track(ChannelDirectoryTests.audio), arrival: now + .seconds(3))
        #expect(session.take(.video(Self.sample(3000)), arrival: now + .seconds(3)).count == 1)
        #expect(session.take(.audio(Self.sample(3000)), arrival: now + .seconds(3)).isEmpty)
        let actions = session.take(.video(Self.sample(3040, isSync: true)), arrival: now + .milliseconds(3040))
        guard case .begin(let start)? = actions.first else {
            Issue.record("no run has begun")
            return
        }
        #expect(start.continues && start.tracks.count == 2 && start.sourceStart == .milliseconds(3040))
        #expect(session.take(.audio(Self.sample(3060)), arrival: now + .milliseconds(3060)).count == 1)
    }

    /// Frames of one configuration cannot be decoded with another.
    @Test func soundThatIsConfiguredAnewIsWithdrawnUntilTheNextKeyFrame() throws {
        var session = session()
        _ = session.take(.video(Self.sample(0, isSync: true)), arrival: now)
        let actions = session.take(.track(Self.sound(0, rate: 44_100)), arrival: now)
        guard case .withdraw(0)? = actions.first else {
            Issue.record("it is still waited for")
            return
        }
        #expect(session.take(.audio(Self.sample(20)), arrival: now).isEmpty)
        #expect(session.take(.video(Self.sample(40)), arrival: now).count == 1)
        let begun = try #require(Self.begun(session.take(.video(Self.sample(80, isSync: true)), arrival: now)))
        #expect(begun.tracks == [ChannelDirectoryTests.video, Self.sound(0, rate: 44_100)])
    }

    @Test func onlyDeclaredTracksAreTaken() throws {
        for declared in [DeclaredTracks.video, .audio] {
            var session = FeedSession(declared)
            _ = session.take(.track(ChannelDirectoryTests.video), arrival: now)
            _ = session.take(.track(ChannelDirectoryTests.audio), arrival: now)
            var kinds: Set<String> = []
            for time in stride(from: Int64(0), to: 2000, by: 20) {
                let arrival = now + .milliseconds(time)
                let actions =
                    session.take(.video(Self.sample(time, isSync: time == 0)), arrival: arrival)
                    + session.take(.audio(Self.sample(time)), arrival: arrival)
                for action in actions {
                    switch action {
                    case .begin(let start): #expect(start.tracks.count == 1)
                    case .video: kinds.insert("video")
                    case .audio: kinds.insert("audio")
                    default: break
                    }
                }
            }
            #expect(kinds == [declared.rawValue])
        }
    }

    @Test func aTrackThatNoPlayerTakesIsToldOfOnce() {
        var session = session()
        let track = Track(
            codec: .mp2, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1152)),
            decoderConfiguration: ByteChunk(), codecString: "mp4a.40.33")
        guard case .unpublishable(track)? = session.take(.track(track), arrival: now).first else {
            Issue.record("nobody is told")
            return
        }
        #expect(session.take(.track(track), arrival: now).isEmpty)
    }

    /// Multiplexers may send sound before the pictures of its time.
    @Test func soundThatCameBeforeItsPictureIsHeard() throws {
        var session = session()
        for time in stride(from: Int64(0), to: 600, by: 20) {
            _ = session.take(.audio(Self.sample(time)), arrival: now)
        }
        let begun = try #require(Self.begun(session.take(.video(Self.sample(300, isSync: true)), arrival: now)))
        #expect(begun.times.first == 300 && begun.times.count == 16 && begun.times.dropFirst().allSatisfy { $0 >= 300 })
    }

    /// Else clients would get a presentation for each way of coding and each language, and the last would stay.
    @Test(arguments: [1, 2, 3, 20]) func aRunAwaitsTheTracksThatAreAnnounced(count: Int) throws {
        var session = session(hasAudio: false)
        _ = session.take(.announcement(audioTracks: count), arrival: now)
        #expect(session.take(.video(Self.sample(0, isSync: true)), arrival: now).isEmpty)
        for index in 0..<min(count, 16) - 1 {
            _ = session.take(.track(Self.sound(index)), arrival: now)
            #expect(session.take(.audio(Self.sample(Int64(index)), track: index), arrival: now).isEmpty)
        }
        // One that is not published counts too, as often as it is told of.
        var last = Track(
            codec: .mp2, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1152)),
            decoderConfiguration: ByteChunk(), codecString: "mp4a.40.33")
        last.index = min(count, 16) - 1
        _ = session.take(.track(count == 3 ? last : Self.sound(last.index)), arrival: now)
        let actions = session.take(.video(Self.sample(40)), arrival: now)
        #expect(try #require(Self.begun(actions)).tracks.count == (count == 3 ? 3 : 1 + min(count, 16)))
    }

    @Test func aTrackThatIsAnnouncedAndDoesNotComeIsNotAwaitedForLong() throws {
        var session = session()
        _ = session.take(.announcement(audioTracks: 2), arrival: now)
        #expect(session.take(.video(Self.sample(0, isSync: true)), arrival: now).isEmpty)
        #expect(session.take(.video(Self.sample(960)), arrival: now).isEmpty)
        let begun = try #require(Self.begun(session.take(.video(Self.sample(1000)), arrival: now)))
        #expect(begun.tracks.count == 2 && begun.times == [0, 960, 1000])
    }

    @Test func sixteenAudioTracksAreTaken() throws {
        var session = FeedSession()
        for index in [-1, 16, Int.max] + (0..<16).reversed() {
            _ = session.take(.track(Self.sound(index)), arrival: now)
        }
        #expect(session.droppedSamples == 3)
        _ = session.take(.track(ChannelDirectoryTests.video), arrival: now)
        let begun = try #require(Self.begun(session.take(.video(Self.sample(0, isSync: true)), arrival: now)))
        #expect(begun.tracks.dropFirst().map(\.index) == Array(0..<16))
        for index in -1...16 {
            let actions = session.take(.audio(Self.sample(5), track: index), arrival: now)
            #expect(actions.count == ((0..<16).contains(index) ? 1 : 0))
        }
    }
}
