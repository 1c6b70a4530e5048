import Clips
import FFmpeg
import Media
import Packaging
import TestFolder
import Testing

@testable import Transcoding

/// Pictures that come as they like, and are shown evenly.
@Suite(.timeLimit(.minutes(5))) struct ConstantRateTests {
    private static func profile(_ rate: Double) -> OutputProfile {
        var profile = OutputProfile(.ladder([90, 72].map { TranscoderTests.rendition($0, 100) }))
        profile.frameDistance = MediaTime(framesPerSecond: rate)
        return profile
    }

    /// Four seconds of 30 pictures a second, without those that `lacks` names by their numbers.
    private func clip(lacks: (Int) -> Bool = { _ in false }) throws -> Clip {
        let clip = try Clip(
            TemporaryFolder(), "picture.mp4", from: "testsrc2=size=160x90:rate=30:duration=4",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 1")
        return Clip(clip, samples: clip.samples.enumerated().filter { !lacks($0.offset) }.map(\.element))
    }

    private func pictures(_ clip: Clip, at rate: Double) -> (steps: [MediaStep], times: [MediaTime]) {
        let bench = TranscoderBench(Self.profile(rate))
        bench.play(clip)
        let steps = bench.finish()
        #expect(steps.pictures(1).map(\.presentationTime) == steps.pictures(0).map(\.presentationTime))
        #expect(steps.keys(1) == steps.keys(0))
        return (steps, steps.pictures(0).map(\.presentationTime))
    }

    @Test(arguments: [
        (25.0, 3600, 90_000), (30, 3000, 90_000), (50, 1800, 90_000), (29.97, 1001, 30_000), (23.976, 1001, 24_000),
    ])
    func picturesAreEvenlyApart(rate: Double, distance: Int64, ticks: UInt32) throws {
        let (_, times) = pictures(try clip(), at: rate)
        #expect(times.count == Int((4 * rate).rounded()) || times.count == Int((4 * rate).rounded()) - 1)
        for (now, next) in zip(times, times.dropFirst()) {
            #expect(next - now == MediaTime(distance, Timescale(ticks)))
        }
    }

    /// Where some are missing the one before is shown again, and what comes behind is at its place.
    @Test func holesAreFilledWithWhatWasThere() throws {
        let source = try clip { (40..<55).contains($0) || $0 % 7 == 3 }
        let (steps, times) = pictures(source, at: 30)
        #expect(times == (0..<120).map { MediaTime(Int64($0), Timescale(30)) })
        let frames = try Clip.frames(steps.starts[0].tracks[0], steps.pictures(0))
        let whole = try clip().frames()
        #expect(Frame.likeness(frames[50].packed, whole[39].packed) > 25)
        #expect(Frame.likeness(frames[60].packed, whole[60].packed) > 25)
        #expect(Frame.likeness(frames[50].packed, whole[50].packed) < 25)
    }

    @Test func ratesOfTelevisionAreExact() {
        #expect(MediaTime(framesPerSecond: 59.94) == MediaTime(1001, Timescale(60_000)))
        #expect(MediaTime(framesPerSecond: 29.97) == MediaTime(1001, Timescale(30_000)))
        #expect(MediaTime(framesPerSecond: 60) == MediaTime(1, Timescale(60)))
        #expect(MediaTime(framesPerSecond: 12.5) == MediaTime(2, Timescale(25)))
    }
}
