import Bytes
import Media
import Packaging
import SampleFeed
import Testing

/// Frames at uneven distances that are shown in another order.
@Suite struct UnevenFramesTests {
    /// Decode times and what is added for showing, in milliseconds, as ffmpeg wrote them into FLV: libx264 with `-bf 2`
    /// and `-fps_mode vfr`, of 60 frames a second some left out. Key frames at 0 and 1034; that at 1034 is shown sooner after
    /// its decoding than those before it.
    private static let frames: [(decode: Int64, offset: Int64)] = [
        (0, 67), (34, 183), (67, 83), (150, 50), (200, 134), (217, 50), (267, 17), (284, 100), (334, 16),
        (350, 17), (367, 100), (384, 16), (400, 34), (434, 133), (467, 17), (484, 66), (550, 100), (567, 17),
        (584, 33), (617, 83), (650, 17), (667, 17), (684, 83), (700, 17), (717, 17), (734, 116), (767, 17),
        (784, 33), (817, 133), (850, 17), (867, 67), (934, 66), (950, 17), (967, 17), (984, 66), (1000, 17),
        (1017, 17), (1034, 33), (1050, 100), (1067, 17), (1084, 50), (1134, 66), (1150, 17), (1167, 17),
        (1184, 66), (1200, 17), (1217, 17), (1234, 66), (1250, 17), (1267, 17), (1284, 66), (1300, 17),
        (1317, 17), (1334, 66), (1350, 17), (1367, 17), (1384, 66), (1400, 17), (1417, 17), (1434, 66), (1450, 17),
        (1467, 17), (1484, 66), (1500, 17), (1517, 17), (1534, 66), (1550, 17), (1567, 17), (1584, 66),
        (1600, 17), (1617, 17), (1634, 66), (1650, 17), (1667, 17), (1684, 66), (1700, 17), (1717, 17), (1734, 66),
        (1750, 17), (1767, 17), (1784, 66), (1800, 17), (1817, 17), (1834, 66), (1850, 17), (1867, 17),
        (1884, 66), (1900, 17), (1917, 17), (1934, 66), (1950, 17), (1967, 17), (1984, 66), (2000, 17), (2017, 17),
    ]

    @Test func framesBeforeAKeyFrameMakeWay() throws {
        let feed = Feed(hasAudio: false)
        var presentation = Presentation.started(feed, .ultra)
        let data = ByteChunk([UInt8](repeating: 0x2A, count: 100))
        for round in 0..<8 as Range<Int64> {
            for frame in Self.frames {
                let decode = MediaTime.milliseconds(round * 2034 + frame.decode)
                let sample = Sample(
                    data: data, decodeTime: decode, presentationTime: decode + .milliseconds(frame.offset),
                    isSync: [0, 1034].contains(frame.decode))
                let isTaken = presentation.appendVideo(sample)
                #expect(isTaken)
            }
        }
        let segments = try PresentationTests.timings(presentation, "video").filter { !$0.isEmpty }
        #expect(segments.count >= 8 && presentation.hasIndependentSegments)
        for shown in (0..<7 as Range<Int64>).flatMap({ [$0 * 2034 + 67, $0 * 2034 + 1034 + 33] }) {
            let segment = try #require(segments.first { abs($0[0].presentation[0] - shown * 90) <= 90 })
            #expect(segment.flatMap(\.presentation).min() == segment[0].start, "the key frame at \(shown)")
        }
    }

    /// Pictures as x264 gives them out, with two B-frames between others: 60 a second, of which `lost` says how many are
    /// left out before that of an index. Times are in milliseconds; each is decoded when that was shown which is `delay`
    /// pictures before it.
    private static func pictures(
        _ count: Int, gop: Int, delay: Int, lost: (Int) -> Int64
    ) -> [(decode: Int64, shown: Int64, isSync: Bool)] {
        var (place, shown) = (Int64(0), [Int64]())
        for index in 0..<count + 3 {
            place += lost(index)
            shown.append((place * 1000 + 30) / 60)
            place += 1
        }
        // Groups of a key frame and I or P behind each two B: 0 3 1 2 6 4 5.
        var order: [Int] = []
        for start in stride(from: 0, to: count, by: gop) {
            let end = min(start + gop, count)
            order.append(start)
            for first in stride(from: start + 1, to: end, by: 3) {
                order.append(min(first + 2, end - 1))
                order += Array(first..<min(first + 2, end - 1))
            }
        }
        return order.enumerated().map { place, index in
            let decode = place < delay ? shown[place] - shown[delay] + shown[0] : shown[place - delay]
            return (decode + 100, shown[index] + 100, index % gop == 0)
        }
    }

    /// Groups as long as segments may be; what is held back for its order comes all at once when the source goes.
    @Test(arguments: [1, 2, 3, 4])
    func aSourceThatLeavesIsNotBlamedForTheKeyFrameThatDidNotCome(delay: Int) {
        for count in stride(from: 228, through: 372, by: 3) {
            var presentation = Presentation.started(Feed(hasAudio: false), .ultra)
            for picture in Self.pictures(count, gop: 120, delay: delay, lost: { _ in 0 }) {
                let isTaken = presentation.appendVideo(Self.sample(picture))
                #expect(isTaken)
            }
            presentation.interrupt()
            let blames = presentation.takeEvents().filter {
                if case .segmentWithoutKeyFrame = $0 { true } else { false }
            }
            #expect(blames.isEmpty, "\(count) pictures")
        }
    }

