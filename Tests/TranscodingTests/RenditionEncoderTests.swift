import Clips
import FFmpeg
import Locks
import Media
import Packaging
import Telemetry
import TestFolder
import Testing
import Time

@testable import Transcoding

@Suite(.timeLimit(.minutes(5))) struct RenditionEncoderTests {
    private struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    /// What comes out when the frame at `broken` is of a size that the encoder cannot take, and every tenth is a key frame.
    private func outputs(rung: Int, broken: Int) throws -> [(time: MediaTime, isKey: Bool)?] {
        let clip = try Clip(
            TemporaryFolder(), "picture.mp4", from: "testsrc2=size=160x90:rate=25:duration=2",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p")
        let frames = try clip.frames()
        var options = VideoEncoderOptions(
            encoder: "libx264", size: PictureSize(160, 90), frameDuration: .milliseconds(40), bitrate: 200_000)
        options.preset = "ultrafast"
        options.tune = "zerolatency"
        options.timescale = frames[0].presentationTime.timescale
        let small = try VideoScaler(VideoScalerOptions(size: PictureSize(80, 44)))
        let outputs = Mutex<[(time: MediaTime, isKey: Bool)?]>([])
        let clock = SystemClocks()
        let encoder = RenditionEncoder(
            rung, options,
            journal: TranscoderJournal(
                logger: Logger(sink: Quiet()), metrics: TranscoderMetrics(MetricsRegistry(), channel: "news"),
                clock: clock)
        ) { output in
            outputs.withLock { outputs in
                switch output {
                case .sample(let sample, _): outputs.append((sample.presentationTime, sample.isSync))
                case .failure: outputs.append(nil)
                }
            }
        }
        _ = try encoder.track()
        for (index, frame) in frames.enumerated() {
            let picture = index == broken ? try small.scale(frame) : frame
            encoder.take(.init(frame: picture, isKey: index % 10 == 0, arrival: clock.now))
        }
        encoder.finish()
        return outputs.withLock { $0 }
    }

    @Test func whatFollowsOthersComesBackWithTheNextKeyFrameOfAll() throws {
        let outputs = try outputs(rung: 1, broken: 23)
        let shown = outputs.compactMap { $0 }
        #expect(outputs.count { $0 == nil } == 1 && outputs[23] == nil)
        #expect(shown.map { $0.time.ticks(in: .milliseconds) / 40 } == Array(0..<23) + Array(30..<50))
        #expect(shown.filter(\.isKey).map { $0.time.ticks(in: .milliseconds) / 40 } == [0, 10, 20, 30, 40])
    }

    @Test func whatLeadsGoesOnAtOnceAndItsKeyFrameThereIsNone() throws {
        let shown = try outputs(rung: 0, broken: 23).compactMap { $0 }
        #expect(shown.map { $0.time.ticks(in: .milliseconds) / 40 } == Array(0..<23) + Array(24..<50))
        #expect(shown.filter(\.isKey).map { $0.time.ticks(in: .milliseconds) / 40 } == [0, 10, 20, 30, 40])
    }
}
