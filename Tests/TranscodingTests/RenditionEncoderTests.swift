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

    private static func options(_ timescale: Timescale) -> VideoEncoderOptions {
        var options = VideoEncoderOptions(
            encoder: "libx264", size: PictureSize(160, 90), frameDuration: .milliseconds(40), bitrate: 200_000)
        options.preset = "ultrafast"
        options.tune = "zerolatency"
        options.timescale = timescale
        return options
    }

    private static func journal(_ registry: MetricsRegistry = MetricsRegistry()) -> TranscoderJournal {
        TranscoderJournal(
            logger: Logger(sink: Quiet()), metrics: TranscoderMetrics(registry, channel: "news"), clock: SystemClocks())
    }

    private static func clip() throws -> Clip {
        try Clip(
            TemporaryFolder(), "picture.mp4", from: "testsrc2=size=160x90:rate=25:duration=2",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p")
    }

    /// What comes out when the frame at `broken` is of a size that the encoder cannot take, and every tenth is a key frame.
    private func outputs(rung: Int, broken: Int) throws -> [(time: MediaTime, isKey: Bool)?] {
        let frames = try Self.clip().frames()
        let small = try VideoScaler(VideoScalerOptions(size: PictureSize(80, 44)))
        let outputs = Mutex<[(time: MediaTime, isKey: Bool)?]>([])
        let encoder = RenditionEncoder(
            rung, Self.options(frames[0].presentationTime.timescale), waiting: .milliseconds(160),
            journal: Self.journal()
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
            encoder.take(.init(frame: picture, isKey: index % 10 == 0, arrival: Instant(nanoseconds: 0)))
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

    /// A source that steps back costs its own pictures, and no key frame.
    @Test func aTimeThatGoesBackIsLeftOutAlone() throws {
        let frames = try Self.clip().frames()
        let registry = MetricsRegistry()
        let outputs = Mutex<[MediaTime?]>([])
        let encoder = RenditionEncoder(
            1, Self.options(frames[0].presentationTime.timescale), waiting: .milliseconds(160),
            journal: Self.journal(registry)
        ) { output in
            outputs.withLock { outputs in
                if case .sample(let sample, _) = output {
                    outputs.append(sample.presentationTime)
                } else {
                    outputs.append(nil)
                }
            }
        }
        for frame in frames[..<10] + frames[5..<7] + frames[10..<20] {
            encoder.take(
                .init(
                    frame: frame, isKey: frame.presentationTime == frames[0].presentationTime,
                    arrival: Instant(nanoseconds: 0)))
        }
        encoder.finish()
        #expect(outputs.withLock { $0 } == frames[..<20].map(\.presentationTime))
        #expect(registry.prometheusText().contains("faults_total{channel=\"news\",step=\"encode\"} 2\n"))
    }

    /// Decoded pictures take much memory: whoever brings more than a few waits.
    @Test func onlyAFewPicturesWait() throws {
        let frames = try Self.clip().frames()
        let counts = Mutex((taken: 0, delivered: 0, most: 0))
        let encoder = RenditionEncoder(
            0, Self.options(frames[0].presentationTime.timescale), waiting: .milliseconds(160),
            journal: Self.journal()
        ) { _ in
            counts.withLock { counts in
                counts.most = max(counts.most, counts.taken - counts.delivered)
                counts.delivered += 1
            }
        }
        for frame in frames {
            #expect(encoder.waitForRoom(until: SystemClocks().now + .seconds(60)))
            encoder.take(.init(frame: frame, isKey: false, arrival: Instant(nanoseconds: 0)))
            counts.withLock { $0.taken += 1 }
        }
        encoder.finish()
        // Four, and the one that is being encoded.
        #expect(counts.withLock { $0.delivered == frames.count && $0.most <= 5 })
    }

    /// Nobody gets what was brought before, however late it is done; from a key frame on all is as ever.
    @Test func whatIsNotWantedAnyMoreIsNotDelivered() throws {
        let frames = try Self.clip().frames()
        let times = Mutex<[MediaTime]>([])
        let gate = Mutex(0)
        let encoder = RenditionEncoder(
            1, Self.options(frames[0].presentationTime.timescale), waiting: .zero, journal: Self.journal()
        ) { output in
            gate.withLock { $0 += 1 }
            if case .sample(let sample, _) = output { times.withLock { $0.append(sample.presentationTime) } }
        }
        gate.withLock { _ in
            for frame in frames[..<4] {
                encoder.take(.init(frame: frame, isKey: false, arrival: Instant(nanoseconds: 0)))
            }
            let hasRoom = encoder.waitForRoom(until: SystemClocks().now + .milliseconds(10))
            #expect(!hasRoom)
            encoder.withdraw()
            encoder.take(.init(frame: frames[6], isKey: true, arrival: Instant(nanoseconds: 0)))
        }
        encoder.take(.init(frame: frames[7], isKey: false, arrival: Instant(nanoseconds: 0)))
        encoder.finish()
        let made = times.withLock { $0 }
        // One may be with whoever stands still.
        #expect(made.suffix(2) == frames[6...7].map(\.presentationTime) && made.count <= 3)
    }

    @Test func whatCannotBeMadeLeavesNoThreadBehind() {
        var options = Self.options(.milliseconds)
        options.preset = "wonderful"
        weak var left: RenditionEncoder?
        do {
            let encoder = RenditionEncoder(1, options, waiting: .zero, journal: Self.journal()) { _ in }
            left = encoder
            #expect(throws: CodecError.self) { try encoder.track() }
        }
        #expect(left == nil)
    }
}