    private static func sample(_ picture: (decode: Int64, shown: Int64, isSync: Bool)) -> Sample {
        Sample(
            data: ByteChunk([1]), decodeTime: .milliseconds(picture.decode),
            presentationTime: .milliseconds(picture.shown), isSync: picture.isSync)
    }

    @Test(arguments: [LatencyProfile.Name.low, .ultra], 0..<16)
    func segmentsBeginWithTheirFirstPicture(name: LatencyProfile.Name, seed: Int) throws {
        var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let gop = [30, 60, 75, 40][seed % 4]
        let pictures = Self.pictures(1500, gop: gop, delay: 1 + seed / 4 % 2) { _ in
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % 3 == 0 ? Int64((random >> 40) % 3) : 0
        }
        var presentation = Presentation.started(Feed(hasAudio: false), name)
        for picture in pictures {
            let isTaken = presentation.appendVideo(Self.sample(picture))
            #expect(isTaken)
        }
        let segments = try PresentationTests.timings(presentation, "video").filter { !$0.isEmpty }
        #expect(segments.count > 8 && presentation.hasIndependentSegments)
        let late = segments.map { ($0.flatMap(\.presentation).min() ?? 0) - $0[0].start }
        #expect(late.allSatisfy { $0 == 0 }, "\(late)")
        for segment in presentation.videoWindow?.segments ?? [] {
            let lengths = segment.parts.map(\.duration)
            #expect(lengths.allSatisfy { $0 <= presentation.profile.partTarget }, "\(lengths)")
            #expect(
                lengths.dropLast().allSatisfy { $0.seconds > 0.85 * presentation.profile.partTarget.seconds },
                "\(lengths)")
        }
    }

    /// A source that stops for a moment again and again: what is missing is missing parts, and all else is as it should be.
    @Test(arguments: LatencyProfile.Name.allCases, 0..<24)
    func aSourceMayStopForAMoment(name: LatencyProfile.Name, seed: Int) throws {
        let pause: Int64 = [20, 42, 85, 200][seed % 4]
        let pictures = Self.pictures(1600, gop: [60, 47, 120, 300][seed / 4 % 4], delay: 1 + seed % 2) {
            $0 > 0 && $0 % (131 + seed * 7) == 0 ? pause : 0
        }
        var presentation = Presentation.started(Feed(hasAudio: false), name)
        for picture in pictures {
            let isTaken = presentation.appendVideo(Self.sample(picture))
            #expect(isTaken)
        }
        let profile = presentation.profile
        for segment in presentation.videoWindow?.segments ?? [] where segment.isComplete {
            #expect(segment.duration.seconds < Double(profile.targetDuration) + 0.5, "\(segment.duration)")
            guard profile.offersParts else {
                #expect(
                    segment.isGap || !segment.parts.contains { $0.isGap }, "nobody is told of parts that are missing")
                continue
            }
            let lengths = segment.parts.map(\.duration)
            #expect(lengths.allSatisfy { $0 <= profile.partTarget }, "\(lengths)")
            for (part, next) in zip(segment.parts, segment.parts.dropFirst()) where !part.isGap && !next.isGap {
                #expect(part.duration.seconds > 0.85 * profile.partTarget.seconds, "\(lengths)")
            }
        }
        // Where there is no key frame in time, one that is shown before another may be decoded behind it: by a picture.
        let beginsWithKeyFrame = presentation.videoWindow?.segments.filter { !$0.isGap }.map {
            $0.parts[0].isIndependent
        }
        let segments = try PresentationTests.timings(presentation, "video").filter { !$0.isEmpty }
        for (segment, hasKeyFrame) in zip(segments, beginsWithKeyFrame ?? []) {
            let late = Double((segment.flatMap(\.presentation).min() ?? 0) - segment[0].start) / 90_000
            #expect(abs(late) < (hasKeyFrame ? 0.002 : 0.018))
        }
    }

    /// How long the last picture lasts nobody knows; a part is never too long by it.
    @Test(arguments: LatencyProfile.Name.allCases, 40..<60)
    func aSourceOfUnevenPicturesMayEndAnywhere(name: LatencyProfile.Name, count: Int) {
        let pictures = Self.pictures(count, gop: 30, delay: 1) { $0 % 3 == 0 ? 50 : 0 }
        var presentation = Presentation.started(Feed(hasAudio: false), name)
        for picture in pictures { _ = presentation.appendVideo(Self.sample(picture)) }
        presentation.interrupt()
        let profile = presentation.profile
        for segment in presentation.videoWindow?.segments ?? [] {
            #expect(segment.duration.seconds < Double(profile.targetDuration) + 0.5)
            let lengths = segment.parts.map(\.duration)
            #expect(!profile.offersParts || lengths.allSatisfy { $0 <= profile.partTarget }, "\(lengths)")
        }
    }

    @Test(arguments: [LatencyProfile.Name.low, .ultra], 1...14 as ClosedRange<Int64>)
    func picturesThatAreLostBeforeAKeyFrameMakeNoPartTooLong(name: LatencyProfile.Name, lost: Int64) throws {
        for first in 0..<6 as Range<Int64> {
            let feed = Feed(frames: 25, gopFrames: 40 + first, hasAudio: false)
            var presentation = Presentation.started(feed, name)
            let key = feed.gopFrames * 2
            presentation.play(feed.events(seconds: 12, without: Set(key - lost..<key)))
            let parts = presentation.videoWindow?.segments.flatMap(\.parts) ?? []
            #expect(parts.allSatisfy { $0.duration <= presentation.profile.partTarget }, "\(parts.map(\.duration))")
        }
    }
}
