import Bytes
import Media
import Testing

@testable import Packaging

/// One rendition that follows, by itself: 25 pictures in a second, on a clock of milliseconds, each decoded two pictures
/// before it is shown.
@Suite struct VideoFollowerTests {
    private static func follower(_ name: LatencyProfile.Name) -> VideoFollower {
        VideoFollower(
            profile: LatencyProfile(name), sourceTimescale: .milliseconds, reordersPictures: true, start: .zero)
    }

    private static func frame(decoded: Int64, shown: Int64, _ access: SampleAccess) -> TimedFrame {
        TimedFrame(
            data: ByteChunk([1]), sourceDecodeTime: decoded, decodeTime: decoded * 90, presentationTime: shown * 90,
            access: access)
    }

    /// What comes of it, in milliseconds: where chunks begin and end, and how many samples they have.
    private static func chunks(of follower: inout VideoFollower) -> [[Int64]] {
        var chunks: [[Int64]] = []
        while let cut = follower.next(isEnding: false) {
            if case .chunk(let chunk) = cut {
                chunks.append([chunk.start / 90, chunk.end / 90, Int64(chunk.samples.count)])
            }
        }
        return chunks
    }

    private static func play(_ follower: inout VideoFollower, _ times: some Sequence<Int64>, leading: Int64? = nil)
        -> Int
    {
        times.count { time in
            let access: SampleAccess = time % 1000 == 0 ? .sync : .dependent
            return follower.append(
                frame(decoded: time - 80, shown: time, access), leading: .milliseconds(leading ?? time))
        }
    }

    /// An encoder that comes back with a key frame of its own, a little later than the segment begins.
    @Test func beforeAKeyFrameInsideTheFirstPartMediaAreMissing() {
        for (name, expected) in [(.ultra, [[900, 1000, 0], [1000, 1100, 3]]), (.standard, [[900, 1100, 0]])]
            as [(LatencyProfile.Name, [[Int64]])]
        {
            var follower = Self.follower(name)
            _ = Self.play(&follower, stride(from: 1000, through: 1400, by: 40))
            follower.open(at: 900 * 90)
            follower.targets = [.chunkEnd(.milliseconds(1100)), .segmentEnd(.keyFrame)]
            let chunks = Self.chunks(of: &follower)
            #expect(chunks == expected, "\(name)")
        }
    }

    /// Behind the first picture of an open group come some that need what came before it.
    @Test func itDoesNotComeBackWithPicturesThatNeedWhatIsMissing() {
        var follower = Self.follower(.ultra)
        _ = Self.play(&follower, stride(from: 0, to: 1000, by: 40))
        let group: [(Int64, SampleAccess)] = [
            (1080, .openSync), (1000, .leading), (1040, .leading), (1120, .dependent),
        ]
        for (place, (shown, access)) in group.enumerated() {
            let frame = Self.frame(decoded: 920 + Int64(place) * 40, shown: shown, access)
            _ = follower.append(frame, leading: .milliseconds(shown))
        }
        _ = Self.play(&follower, stride(from: 1160, through: 1400, by: 40))
        follower.open(at: 1000 * 90)
        follower.targets = [.chunkEnd(.milliseconds(1200))]
        let chunks = Self.chunks(of: &follower)
        #expect(chunks == [[1000, 1080, 0], [1080, 1200, 3]])
    }

    /// As long as nothing leads.
    @Test func whatIsTooFarAheadIsNotKept() {
        var follower = Self.follower(.low)
        _ = Self.play(&follower, stride(from: 0, to: 60_000, by: 40))
        #expect(follower.end < .milliseconds(14_000) && follower.waiting.count < 400)
    }

    /// What follows a picture that was left out can be shown only from a key frame on.
    @Test func whatIsTooLateNeedsAKeyFrame() {
        var follower = Self.follower(.low)
        #expect(Self.play(&follower, stride(from: 0, to: 400, by: 40)) == 10)
        #expect(Self.play(&follower, [400], leading: 12_000) == 0)
        #expect(Self.play(&follower, stride(from: 440, to: 1000, by: 40)) == 0)
        #expect(Self.play(&follower, stride(from: 1000, to: 1400, by: 40)) == 10)
    }

    /// An instant that comes too soon for a part is left out, and one that comes too late is reached in steps.
    @Test func instantsThatMakeNoPartAreLeftOut() {
        var follower = Self.follower(.ultra)
        _ = Self.play(&follower, stride(from: 0, through: 2000, by: 40))
        follower.open(at: 0)
        follower.targets = [100, 200, 230, 600, 660].map { .chunkEnd(.milliseconds($0)) } + [.segmentEnd(.hole)]
        let chunks = Self.chunks(of: &follower)
        #expect(chunks.map { $0[1] } == [200, 400, 600, 660])
    }

    /// Where a part has to be shared out, none is without a picture.
    @Test func stepsEndWithPictures() {
        var follower = Self.follower(.ultra)
        _ = Self.play(&follower, stride(from: 0, through: 1980, by: 66))
        follower.open(at: 0)
        follower.targets = [.chunkEnd(.milliseconds(230)), .segmentEnd(.hole)]
        let chunks = Self.chunks(of: &follower)
        #expect(chunks == [[0, 198, 3], [198, 230, 1]])
    }

    @Test func anOpenGroupToBeginWithLacksItsLeadingPictures() {
        var follower = Self.follower(.ultra)
        let group: [(Int64, SampleAccess)] = [(160, .openSync), (80, .leading), (120, .leading), (200, .dependent)]
        let taken = group.enumerated().map { place, picture in
            let frame = Self.frame(decoded: Int64(place) * 40, shown: picture.0, picture.1)
            return follower.append(frame, leading: .milliseconds(picture.0))
        }
        #expect(taken == [true, false, false, true])
    }

