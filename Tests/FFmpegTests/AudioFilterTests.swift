import Clips
import FFmpeg
import Media
import TestFolder
import Testing

/// Sound whose clock is not that of its times.
@Suite(.timeLimit(.minutes(5))) struct AudioFilterTests {
    /// A quarter of a minute in which times run so much faster than the sound, in parts per million.
    private func filtered(_ partsPerMillion: Int64) throws -> [AudioFrame] {
        let clip = try Clip(
            TemporaryFolder(), "sound.mp4", from: "sine=frequency=440:sample_rate=48000:duration=15", "-c:a aac")
        var options = AudioFilterOptions()
        options.channelCount = 1
        let filter = try AudioFilter(options)
        var frames: [AudioFrame] = []
        for var frame in try clip.sound() {
            let time = frame.presentationTime.ticks(in: Timescale(1_000_000))
            frame.presentationTime = MediaTime(time + time * partsPerMillion / 1_000_000, Timescale(1_000_000))
            frames += try filter.filter(frame)
        }
        return frames + (try filter.finish())
    }

    /// The largest step from one sample to the next, behind the first second.
    private static func steepest(_ frames: [AudioFrame]) -> Float {
        let samples = frames.flatMap { $0.samples(ofChannel: 0) }.dropFirst(48_000).dropLast(4800)
        return zip(samples.dropFirst(), samples).map { abs($0 - $1) }.max() ?? 0
    }

    private static func end(_ frames: [AudioFrame]) -> Double {
        frames.last.map { $0.presentationTime.seconds + Double($0.sampleCount) / 48_000 } ?? 0
    }

    @Test(arguments: [-4000, -300, 0, 300, 4000]) func driftIsMadeUpForWithoutAClick(partsPerMillion: Int64) throws {
        let frames = try filtered(partsPerMillion)
        let wanted = 15 * (1 + Double(partsPerMillion) / 1e6)
        #expect(abs(Self.end(frames) - wanted) < 0.03)
        for (now, next) in zip(frames, frames.dropFirst()) {
            #expect(
                abs((next.presentationTime - now.presentationTime).seconds - Double(now.sampleCount) / 48_000) < 1e-6)
        }
        // A sine of that pitch and an eighth of the volume has no steeper steps.
        #expect(Self.steepest(frames) < 0.0085)
        let samples = frames.reduce(0) { $0 + $1.sampleCount }
        #expect(abs(Double(samples) / 48_000 - wanted) < 0.06)
    }
}
