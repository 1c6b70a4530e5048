import Bytes
import FFmpeg
import Testing

@testable import Ingest

/// A file played again and again has one timeline.
@Suite struct LoopSpliceTests {
    private static let video = DemuxedStream(index: 0, medium: .video, codec: .h264, timeBase: TimeBase(1, 12_800))
    private static let audio = DemuxedStream(index: 1, medium: .audio, codec: .aac, timeBase: TimeBase(1, 48_000))

    /// Two streams, in the order of their times. Sound begins with the frame that primes its decoder, and is that much
    /// longer or shorter than the picture.
    private func file(pictures: Int, soundFrames: Int, start: Int64 = 0) -> [(DemuxedPacket, DemuxedStream, Double)] {
        let v = (0..<pictures).map { index in
            let time = start * 12_800 + Int64(index) * 512
            return (
                DemuxedPacket(stream: 0, data: ByteChunk([1]), presentation: time, decode: time - 512, duration: 512),
                Self.video, Double(time) / 12_800
            )
        }
        let a = (0..<soundFrames).map { index in
            let time = start * 48_000 + Int64(index - 1) * 1024
            return (
                DemuxedPacket(stream: 1, data: ByteChunk([2]), presentation: time, decode: time, duration: 1024),
                Self.audio, Double(time) / 48_000
            )
        }
        return (v + a).sorted { $0.2 < $1.2 }
    }

    private func play(
        _ file: [(DemuxedPacket, DemuxedStream, Double)], passes: Int
    ) -> (video: [Int64], audio: [Int64], offsets: [Double]) {
        var splice = LoopSplice()
        var (video, audio, offsets): ([Int64], [Int64], [Double]) = ([], [], [])
        for pass in 0..<passes {
            for (packet, stream, natural) in file {
                guard let placed = splice.place(packet, of: stream), let time = placed.presentation else { continue }
                if stream.index == 0 {
                    video.append(time)
                    if placed.decode != time - 512 { Issue.record("decode times go along") }
                } else {
                    audio.append(time)
                    let length = Double(file.count { $0.1.index == 0 }) * 512 / 12_800
                    offsets.append(Double(time) / 48_000 - natural - Double(pass) * length)
                }
            }
            let goesOn = splice.endPass()
            #expect(goesOn)
        }
        return (video, audio, offsets)
    }

    @Test(arguments: [(75, 141), (75, 142), (75, 143), (75, 144), (50, 95), (33, 63)], [Int64(0), 95_443])
    func picturesGoOnAtTheirPaceAndSoundWithoutAGapBesideThem(counts: (Int, Int), start: Int64) {
        let result = play(file(pictures: counts.0, soundFrames: counts.1, start: start), passes: 100)
        #expect(Set(zip(result.video, result.video.dropFirst()).map { $1 - $0 }) == [512])
        #expect(result.video.count == 100 * counts.0)
        #expect(Set(zip(result.audio, result.audio.dropFirst()).map { $1 - $0 }) == [1024])
        // Half a frame at most, in the hundredth pass as in the first.
        #expect(result.offsets.allSatisfy { abs($0) <= 0.0107 })
    }

    /// Sound that is missing at the end is missing: what follows is in its place.
    @Test func aHoleInTheSoundStaysOne() {
        let result = play(file(pictures: 75, soundFrames: 100), passes: 3)
        let steps = zip(result.audio, result.audio.dropFirst()).map { $1 - $0 }.filter { $0 != 1024 }
        #expect(steps.count == 2 && steps.allSatisfy { $0 > 40_000 })
        #expect(result.offsets.allSatisfy { abs($0) < 0.0107 })
    }

    /// Sound that is much longer than the picture is heard to its end.
    @Test func picturesWaitForLongerSound() {
        let result = play(file(pictures: 25, soundFrames: 142), passes: 3)
        #expect(Set(zip(result.audio, result.audio.dropFirst()).map { $1 - $0 }) == [1024])
        #expect(result.video.count == 75)
        let pauses = zip(result.video, result.video.dropFirst()).map { $1 - $0 }.filter { $0 != 512 }
        #expect(pauses.count == 2 && pauses.allSatisfy { $0 > 12_800 })
    }

    @Test func nothingIsNotPlayedForEver() {
        var splice = LoopSplice()
        var goesOn = splice.endPass()
        #expect(!goesOn)
        _ = splice.place(DemuxedPacket(stream: 0, data: ByteChunk([1]), presentation: nil, decode: nil), of: Self.video)
        goesOn = splice.endPass()
        #expect(!goesOn)
    }
}
