import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Groups of pictures that are open: behind a key frame come pictures that are shown before it, and need what came before.
@Suite struct OpenGroupTests {
    /// Pictures of 40 ms, in groups of 25. In decoding order a group is a key frame, two leading pictures that are shown
    /// before it, and the rest; the very first group has no leading pictures when it begins with a closed key frame.
    static func pictures(groups: Int, beginsClosed: Bool) -> [Sample] {
        var samples: [Sample] = []
        for group in 0..<groups {
            for place in 0..<25 {
                let index = Int64(group * 25 + place)
                let isClosed = group == 0 && beginsClosed
                let shown: Int64 =
                    isClosed ? index : place == 0 ? index + 2 : place <= 2 ? index - 1 : index
                let access: SampleAccess =
                    place == 0 ? (isClosed ? .sync : .openSync) : place <= 2 && !isClosed ? .leading : .dependent
                samples.append(
                    Sample(
                        data: ByteChunk([UInt8(truncatingIfNeeded: index), UInt8(place)]),
                        decodeTime: .milliseconds(index * 40), presentationTime: .milliseconds(shown * 40),
                        access: access))
            }
        }
        return samples
    }

    private static func played(_ samples: [Sample]) -> (presentation: Presentation, taken: [Bool]) {
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(.low), wallStart: WallTime(microseconds: 0),
            start: Instant(nanoseconds: 0))
        _ = presentation.beginRun(
            tracks: [Feed.video], sourceStart: samples[0].presentationTime, now: Instant(nanoseconds: 0))
        let taken = samples.map { presentation.appendVideo($0) }
        return (presentation, taken)
    }

    /// They cannot be decoded: what they need was before we came.
    @Test func leadingPicturesAreLeftOutOnlyWhereWeBegan() {
        let samples = Self.pictures(groups: 4, beginsClosed: false)
        let taken = Self.played(samples).taken
        #expect(taken.enumerated().filter { !$0.element }.map(\.offset) == [1, 2])
    }

    /// The key frame's place between its leading pictures must not move the clock of the pictures.
    @Test(arguments: [true, false])
    func aKeyFrameOfAnOpenGroupLeavesNoHole(beginsClosed: Bool) throws {
        let samples = Self.pictures(groups: 8, beginsClosed: beginsClosed)
        let presentation = Self.played(samples).presentation
        let video = try #require(presentation.videoWindow)
        let parts = video.segments.flatMap(\.parts)
        #expect(parts.allSatisfy { !$0.isGap } && parts.count > 10)
        let end = try #require(video.segments.last?.end)
        let length = end.seconds
        #expect(abs(length - 8) < 0.6, "published \(length) s of 8")
        #expect(video.segments.dropFirst().allSatisfy { $0.parts[0].isIndependent })
    }

    /// A key frame is dated when it is shown, which is behind its leading pictures; its segment when the first of those is.
    @Test func aKeyFrameIsDatedWhenItIsShown() throws {
        let presentation = Self.played(Self.pictures(groups: 8, beginsClosed: true)).presentation
        let snapshot = presentation.snapshot
        let window = try #require(snapshot.rendition("video"))
        let dates = String(decoding: snapshot.iFramePlaylist(of: window).rendered(), as: UTF8.self)
            .split(separator: "\n").filter { $0.hasPrefix("#EXT-X-PROGRAM-DATE-TIME:") }
            .compactMap { Double($0.dropFirst("#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:".count).dropLast()) }
        #expect(dates.count > 4 && dates.first == 0)
        let lengths = String(decoding: snapshot.iFramePlaylist(of: window).rendered(), as: UTF8.self)
            .split(separator: "\n").compactMap { $0.hasPrefix("#EXTINF:") ? Double($0.dropFirst(8).dropLast()) : nil }
        for (length, (date, next)) in zip(lengths, zip(dates, dates.dropFirst())) {
            #expect(abs(next - date - length) < 0.002, "the one at \(date) is listed for \(length) s")
        }
        for (group, date) in dates.enumerated().dropFirst() {
            #expect(abs(date - (Double(group) + 0.08)) < 0.002, "the key frame of group \(group) is dated \(date)")
        }
    }

    @Test func segmentsOfOpenGroupsAreNotIndependent() {
        #expect(!Self.played(Self.pictures(groups: 4, beginsClosed: true)).presentation.hasIndependentSegments)
        #expect(Self.played(Self.pictures(groups: 1, beginsClosed: true)).presentation.hasIndependentSegments)
    }
}
