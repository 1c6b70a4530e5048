import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// A rendition of sound is there from the start, and goes on whatever becomes of its track.
@Suite struct SilentSoundTests {
    private static let sound = track(rate: 48_000, configuration: [0x11, 0x90])

    private static func track(rate: UInt32, configuration: [UInt8], language: String? = nil) -> Track {
        var track = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: rate, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk(configuration), codecString: "mp4a.40.2")
        track.language = language
        return track
    }

    private static func started(_ tracks: [Track], expectsSound: Bool = true) -> Presentation {
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(.low), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        _ = presentation.beginRun(
            tracks: tracks, sourceStart: .zero, now: Instant(nanoseconds: 0), expectsSound: expectsSound)
        return presentation
    }

    /// The lengths of what is published of sound, in seconds: with media, and missing.
    private static func heard(_ presentation: Presentation) -> (media: Double, missing: Double) {
        let parts = presentation.audioWindows.first?.segments.flatMap(\.parts) ?? []
        let length = { (parts: [Part]) in parts.reduce(0) { $0 + $1.duration.seconds } }
        return (length(parts.filter { !$0.isGap }), length(parts.filter(\.isGap)))
    }

    @Test func soundThatHasNotComeIsSilence() throws {
        var presentation = Self.started([Feed.video])
        presentation.play(Feed(hasAudio: false).events(seconds: 10))
        let heard = Self.heard(presentation)
        #expect(heard.media > 9 && heard.missing == 0)
        let video = try #require(presentation.videoWindow)
        #expect(presentation.audioWindows[0].segments.map(\.sequenceNumber) == video.segments.map(\.sequenceNumber))
        let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        #expect(text.contains("CODECS=\"avc1.64001f,mp4a.40.2\""))
    }

    @Test func aChannelOfPicturesAloneHasNone() {
        var presentation = Self.started([Feed.video], expectsSound: false)
        presentation.play(Feed(hasAudio: false).events(seconds: 4))
        #expect(presentation.audioWindows.isEmpty)
    }

    /// The source's timeline goes on, and so does the picture: nothing of it is lost or moved.
    @Test(arguments: [nil, "en"]) func soundThatComesLateTakesThePlaceOfSilence(language: String?) throws {
        var presentation = Self.started([Feed.video])
        let feed = Feed(hasAudio: false)
        presentation.play(feed.events(seconds: 20))
        let late = Self.track(rate: 44_100, configuration: [0x12, 0x10], language: language)
        // It comes on with a jitter of our clock that must not show.
        let isSame = presentation.beginRun(
            tracks: [Feed.video, late], sourceStart: .milliseconds(20_000), now: Instant(nanoseconds: 20_300_000_000),
            continues: true)
        #expect(isSame)
        presentation.play(Feed(sampleRate: 44_100).events(seconds: 10, from: 20_000))
        let video = try #require(presentation.videoWindow)
        let joint = try #require(video.segments.firstIndex { $0.isDiscontinuous })
        let start = video.segments[joint].start
        let first = try #require(feed.events(seconds: 1, from: 20_000).first)
        guard case .video(let key) = first else { return }
        #expect(start == key.presentationTime && video.segments[joint - 1].end == start, "\(start)")
        let audio = presentation.audioWindows[0].segments
        let sound = try #require(audio.first { $0.isDiscontinuous })
        let distance = (sound.start - start).seconds
        #expect(abs(distance) < 0.03 && sound.initializationVersion == 2)
        let heard = Self.heard(presentation)
        #expect(heard.missing < 0.03 && heard.media > 29)
    }

    /// A hole could end anywhere between the places of frames, and the part with it would be longer than it may be.
    @Test(arguments: [1, 4, 9, 30]) func framesThatAreLostAreSilence(lost: Int) throws {
        var presentation = Self.started([Feed.video, Self.sound])
        var count = 0
        let events = Feed().events(seconds: 10).filter { event in
            guard case .audio = event else { return true }
            count += 1
            return count % 100 < 100 - lost
        }
        presentation.play(events)
        let heard = Self.heard(presentation)
        #expect(heard.media > 9 && heard.missing == 0)
        for segment in presentation.audioWindows[0].segments {
            let lengths = segment.parts.map { Double($0.duration.seconds) * 48_000 / 1024 }
            #expect(lengths.dropLast().allSatisfy { abs($0 - $0.rounded()) < 0.001 && $0 < 26 }, "\(lengths)")
        }
    }

    @Test func soundThatStopsBecomesSilence() throws {
        var presentation = Self.started([Feed.video, Self.sound])
        presentation.play(Feed().events(seconds: 5))
        presentation.play(Feed(hasAudio: false).events(seconds: 5, from: 5000))
        #expect(presentation.takeEvents().contains(.trackStalled(rendition: "audio")))
        let heard = Self.heard(presentation)
        #expect(heard.media > 7.5 && heard.missing == 0)
    }

    /// Nobody waits for it as for one that may come at any moment.
    @Test func aTrackThatIsWithdrawnIsSilentAtOnce() throws {
        var presentation = Self.started([Feed.video, Self.sound])
        presentation.play(Feed().events(seconds: 5))
        presentation.withdrawAudio(track: 0)
        presentation.play(Feed(hasAudio: false).events(seconds: 1, from: 5000))
        let edge = try #require(presentation.videoWindow?.segments.last?.end)
        #expect(edge > .milliseconds(5400), "pictures wait for no sound")
        #expect(Self.heard(presentation).missing == 0)
    }
}
