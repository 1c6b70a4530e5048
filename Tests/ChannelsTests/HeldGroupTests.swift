import Bytes
import Ingest
import Media
import Testing
import Time

@testable import Channels

/// What a channel could begin with, were it to change to an input.
@Suite struct HeldGroupTests {
    private var group = HeldGroup(.videoAndAudio, longest: .milliseconds(4000), enough: .zero)

    private static func sample(
        _ milliseconds: Int64, shownAt: Int64? = nil, isSync: Bool = false, size: Int = 1
    ) -> Sample {
        Sample(
            data: ByteChunk([UInt8](repeating: 1, count: size)), decodeTime: .milliseconds(milliseconds),
            presentationTime: .milliseconds(shownAt ?? milliseconds), isSync: isSync)
    }

    @discardableResult
    private mutating func take(_ event: FeedEvent, at milliseconds: Int64 = 0) -> Bool {
        group.take(event, arrival: Instant(nanoseconds: milliseconds * 1_000_000))
    }

    @discardableResult
    private mutating func picture(_ milliseconds: Int64, isKey: Bool = false) -> Bool {
        take(.video(Self.sample(milliseconds, isSync: isKey)), at: milliseconds)
    }

    @discardableResult
    private mutating func sound(_ milliseconds: Int64, track: Int = 0) -> Bool {
        take(.audio(Self.sample(milliseconds, isSync: true), track: track), at: milliseconds)
    }

