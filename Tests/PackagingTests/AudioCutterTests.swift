import Bytes
import ISOBMFF
import Media
import Testing

@testable import Packaging

/// Sound stays where its source had it.
@Suite struct AudioCutterTests {
    static let rate: Int64 = 48_000

    /// Cuts frames, whose bytes are their index, shown at `times`: by how many milliseconds too late each is shown.
    private func offsets(
        _ times: [MediaTime], samplesPerFrame: Int = 1024, silence: ByteChunk? = nil
    ) -> [(frame: Int, late: Double)] {
        let format = AudioFormat(sampleRate: UInt32(Self.rate), channelCount: 2, samplesPerFrame: samplesPerFrame)
        var cutter = AudioCutter(format: format, profile: LatencyProfile(.ultra), start: .zero)
        var offsets: [(Int, Double)] = []
        func take(_ chunk: Chunk) {
            var start = chunk.start
            for sample in chunk.samples {
                let frame = sample.data.array.reduce(0) { $0 << 8 | Int($1) }
                let shown = MediaTime(start + Int64(sample.compositionOffset), Timescale(UInt32(Self.rate)))
                if sample.data.count == 2 { offsets.append((frame, (shown - times[frame]).seconds * 1000)) }
                start += Int64(sample.duration)
            }
        }
        var next = MediaTime.milliseconds(200)
        for (frame, time) in times.enumerated() {
            _ = cutter.append(ByteChunk([UInt8(frame >> 8), UInt8(frame & 255)]), at: time, silence: silence)
            while cutter.end >= next {
                while case .chunk(let chunk) = cutter.cut(at: next) { take(chunk) }
                next += .milliseconds(200)
            }
        }
        while case .chunk(let chunk) = cutter.cut(at: cutter.end) { take(chunk) }
        if let chunk = cutter.endSegment() { take(chunk) }
        return offsets
    }

    /// Of AAC, and of HE-AAC with frames twice as long.
    @Test(arguments: [1024, 2048], [1001, 999, 1002, 998] as [Int64])
    func samplesThatCountByAnotherClockThanTheTimesStayNear(samplesPerFrame: Int, thousandths: Int64) {
        let times = (0..<2000).map {
            MediaTime($0 * Int64(samplesPerFrame) * thousandths, Timescale(UInt32(Self.rate) * 1000))
        }
        for silence in [nil, ByteChunk([0])] {
            let offsets = offsets(times, samplesPerFrame: samplesPerFrame, silence: silence)
            #expect(offsets.allSatisfy { abs($0.late) < 9.5 })
            #expect(offsets.count > 1900)
        }
    }

    @Test func unevenTimesAreNoReasonForHoles() {
        let times = (0..<500).map { (frame: Int64) in
            MediaTime(frame * 1024 + [0, 480, -480][Int(frame % 3)], Timescale(UInt32(Self.rate)))
        }
        #expect(offsets(times).count == times.count)
    }

    /// As when the sound of the run before ended a little behind its picture.
    @Test func aRunBeginsWithAFrameThatHasItsPlace() throws {
        let times = (0..<50).map { (frame: Int64) in
            MediaTime(frame * 1024 - 500, Timescale(UInt32(Self.rate)))
        }
        let offsets = offsets(times)
        #expect(try #require(offsets.first).frame == 1 && offsets.allSatisfy { abs($0.late) < 0.1 })
    }
}