    /// Times are rounded: a key frame is not put before the end of the segment that it follows.
    @Test func aPictureThatIsAMillisecondEarlyIsBehindTheInstant() {
        var follower = Self.follower(.ultra)
        _ = Self.play(&follower, stride(from: 0, through: 2000, by: 40))
        follower.open(at: 0)
        follower.targets =
            [200, 400, 600, 800, 1001].map { .chunkEnd(.milliseconds($0)) } + [.segmentEnd(.keyFrame)]
            + [.chunkEnd(.milliseconds(1201))]
        let chunks = Self.chunks(of: &follower)
        #expect(chunks.map { $0[1] } == [200, 400, 600, 800, 1001, 1201])
        #expect(chunks.allSatisfy { $0[2] == 5 })
    }

    @Test func whatWasGivenUpNeedsAKeyFrame() {
        var follower = Self.follower(.ultra)
        _ = Self.play(&follower, stride(from: 0, to: 400, by: 40))
        follower.open(at: 0)
        follower.targets = [200, 400].map { .chunkEnd(.milliseconds($0)) }
        #expect(Self.chunks(of: &follower).count == 2)
        follower.targets = [.chunkEnd(.milliseconds(600))]
        #expect(Self.chunks(of: &follower).isEmpty && !follower.hasStopped)
        follower.giveUp(before: .milliseconds(600))
        #expect(Self.chunks(of: &follower) == [[400, 600, 0]] && follower.hasStopped)
        #expect(Self.play(&follower, stride(from: 400, to: 1000, by: 40)) == 0)
        #expect(Self.play(&follower, stride(from: 1000, to: 1400, by: 40)) == 10)
    }

    /// What comes of pictures that are `distance` apart, with key frames at `keys`, at those chunk ends.
    private static func counts(
        distance: Int64, keys: Set<Int64> = [0, 1000, 2000], ends: [Int64], segmentEnd: Int64? = nil
    ) -> [Int64] {
        var follower = follower(.ultra)
        for time in stride(from: Int64(0), through: 2000, by: Int(distance)) {
            let access: SampleAccess = keys.contains(time) ? .sync : .dependent
            _ = follower.append(frame(decoded: time - 80, shown: time, access), leading: .milliseconds(time))
        }
        follower.open(at: 0)
        follower.targets = ends.flatMap { end -> [CutTarget] in
            [.chunkEnd(.milliseconds(end))] + (end == segmentEnd ? [.segmentEnd(.keyFrame)] : [])
        }
        return chunks(of: &follower).map { $0[2] }
    }

    /// What is left before a key frame would be a part without a picture.
    @Test func theLastPictureBeforeAKeyFrameIsLeftForThePartThatEndsThere() {
        let ends: [Int64] = [192, 384, 576, 768, 960, 1000, 1200]
        #expect(Self.counts(distance: 100, ends: ends, segmentEnd: 1000) == [2, 2, 2, 2, 1, 1, 2])
        // Not where it is the only one, or the part before it would be without.
        #expect(Self.counts(distance: 200, ends: [192, 384, 576, 768, 960]) == [1, 1, 1, 1, 1])
        // Not where no part follows, or it would be in the next segment.
        let cut: [Int64] = [192, 384, 576, 768, 960, 1160]
        #expect(Self.counts(distance: 100, ends: cut, segmentEnd: 960) == [2, 2, 2, 2, 2, 2])
        // Not where it is a key frame itself.
        #expect(Self.counts(distance: 100, keys: [0, 900, 1000], ends: [192, 384, 576, 768, 960]) == [2, 2, 2, 2, 2])
        // Not where the key frame comes with the end.
        #expect(Self.counts(distance: 100, ends: [200, 400, 600, 800, 1000]) == [2, 2, 2, 2, 2])
    }

    /// In a steady rhythm a part is done when its last picture is there. Where it ends between two of them the next one says
    /// which it has, but for the last part of a segment.
    @Test func aPartIsDoneAsSoonAsItIsKnownWhatItHas() {
        func reached(newest: Int64, end: Int64, endsSegment: Bool = false) -> Int64? {
            var follower = Self.follower(.ultra)
            _ = Self.play(&follower, stride(from: 0, through: newest, by: 40))
            follower.open(at: 0)
            follower.targets =
                stride(from: 200, through: 7800, by: 200).map { .chunkEnd(.milliseconds($0)) }
                + [.chunkEnd(.milliseconds(end))] + (endsSegment ? [.segmentEnd(.keyFrame)] : [])
            return Self.chunks(of: &follower).last?[1]
        }
        #expect(reached(newest: 7960, end: 8000) == 8000)
        #expect(reached(newest: 7920, end: 8000) == 7800)
        #expect(reached(newest: 7960, end: 7992) == 7800)
        #expect(reached(newest: 7960, end: 7992, endsSegment: true) == 7992)
    }

    /// It comes back with a segment: nobody waits for its pictures before.
    @Test func whatIsMissingIsNotWaitedForInsideASegment() {
        var follower = Self.follower(.ultra)
        let times = stride(from: Int64(300), through: 380, by: 40)
        for time in times {
            let frame = Self.frame(decoded: time - 80, shown: time, time == 300 ? .sync : .dependent)
            _ = follower.append(frame, leading: .milliseconds(time))
        }
        follower.flush()
        follower.open(at: 0)
        follower.targets = [200, 400].map { .chunkEnd(.milliseconds($0)) }
        #expect(Self.chunks(of: &follower) == [[0, 200, 0], [200, 400, 0]])
    }
}
