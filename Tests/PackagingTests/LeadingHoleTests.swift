import Bytes
import Media
import Testing

@testable import Packaging

/// The leading rendition stops, and another goes on: 42 ms from picture to picture, as many parts as they make.
@Suite struct LeadingHoleTests {
    @Test func missingMediaEndWithThePicturesOfOthersAndTheirKeyFrames() {
        var cutter = VideoCutter(
            profile: LatencyProfile(.ultra), sourceTimescale: .milliseconds, reordersPictures: true)
        var cuts: [Cut] = []
        for number in Int64(0)..<10 {
            let time = number * 42
            let frame = TimedFrame(
                data: ByteChunk([1]), sourceDecodeTime: time, decodeTime: time * 90, presentationTime: time * 90,
                access: number == 0 ? .sync : .dependent)
            _ = cutter.append(frame, cuts: &cuts)
        }
        let others = (Int64(10)..<120).map { OtherFrame(time: $0 * 42 * 90, isSync: $0 % 24 == 0) }
        cutter.giveUp(before: .milliseconds(4500), others: others, cuts: &cuts)
        var (end, segmentEnds) = (Int64(0), [Int64]())
        for cut in cuts {
            switch cut {
            case .chunk(let chunk):
                #expect(chunk.end % (42 * 90) == 0 && chunk.end - chunk.start <= 215 * 90)
                end = chunk.end / 90
            case .segmentEnd: segmentEnds.append(end)
            }
        }
        #expect(end > 4200)
        #expect(segmentEnds == [1008, 2016, 3024, 4032])
    }
}
