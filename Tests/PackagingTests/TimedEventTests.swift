import Bytes
import HLS
import ISOBMFF
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Metadata that come with the media, and the segments that splices end.
@Suite struct TimedEventTests {
    private static let tag = ByteChunk(Array("ID3-anything".utf8))

    /// Plays `seconds` from `start` of a feed with a key frame each second.
    private static func play(_ presentation: inout Presentation, from start: Int64, seconds: Int64) {
        presentation.play(Feed(gopFrames: 30).events(seconds: seconds, from: start))
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
        #expect(part.isIndependent && part.keyFrame?.range.lowerBound == wanted.bytes.count)
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

    @Test func whatIsFarAheadKeepsNothingOutThatIsForNow() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        Self.play(&presentation, from: 0, seconds: 3)
        for _ in 0..<64 { _ = presentation.append(TimedMetadata(time: .milliseconds(50_000), tag: Self.tag)) }
        let large = ByteChunk([UInt8](repeating: 1, count: 250 << 10))
        let tags: [(Int64, ByteChunk)] = [(4100, Self.tag), (4200, Self.tag), (4300, large)]
        for (time, tag) in tags {
            let isWhole = presentation.append(TimedMetadata(time: .milliseconds(time), tag: tag))
            #expect(!isWhole, "another is dropped for it")
        }
        let isTooLarge = !presentation.append(
            TimedMetadata(time: .milliseconds(1), tag: ByteChunk([UInt8](repeating: 0, count: 1 << 20))))
        #expect(isTooLarge, "and nothing is for what cannot be kept")
        Self.play(&presentation, from: 3000, seconds: 3)
        let parts = try #require(presentation.videoWindow).segments.flatMap(\.parts).compactMap(\.data).map(\.array)
        for (id, (time, tag)) in tags.enumerated() {
            let wanted = EventMessage(
                scheme: EventMessage.id3, timescale: .video, presentationTime: UInt64(time) * 90, id: UInt32(id) + 1,
                message: tag
            ).bytes.array
            #expect(parts.contains { $0.firstRange(of: wanted) != nil }, "at \(time)")
        }
    }

    @Test func aSegmentEndsAtTheSpliceWithTheNextKeyFrame() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .standard)
        Self.play(&presentation, from: 0, seconds: 14)
        _ = presentation.append(DateRangeBookTests.cue(.out, at: 16_000, for: 2000))
        _ = presentation.append(DateRangeBookTests.cue(.in, at: 18_000))
        Self.play(&presentation, from: 14_000, seconds: 10)
        let starts = try #require(presentation.videoWindow).segments.map(\.start)
        #expect(starts.contains(.milliseconds(16_000)) && starts.contains(.milliseconds(18_000)), "\(starts)")
        let sound = try #require(presentation.audioWindows.first).segments.map(\.start)
        #expect(sound.contains { abs($0.seconds - 16) < 0.03 }, "\(sound)")
    }
}
