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
        for round in 0..<7 as Range<Int64> {
            let shown = (round * 2034 + 1034 + 33) * 90
            let segment = try #require(segments.first { abs($0[0].presentation[0] - shown) <= 90 })
            #expect(segment.flatMap(\.presentation).min() == segment[0].start, "the key frame at \(shown)")
        }
    }
}
