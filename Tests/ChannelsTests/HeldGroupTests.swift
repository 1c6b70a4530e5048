import Bytes
import Ingest
import Media
import Testing
import Time

@testable import Channels

/// What a channel could begin with, were it to change to an input.
@Suite struct HeldGroupTests {
    private var group = HeldGroup(.videoAndAudio, longest: .milliseconds(4000))

    private static func sample(_ milliseconds: Int64, isSync: Bool = false, size: Int = 1) -> Sample {
        let time = MediaTime.milliseconds(milliseconds)
        return Sample(
            data: ByteChunk([UInt8](repeating: 1, count: size)), decodeTime: time, presentationTime: time,
            isSync: isSync)
    }

    @discardableResult
    private mutating func take(_ event: FeedEvent, at milliseconds: Int64 = 0) -> Bool {
        group.take(event, arrival: Instant(nanoseconds: milliseconds * 1_000_000))
    }

    @discardableResult
    private mutating func picture(_ milliseconds: Int64, isKey: Bool = false) -> Bool {
        take(.video(Self.sample(milliseconds, isSync: isKey)), at: milliseconds)
    }

    private mutating func sound(_ milliseconds: Int64) -> Bool {
        take(.audio(Self.sample(milliseconds, isSync: true)), at: milliseconds)
    }

    private mutating func describeTracks() {
        take(.track(ChannelBench.video))
        take(.track(ChannelBench.audio))
    }

    /// The times of what is held of pictures (v) and sound (a), tracks (t) before them.
    private var contents: [String] {
        group.contents.map { item in
            switch item.event {
            case .video(let sample): "v\(sample.decodeTime.ticks(in: .milliseconds, rounding: .down))"
            case .audio(let sample, _): "a\(sample.decodeTime.ticks(in: .milliseconds, rounding: .down))"
            case .track(let track): "t-\(track.codec)"
            case .announcement: "announcement"
            case .unusable: "unusable"
            case .metadata: "metadata"
            case .splice: "splice"
            }
        }
    }

    @Test mutating func itBeginsWithTheNewestKeyFrameAndItsSound() {
        describeTracks()
        #expect(!picture(0), "no key frame")
        #expect(!group.isReady)
        #expect(!sound(10))
        #expect(picture(40, isKey: true) && group.isReady)
        _ = sound(35)
        _ = sound(70)
        picture(80)
        #expect(contents == ["t-h264", "t-aac", "v40", "a35", "a70", "v80"])
        // Sound may come before its picture.
        _ = sound(150)
        #expect(picture(120, isKey: true))
        #expect(contents == ["t-h264", "t-aac", "a150", "v120"])
    }

    @Test mutating func tracksAreAsTheyAreNow() {
        describeTracks()
        picture(0, isKey: true)
        _ = sound(0)
        take(.track(ChannelBench.surround))
        #expect(contents == ["t-h264", "t-ac3", "v0"], "the old sound cannot be decoded any more")
        take(.announcement(audioTracks: 2))
        #expect(contents.first == "announcement")
        let larger = Track(
            codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
            decoderConfiguration: ChannelBench.video.decoderConfiguration, codecString: "avc1.64001f")
        take(.track(larger))
        #expect(!group.isReady && contents.isEmpty)
    }

    @Test mutating func aGroupThatIsTooLongIsNotHeld() {
        describeTracks()
        picture(0, isKey: true)
        picture(4000)
        #expect(group.isReady)
        picture(4040)
        #expect(!group.isReady)
        picture(4080)
        #expect(contents.isEmpty)
    }

    @Test mutating func itIsBoundedInBytesAndEvents() {
        describeTracks()
        picture(0, isKey: true)
        for _ in 0..<33 { take(.video(Self.sample(1, size: 1 << 20))) }
        #expect(!group.isReady && contents.isEmpty)
        picture(2, isKey: true)
        for _ in 0..<5000 { take(.audio(Self.sample(3))) }
        #expect(group.contents.count < 4100)
    }

    @Test mutating func soundAloneDoesWhenNoPictureHasComeForAWhile() {
        take(.track(ChannelBench.audio))
        for time in stride(from: Int64(0), to: 1000, by: 20) { #expect(!sound(time)) }
        #expect(sound(1000) && group.isReady)
        for time in stride(from: Int64(1020), to: 60_000, by: 20) { _ = sound(time) }
        #expect(group.contents.count < 110, "no more than two seconds")
    }

    @Test mutating func whereThereAreNoPicturesAnySoundDoes() {
        group = HeldGroup(.audio, longest: .milliseconds(4000))
        describeTracks()
        #expect(!picture(0, isKey: true) && sound(0) && group.isReady)
        #expect(contents.last == "a0")
    }
}
