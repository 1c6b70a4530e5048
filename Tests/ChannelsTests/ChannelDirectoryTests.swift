import Bytes
import Ingest
import Media
import Packaging
import Publishing
import Locks
import Telemetry
import Testing
import Time

@testable import Channels

@Suite struct ChannelDirectoryTests {
    /// A publisher that keeps what it is told.
    final class Encoder: Publisher {
        let warnings = Mutex<[String]>([])
        let farewells = Mutex<[String]>([])

        func warn(code: String, description: String) { warnings.withLock { $0.append(code) } }

        func disconnect(reason: String) { farewells.withLock { $0.append(reason) } }
    }

    struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))

    func directory(
        _ profile: LatencyProfile = LatencyProfile(.ultra), tracks: DeclaredTracks = .videoAndAudio,
        registry: MetricsRegistry = MetricsRegistry()
    ) -> ChannelDirectory {
        let waker = Waker()
        let logger = Logger(sink: Quiet())
        return ChannelDirectory(
            ["news", "sport"].map { id in
                Channel(
                    ChannelConfiguration(
                        id: id, name: id, streamKey: Secret("key-of-\(id)"), profile: profile, tracks: tracks),
                    waker: waker, clock: clock, logger: logger, registry: registry)
            })
    }

    func request(_ channel: String?, _ key: String) -> PublishRequest {
        PublishRequest(scheme: "rtmp", channel: channel, streamKey: Secret(key))
    }

    @Test func theKeyFindsItsChannel() throws {
        let feed = try directory().open(request(nil, "key-of-sport"), for: Encoder())
        #expect(feed.channelID == "sport")
    }

    @Test(
        arguments: [
            ("news", "key-of-sport", PublishRefusal.Reason.wrongKey), ("films", "key-of-news", .unknownChannel),
            (nil, "nonsense", .wrongKey), (nil, "", .wrongKey),
        ] as [(String?, String, PublishRefusal.Reason)])
    func whatDoesNotFitIsRefusedWithItsReason(channel: String?, key: String, reason: PublishRefusal.Reason) {
        var refused: PublishRefusal?
        do { _ = try directory().open(request(channel, key), for: Encoder()) } catch { refused = error }
        #expect(refused?.reason == reason)
        #expect(refused?.description.contains("key-of") == false, "a refusal gives no key away")
    }

    @Test func aBusyChannelIsRefusedUntilItsPublisherHasGone() throws {
        let directory = directory()
        let feed = try directory.open(request(nil, "key-of-news"), for: Encoder())
        #expect(throws: PublishRefusal.self) { try directory.open(request(nil, "key-of-news"), for: Encoder()) }
        feed.end()
        _ = try directory.open(request(nil, "key-of-news"), for: Encoder())
    }

    @Test func aPublisherThatFellSilentGivesWayToOneWithTheSameKey() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let (old, new) = (Encoder(), Encoder())
        let first = try directory.open(request(nil, "key-of-news"), for: old)
        first.receive(.track(Self.video), arrival: clock.now)
        for second in Int64(0)..<4 {
            feed(first, milliseconds: second * 1000..<second * 1000 + 1000)
            clock.advance(by: .seconds(1))
        }
        clock.advance(by: .milliseconds(900))
        #expect(throws: PublishRefusal.self) { try directory.open(request(nil, "key-of-news"), for: new) }
        clock.advance(by: .milliseconds(100))
        #expect(throws: PublishRefusal.self) { try directory.open(request("news", "key-of-sport"), for: new) }
        let second = try directory.open(request("news", "key-of-news"), for: new)
        #expect(old.farewells.withLock { $0.count } == 1 && new.farewells.withLock { $0.isEmpty })
        // What the old one still sends, and its end, change nothing.
        let before = try #require(channel.output.snapshot?.rendition("video")).nextPartNumber
        feed(first, milliseconds: 4000..<6000)
        first.end()
        #expect(channel.output.snapshot?.rendition("video")?.nextPartNumber == before)
        second.receive(.track(Self.video), arrival: clock.now)
        feed(second, milliseconds: 0..<3000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.count == 1 && window.nextPartNumber > before)
        #expect(throws: PublishRefusal.self, "the new one is not silent") {
            try directory.open(request(nil, "key-of-news"), for: old)
        }
    }

    static let video = Track(
        codec: .h264, format: .video(VideoFormat(width: 320, height: 180)),
        decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f")
    static let audio = Track(
        codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
        decoderConfiguration: ByteChunk([0x09, 0x90]), codecString: "mp4a.40.1")

    func feed(_ feed: any Feed, milliseconds range: Range<Int64>, gop: Int64 = 1000, hasKeys: Bool = true) {
        for time in stride(from: range.lowerBound, to: range.upperBound, by: 40) {
            let at = MediaTime.milliseconds(time)
            feed.receive(
                .video(
                    Sample(
                        data: ByteChunk([0, 0, 0, 1, 0x65]), decodeTime: at, presentationTime: at,
                        isSync: hasKeys && (time - range.lowerBound) % gop == 0)), arrival: clock.now)
        }
    }

    @Test func theChannelOutlivesItsEncoder() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let first = try directory.open(request(nil, "key-of-news"), for: Encoder())
        first.receive(.track(Self.video), arrival: clock.now)
        feed(first, milliseconds: 0..<5000)
        first.end()
        let before = try #require(channel.output.snapshot)
        clock.advance(by: .seconds(20))
        let second = try directory.open(request(nil, "key-of-news"), for: Encoder())
        second.receive(.track(Self.video), arrival: clock.now)
        feed(second, milliseconds: 0..<5000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id == before.id)
        let window = try #require(after.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.count == 1)
        #expect(window.segments.map { $0.sequenceNumber } == Array(0..<Int64(window.segments.count)))
    }

    private static let surround = Track(
        codec: .ac3, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 6, samplesPerFrame: 1536)),
        decoderConfiguration: ByteChunk([0x10, 0x3D, 0xC0]), codecString: "ac-3")

    /// Its rendition was there from the start.
    @Test func soundThatComesLaterIsHeardInTheSamePresentation() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<5000)
        let before = try #require(channel.output.snapshot)
        #expect(before.renditions.map { $0.name } == ["video", "audio"])
        clock.advance(by: .seconds(5))
        opened.receive(.track(Self.audio), arrival: clock.now)
        feed(opened, milliseconds: 5000..<9000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id == before.id)
        let window = try #require(after.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.map(\.start) == [.milliseconds(5000)])
        #expect(
            after.rendition("audio")?.initializations.last?.track.decoderConfiguration
                == Self.audio.decoderConfiguration)
    }

    @Test func soundCodedAsNobodyExpectedBeginsANewPresentation() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<5000)
        let before = try #require(channel.output.snapshot)
        clock.advance(by: .seconds(5))
        opened.receive(.track(Self.surround), arrival: clock.now)
        feed(opened, milliseconds: 5000..<9000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id != before.id)
        #expect(after.renditions.map { $0.name } == ["video", "audio"])
        let ended = try #require(channel.output.snapshot(of: before.id), "its viewers play it to the end")
        #expect(ended.rendition("video")?.isEnded == true)
        clock.advance(by: .seconds(600))
        channel.tick()
        #expect(channel.output.snapshot(of: before.id) == nil)
    }

    /// Each presentation counts its own changes: the new one's version may be the old one's.
    @Test func aNewPresentationIsPublishedWhateverItsVersion() throws {
        let directory = directory(LatencyProfile(.standard), tracks: .video)
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<960)
        let before = try #require(channel.output.snapshot)
        let other = Track(
            codec: .hevc, format: Self.video.format, decoderConfiguration: Self.video.decoderConfiguration,
            codecString: "hvc1.1.6.L93.B0")
        opened.receive(.track(other), arrival: clock.now)
        feed(opened, milliseconds: 1000..<1040)
        let after = try #require(channel.output.snapshot)
        #expect(after.id != before.id && after.version == before.version, "\(after.version) \(before.version)")
        #expect(channel.output.snapshot(of: before.id)?.rendition("video")?.isEnded == true)
    }

    @Test func anEncoderThatFallsSilentIsLeftBehindAfterTwoSecondsAndBeginsAgainWithAKeyFrame() throws {
        let directory = directory(tracks: .video)
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        for second in Int64(0)..<4 {
            feed(opened, milliseconds: second * 1000..<second * 1000 + 1000)
            clock.advance(by: .seconds(1))
        }
        let begun = try #require(channel.output.snapshot?.rendition("video")).nextPartNumber
        clock.advance(by: .milliseconds(900))
        channel.tick()
        #expect(channel.output.snapshot?.rendition("video")?.nextPartNumber == begun, "a hiccup is no silence")
        clock.advance(by: .milliseconds(100))
        channel.tick()
        for _ in 0..<60 {
            clock.advance(by: .milliseconds(50))
            channel.tick()
        }
        let silent = try #require(channel.output.snapshot?.rendition("video"))
        #expect(silent.edge == .milliseconds(8000), "the clock stands at 8 s")
        #expect(silent.segments.filter { $0.isGap }.count >= 2)
        // The frames go on where they stopped, in the middle of a group of pictures: shown from the next key frame on.
        feed(opened, milliseconds: 4000..<4960, hasKeys: false)
        let waiting = try #require(channel.output.snapshot?.rendition("video"))
        #expect(waiting.nextPartNumber == silent.nextPartNumber)
        feed(opened, milliseconds: 5000..<8000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        let returned = window.segments.filter { $0.isDiscontinuous }
        #expect(returned.count == 1 && returned.first?.isGap == false)
    }

    @Test func aChannelBeginsWithItsFirstKeyFrame() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 40..<1000, hasKeys: false)
        clock.advance(by: .seconds(1))
        let began = clock.wallTime
        feed(opened, milliseconds: 1000..<4000)
        let first = try #require(channel.output.snapshot?.rendition("video")?.segments.first)
        #expect(first.start == .zero && first.programDateTime == began)
        #expect(first.duration == .milliseconds(1000))
    }

    @Test func silenceGoesOnAfterTheEncoderHasLeftAtThePaceOfTheMonotonicClock() throws {
        let directory = directory(tracks: .video)
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<3000)
        clock.advance(by: .seconds(3))
        opened.end()
        clock.setWallTime(.epoch)
        clock.advance(by: .seconds(5))
        channel.tick()
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.edge == .milliseconds(8000))
        let dates = window.segments.map(\.programDateTime)
        #expect(dates == dates.sorted())
        #expect(window.isEnded == false)
        channel.stop()
        clock.advance(by: .seconds(5))
        channel.tick()
        #expect(
            channel.output.snapshot?.rendition("video")?.edge == .milliseconds(8000), "it is stopped")
    }

    @Test func keyFramesThatComeTooRarelyAreToldToThePublisher() throws {
        let directory = directory()
        let encoder = Encoder()
        let opened = try directory.open(request(nil, "key-of-news"), for: encoder)
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<9000, gop: 8000)
        #expect(encoder.warnings.withLock { $0 } == ["NetStream.Publish.KeyframeInterval"])
    }

    func sound(_ feed: any Feed, milliseconds time: Int64, track: Int = 0) {
        let at = MediaTime.milliseconds(time)
        feed.receive(
            .audio(Sample(data: ByteChunk([1]), decodeTime: at, presentationTime: at, isSync: true), track: track),
            arrival: clock.now)
    }

    /// Nobody who hears another track notices.
    @Test(arguments: [true, false]) func aTrackOfSoundThatPausesHasAHole(hasVideo: Bool) throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        var second = Self.audio
        second.index = 1
        for track in (hasVideo ? [Self.video] : []) + [Self.audio, second] {
            opened.receive(.track(track), arrival: clock.now)
        }
        for frame in Int64(0)..<700 {
            let time = (frame * 1024 + 24) / 48
            if hasVideo, frame % 2 == 0 { feed(opened, milliseconds: time..<time + 1) }
            sound(opened, milliseconds: time)
            if !(4000..<9000).contains(time) { sound(opened, milliseconds: time, track: 1) }
            clock.advance(by: .microseconds(21_333))
            channel.tick()
        }
        let snapshot = try #require(channel.output.snapshot)
        for rendition in snapshot.renditions {
            #expect(!rendition.segments.contains { $0.isDiscontinuous })
            #expect(rendition.edge ?? .zero > .milliseconds(14_500))
            let gaps = rendition.segments.flatMap(\.parts).filter(\.isGap).reduce(0) { $0 + $1.duration.seconds }
            #expect(rendition.name == "audio2" ? (4.5...5.5).contains(gaps) : gaps == 0, "\(rendition.name): \(gaps)")
        }
        #expect(snapshot.renditions.last?.segments.last?.parts.last?.isGap == false)
    }

    /// One track's clock wraps a moment before the other's, just as a key frame comes.
    @Test(arguments: [true, false]) func tracksThatJumpOneAfterTheOtherAreOneDiscontinuity(videoFirst: Bool) throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        opened.receive(.track(Self.audio), arrival: clock.now)
        let old: Int64 = 2_000_000_000
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            feed(opened, milliseconds: old + time..<old + time + 40, hasKeys: time % 1000 == 0)
            sound(opened, milliseconds: old + time)
        }
        clock.advance(by: .seconds(4))
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            let isBetween = time < 120
            let (videoTime, audioTime) = (
                isBetween && !videoFirst ? old + 4000 + time : time, isBetween && videoFirst ? old + 4000 + time : time
            )
            let isKey = time % 1000 == (videoFirst ? 0 : 120)
            feed(opened, milliseconds: videoTime..<videoTime + 40, hasKeys: isKey)
            sound(opened, milliseconds: audioTime)
        }
        let snapshot = try #require(channel.output.snapshot)
        for rendition in snapshot.renditions {
            #expect(rendition.segments.filter(\.isDiscontinuous).count == 1)
            let edge = try #require(rendition.edge)
            #expect(edge > .milliseconds(7000) && edge < .milliseconds(8300))
            #expect(rendition.segments.flatMap(\.parts).allSatisfy { $0.duration <= snapshot.profile.partTarget })
        }
    }

    /// After a jump, sound comes first and then pictures that need one that is lost.
    @Test func aRunBeginsWithAKeyFrameThoughSoundCameBefore() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        opened.receive(.track(Self.audio), arrival: clock.now)
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            sound(opened, milliseconds: time)
            feed(opened, milliseconds: time..<time + 40, hasKeys: time == 1000 || time == 2000)
        }
        let renditions = try #require(channel.output.snapshot).renditions
        let starts = renditions.compactMap { $0.segments.first?.start.seconds }
        #expect(starts.count == 2 && starts[0] == 0 && starts[1] < 0.1)
        for rendition in renditions {
            #expect(rendition.segments.flatMap(\.parts).allSatisfy { $0.duration <= .milliseconds(215) })
            #expect((rendition.edge?.seconds ?? 0) < 3.1)
        }
    }

    @Test func aJumpOfTheSourcesClockIsADiscontinuityNotAHole() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<4000)
        clock.advance(by: .seconds(4))
        feed(opened, milliseconds: 9_000_000..<9_004_000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.count == 1)
        let edge = try #require(window.edge)
        #expect(edge < .milliseconds(10_000))
        #expect(!window.segments.contains { $0.isGap })
    }

    @Test func aChannelThatIsStoppedSaysSo() throws {
        let directory = directory()
        directory["news"]?.stop()
        var refused: PublishRefusal?
        do { _ = try directory.open(request(nil, "key-of-news"), for: Encoder()) } catch { refused = error }
        #expect(refused?.reason == .shuttingDown)
    }

    /// What the old one has left open is published when it is replaced, not when the clock looks next.
    @Test func whatTheReplacedEncoderLeftOpenIsPublishedAtOnce() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let first = try directory.open(request(nil, "key-of-news"), for: Encoder())
        first.receive(.track(Self.video), arrival: clock.now)
        feed(first, milliseconds: 0..<3120)
        let before = try #require(channel.output.snapshot?.rendition("video")?.nextPartNumber)
        clock.advance(by: .seconds(2))
        _ = try directory.open(request(nil, "key-of-news"), for: Encoder())
        #expect(try #require(channel.output.snapshot?.rendition("video")?.nextPartNumber) > before)
    }

    /// Pictures that nothing can be made of are no pictures: the viewers' time goes on as in any silence.
    @Test func anEncoderWhosePicturesCannotBeShownIsSilentToo() throws {
        let directory = directory()
        let channel = try #require(directory["news"])
        let opened = try directory.open(request(nil, "key-of-news"), for: Encoder())
        opened.receive(.track(Self.video), arrival: clock.now)
        feed(opened, milliseconds: 0..<4000)
        clock.advance(by: .seconds(4))
        // Another configuration, and then no key frame for long.
        let other = Track(
            codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 1]), codecString: "avc1.64001f")
        opened.receive(.track(other), arrival: clock.now)
        for second in Int64(4)..<10 {
            feed(opened, milliseconds: second * 1000..<second * 1000 + 1000, hasKeys: false)
            clock.advance(by: .seconds(1))
            channel.tick()
        }
        let silent = try #require(channel.output.snapshot?.rendition("video"))
        #expect(silent.edge ?? .zero > .milliseconds(9500) && silent.segments.last?.isGap == true)
    }
}