    /// A tag and a splice.
    private mutating func data(_ milliseconds: Int64) {
        take(.metadata(TimedMetadata(time: .milliseconds(milliseconds), tag: ByteChunk([1]))), at: milliseconds)
        take(
            .splice(
                SpliceCue(kind: .out, eventID: 1, time: .milliseconds(milliseconds), section: ByteChunk([0xFC]))),
            at: milliseconds)
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
            case .metadata(let item): "m\(item.time.ticks(in: .milliseconds, rounding: .down))"
            case .splice(let cue): "s\(cue.time.ticks(in: .milliseconds, rounding: .down))"
            }
        }
    }

    @Test mutating func itBeginsWithTheNewestKeyFrameAndItsSound() {
        describeTracks()
        #expect(!picture(0), "no key frame")
        #expect(!group.isReady)
        #expect(!sound(10))
        #expect(picture(40, isKey: true) && group.isReady)
        #expect(!sound(35) && !sound(70))
        #expect(!picture(80), "no key frame")
        #expect(contents == ["t-h264", "t-aac", "v40", "a35", "a70", "v80"])
        // Sound may come before its picture.
        sound(150)
        #expect(picture(120, isKey: true))
        #expect(contents == ["t-h264", "t-aac", "a150", "v120"])
    }

    /// A part of half a second, for which viewers wait, can be made of it at once.
    @Test mutating func aShortGroupIsHeldWithTheOneBeforeIt() {
        group = HeldGroup(.videoAndAudio, longest: .milliseconds(4000), enough: .milliseconds(500))
        describeTracks()
        for time in [0, 400, 1000] as [Int64] { picture(time, isKey: time != 400) }
        for time in [-20, 60, 980, 1010] as [Int64] { sound(time) }
        picture(1490)
        #expect(contents == ["t-h264", "t-aac", "v0", "v400", "v1000", "a-20", "a60", "a980", "a1010", "v1490"])
        picture(1500)
        #expect(contents == ["t-h264", "t-aac", "v1000", "a1010", "v1490", "v1500"])
    }

    /// Of those that are long enough, the newest counts; several together may be.
    @Test mutating func manyShortGroupsAreHeldUntilTheyAreLongEnough() {
        group = HeldGroup(.videoAndAudio, longest: .milliseconds(4000), enough: .milliseconds(500))
        for time in stride(from: Int64(0), through: 1000, by: 100) { #expect(picture(time, isKey: true)) }
        #expect(contents.first == "v500" && contents.count == 6)
        group.forgetOlderGroups()
        #expect(contents == ["v1000"])
        group.forgetOlderGroups()
        #expect(contents == ["v1000"] && group.isReady)
    }

    @Test(arguments: [-1, 4001] as [Int64])
    mutating func nothingOfBeforeAJumpIsHeld(jump: Int64) {
        group = HeldGroup(.videoAndAudio, longest: .milliseconds(4000), enough: .milliseconds(500))
        picture(10_000, isKey: true)
        picture(10_000 + jump, isKey: true)
        #expect(contents == ["v\(10_000 + jump)"])
    }

    @Test mutating func aGroupThatIsTooLongIsNotHeldForTheOneBeforeIt() {
        group = HeldGroup(.videoAndAudio, longest: .milliseconds(4000), enough: .milliseconds(5000))
        picture(0, isKey: true)
        picture(4000, isKey: true)
        picture(8000)
        #expect(contents == ["v0", "v4000", "v8000"])
        picture(8001)
        #expect(contents.isEmpty && !group.isReady)
    }

    @Test mutating func soundThatGoesOnWithoutItsPicturesDoesForAGroup() {
        describeTracks()
        picture(0, isKey: true)
        for time in stride(from: Int64(0), through: 4000, by: 20) { #expect(!sound(time)) }
        #expect(group.isReady && contents.contains("v0"), "pictures may come late")
        for time in stride(from: Int64(4020), to: 120_000, by: 20) { sound(time) }
        #expect(group.isReady, "sound is better than nothing")
        #expect(contents.prefix(2) == ["t-h264", "t-aac"] && contents.last == "a119980")
        #expect((75...101).contains(contents.count - 2), "a second and a half of sound, to two")
        // Pictures that come again are waited for.
        #expect(!picture(120_000) && !group.isReady)
        #expect(picture(120_040, isKey: true) && group.isReady && contents.contains("v120040"))
    }

    @Test mutating func tracksAreAsTheyAreNow() {
        describeTracks()
        picture(0, isKey: true)
        sound(0)
        describeTracks()
        #expect(contents == ["t-h264", "t-aac", "v0", "a0"], "that is known")
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

    @Test mutating func eachTrackOfSoundIsItsOwn() {
        var second = ChannelBench.surround
        second.index = 1
        take(.track(second))
        describeTracks()
        picture(0, isKey: true)
        sound(20)
        sound(30, track: 1)
        #expect(contents == ["t-h264", "t-aac", "t-ac3", "v0", "a20", "a30"])
        second.language = "de"
        take(.track(second))
        #expect(contents == ["t-h264", "t-aac", "t-ac3", "v0", "a20"])
    }

    /// The tracks have that of the first sample.
    @Test mutating func eachEventHasItsArrival() {
        describeTracks()
        picture(40, isKey: true)
        sound(60)
        let arrivals = group.contents.map(\.arrival)
        #expect(arrivals == [40, 40, 40, 60].map { Instant(nanoseconds: $0 * 1_000_000) })
    }

    @Test mutating func whatIsHeardBeforeTheKeyFrameIsShownIsNotHeld() {
        describeTracks()
        sound(90)
        sound(110)
        take(.video(Self.sample(40, shownAt: 100, isSync: true)))
        #expect(contents == ["t-h264", "t-aac", "a110", "v40"])
    }

    @Test mutating func allSoundOfALongGroupIsHeld() {
        describeTracks()
        picture(0, isKey: true)
        for time in stride(from: Int64(0), to: 4000, by: 20) { sound(time) }
        #expect(group.contents.count == 203)
    }

    @Test mutating func dataGoWithTheTimeTheyAreOf() {
        describeTracks()
        picture(0, isKey: true)
        sound(10)
        for time in [60, 120, 180] as [Int64] { data(time) }
        picture(120, isKey: true)
        #expect(contents == ["t-h264", "t-aac", "m120", "s120", "m180", "s180", "v120"])
        // No group is left; a splice is of a time to come, most often, and sound may be of the next group.
        sound(170)
        picture(4160)
        #expect(contents == ["t-h264", "t-aac", "s120", "s180", "a170"])
        picture(150, isKey: true)
        #expect(contents == ["t-h264", "t-aac", "s180", "a170", "v150"])
    }

    @Test mutating func dataGoWithSoundAlone() {
        take(.track(ChannelBench.audio))
        for time in stride(from: Int64(0), through: 60_000, by: 20) {
            if time % 1000 == 0 { data(time) }
            sound(time)
        }
        #expect(contents.filter { !$0.hasPrefix("a") } == ["t-aac", "m59000", "s59000", "m60000", "s60000"])
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

    /// What has gone is counted no more.
    @Test mutating func groupsMayGoOnForEver() {
        for time in 0..<40 {
            take(.video(Self.sample(Int64(time), isSync: true, size: 1 << 20)))
            #expect(group.isReady)
        }
        // Sound of the next group remains, and counts.
        take(.audio(Self.sample(100, isSync: true, size: 20 << 20)))
        take(.video(Self.sample(60, isSync: true)))
        #expect(group.isReady)
        take(.audio(Self.sample(120, isSync: true, size: 13 << 20)))
        #expect(!group.isReady)
        // As after any flood.
        group = HeldGroup(.audio, longest: .milliseconds(4000), enough: .zero)
        take(.audio(Self.sample(0, isSync: true, size: 33 << 20)))
        #expect(!group.isReady)
        sound(20)
        #expect(group.isReady)
    }

    @Test mutating func soundAloneDoesWhenNoPictureHasComeForAWhile() {
        take(.track(ChannelBench.audio))
        for time in stride(from: Int64(0), to: 1000, by: 20) { #expect(!sound(time)) }
        #expect(sound(1000) && group.isReady)
        for time in stride(from: Int64(1020), through: 2000, by: 20) { sound(time) }
        #expect(contents.count == 102)
        sound(2020)
        #expect(contents.count == 77 && contents[1] == "a520", "not for each sample")
        for time in stride(from: Int64(2040), to: 60_000, by: 20) { sound(time) }
        #expect(group.contents.count < 110, "no more than two seconds")
    }

    /// What it had before is later than all that comes, and would be there for ever.
    @Test(arguments: [DeclaredTracks.audio, .videoAndAudio])
    mutating func soundOfBeforeItsClockWasSetBackIsNotHeld(tracks: DeclaredTracks) {
        group = HeldGroup(tracks, longest: .milliseconds(4000), enough: .zero)
        describeTracks()
        for time in stride(from: Int64(0), through: 2000, by: 20) { sound(3_600_000 + time) }
        sound(3_601_000)
        #expect(contents.last == "a3601000" && contents.contains("a3602000"), "tracks may come unevenly")
        for time in stride(from: Int64(0), through: 60_000, by: 20) { sound(time) }
        #expect(contents.contains("a60000") && !contents.contains { $0.hasPrefix("a36") })
        #expect(group.contents.count < 4100)
        sound(58_999)
        #expect(contents.last == "a58999" && !contents.contains("a60000"))
    }

    @Test mutating func eachTrackOfSoundHasItsOwnPlaceInTime() {
        group = HeldGroup(.audio, longest: .milliseconds(4000), enough: .zero)
        describeTracks()
        sound(10_000)
        sound(8000, track: 1)
        #expect(contents.suffix(2) == ["a10000", "a8000"], "one may be late")
        // The clock is set for all of them, and the second one's sound comes behind that.
        sound(20)
        sound(0, track: 1)
        #expect(contents.suffix(2) == ["a20", "a0"])
    }

    /// An encoder that stood still may show something else by now.
    @Test mutating func nothingOfBeforeAPauseIsHeld() {
        describeTracks()
        picture(0, isKey: true)
        sound(20)
        take(.video(Self.sample(40)), at: 4020)
        #expect(contents == ["t-h264", "t-aac", "v0", "a20", "v40"])
        take(.video(Self.sample(80)), at: 8021)
        #expect(contents.isEmpty && !group.isReady)
        take(.video(Self.sample(120, isSync: true)), at: 8061)
        #expect(contents == ["t-h264", "t-aac", "v120"])
    }

    @Test mutating func soundAloneDoesNotWhereThereIsAPicture() {
        describeTracks()
        for time in stride(from: Int64(0), to: 3000, by: 20) { #expect(!sound(time) && !group.isReady) }
    }

    @Test mutating func whereThereAreNoPicturesAnySoundDoes() {
        group = HeldGroup(.audio, longest: .milliseconds(4000), enough: .zero)
        describeTracks()
        #expect(!picture(0, isKey: true) && sound(0) && group.isReady)
        #expect(contents.last == "a0")
    }
}
