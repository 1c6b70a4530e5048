import Bytes
import HLS
import ISOBMFF
import Media
import Packaging
import Testing
import Time

/// Metadata and splices that come with the media.
@Suite struct TimedEventTests {
    private static let tag = ByteChunk(Array("ID3-anything".utf8))

    private static func cue(
        _ kind: SpliceCue.Kind, id: UInt32 = 7, at milliseconds: Int64, for length: Int64? = nil
    ) -> SpliceCue {
        SpliceCue(
            kind: kind, eventID: id, time: .milliseconds(milliseconds), duration: length.map { .milliseconds($0) },
            section: ByteChunk([0xFC, 0x30, 0x0A]))
    }

    /// Plays `seconds` from `start` of a feed with a key frame each second.
    private static func play(_ presentation: inout Presentation, from start: Int64, seconds: Int64) {
        presentation.play(Feed(gopFrames: 30).events(seconds: seconds, from: start))
    }

    private static func dateRanges(_ presentation: Presentation, _ rendition: String = "video") -> [String] {
        presentation.playlist(rendition).split(separator: "\n").filter { $0.hasPrefix("#EXT-X-DATERANGE") }
            .map(String.init)
    }

    @Test func aTagGoesWithThePicturesOfItsTime() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 3)
        let isTaken = presentation.append(TimedMetadata(time: .milliseconds(4250), tag: Self.tag))
        #expect(isTaken)
        Self.play(&presentation, from: 3000, seconds: 2)
        let video = try #require(presentation.videoWindow)
        let parts = video.segments.flatMap(\.parts).compactMap(\.data).map(\.array)
        let carriers = parts.filter { $0.starts(with: [0, 0, 0]) && Array($0[4..<8]) == Array("emsg".utf8) }
        try #require(carriers.count == 1)
        let wanted = EventMessage(
            scheme: EventMessage.id3, timescale: .video, presentationTime: 4250 * 90, id: 1, message: Self.tag)
        #expect(carriers[0].starts(with: wanted.bytes.array))
        #expect(Array(carriers[0][(wanted.bytes.count + 4)..<(wanted.bytes.count + 8)]) == Array("moof".utf8))
        // The key frame is found behind it.
        let part = try #require(video.segments.flatMap(\.parts).first { $0.data?.array == carriers[0] })
        #expect(part.isIndependent && part.keyFrame?.lowerBound == wanted.bytes.count)
        let before = video.segments.flatMap(\.parts).prefix { $0.number < part.number }
        let start = before.reduce(MediaTime.zero) { $0 + $1.duration }
        #expect(start == .milliseconds(4000), "it is not sent ahead")
        let sound = try #require(presentation.audioWindows.first).segments.flatMap(\.parts)
        #expect(!sound.contains { $0.data?.array[4] == 0x65 })
    }

    @Test func whatWaitsIsBoundedAndEndsWithTheRun() {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 1)
        var taken = 0
        for _ in 0..<1000 where presentation.append(TimedMetadata(time: .milliseconds(70_000), tag: Self.tag)) {
            taken += 1
        }
        #expect(taken == 0, "so far ahead nothing is kept")
        for _ in 0..<1000 where presentation.append(TimedMetadata(time: .milliseconds(50_000), tag: Self.tag)) {
            taken += 1
        }
        #expect(taken == 64)
        let isTooLarge = !presentation.append(
            TimedMetadata(time: .milliseconds(1), tag: ByteChunk([UInt8](repeating: 0, count: 1 << 20))))
        #expect(isTooLarge)
        presentation.interrupt()
        let isDropped = !presentation.append(TimedMetadata(time: .milliseconds(1500), tag: Self.tag))
        #expect(isDropped, "there is no run")
    }

    @Test func aBreakIsARangeToWhichItsEndAddsOnlyWhatIsNew() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 10)
        _ = presentation.append(Self.cue(.out, at: 12_000, for: 30_000))
        let out =
            "#EXT-X-DATERANGE:ID=\"splice-7-1\",START-DATE=\"2027-01-15T08:00:12.000Z\",PLANNED-DURATION=30.000000,SCTE35-OUT=0xFC300A"
        #expect(Self.dateRanges(presentation) == [out])
        #expect(Self.dateRanges(presentation, "audio") == [out], "every playlist has the same")
        Self.play(&presentation, from: 10_000, seconds: 15)
        _ = presentation.append(Self.cue(.in, at: 24_500))
        let end = "#EXT-X-DATERANGE:ID=\"splice-7-1\",DURATION=12.500000,SCTE35-IN=0xFC300A"
        #expect(Self.dateRanges(presentation) == [out, end])
        // The same event again is another range.
        _ = presentation.append(Self.cue(.out, at: 26_000))
        #expect(Self.dateRanges(presentation).last?.contains("ID=\"splice-7-2\"") == true)
        _ = presentation.append(Self.cue(.command, id: 9, at: 26_000))
        #expect(Self.dateRanges(presentation).last?.contains("SCTE35-CMD=0xFC300A") == true)
    }

    @Test func aRangeStaysAsLongAsAnyMomentOfItIsListed() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 5)
        _ = presentation.append(Self.cue(.out, at: 6000, for: 10_000))
        var removedAt: MediaTime?
        for second in stride(from: Int64(5), to: 110, by: 5) {
            Self.play(&presentation, from: second * 1000, seconds: 5)
            let first = try #require(presentation.videoWindow?.listed.first?.start)
            #expect(Self.dateRanges(presentation).isEmpty == (first > .milliseconds(16_000)), "\(first)")
            if Self.dateRanges(presentation).isEmpty { removedAt = removedAt ?? presentation.videoWindow?.edge }
        }
        let edge = try #require(presentation.videoWindow?.edge)
        #expect(try edge - #require(removedAt) > .milliseconds(25_000), "or the next lines show nothing")
        #expect(presentation.playlist("video", skip: .segmentsAndDateRanges).contains("REMOVED-DATERANGES=\"\""))
    }

    @Test func aDeltaLeavesOutWhatIsOldAndNamesWhatIsGone() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 2)
        _ = presentation.append(Self.cue(.command, id: 1, at: 1000))
        Self.play(&presentation, from: 2000, seconds: 50)
        _ = presentation.append(Self.cue(.command, id: 2, at: 52_000))
        let delta = presentation.playlist("video", skip: .segmentsAndDateRanges)
        #expect(!delta.contains("splice-1-1") && delta.contains("splice-2-2"))
        #expect(presentation.playlist("video", skip: .segments).contains("splice-1-1"), "it was not asked to")
        Self.play(&presentation, from: 52_000, seconds: 15)
        let later = presentation.playlist("video", skip: .segmentsAndDateRanges)
        #expect(later.contains("RECENTLY-REMOVED-DATERANGES=\"splice-1-1\"\n"))
        #expect(!presentation.playlist("video").contains("splice-1-1"))
    }

    @Test func aSegmentEndsAtTheSpliceWithTheNextKeyFrame() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .standard)
        Self.play(&presentation, from: 0, seconds: 14)
        _ = presentation.append(Self.cue(.out, at: 16_000, for: 2000))
        _ = presentation.append(Self.cue(.in, at: 18_000))
        Self.play(&presentation, from: 14_000, seconds: 10)
        let starts = try #require(presentation.videoWindow).segments.map(\.start)
        #expect(starts.contains(.milliseconds(16_000)) && starts.contains(.milliseconds(18_000)), "\(starts)")
        let sound = try #require(presentation.audioWindows.first).segments.map(\.start)
        #expect(sound.contains { abs($0.seconds - 16) < 0.03 }, "\(sound)")
    }

    /// A splice is told several times before it happens.
    @Test func aRepeatedSpliceIsOneRange() {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 5)
        for _ in 0..<4 { _ = presentation.append(Self.cue(.out, at: 6000, for: 3000)) }
        #expect(Self.dateRanges(presentation).count == 1)
        Self.play(&presentation, from: 5000, seconds: 10)
        _ = presentation.append(Self.cue(.out, at: 16_000, for: 3000))
        #expect(Self.dateRanges(presentation).count == 2, "the event comes again")
    }
}
