import Bytes
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

/// With real sound, and without pictures.
@Suite(.timeLimit(.minutes(5))) struct SoundStageTests {
    private struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    private let folder = TemporaryFolder()

    private func sound(_ options: String, channels: String = "stereo", name: String) throws -> Clip {
        try Clip(
            folder, name,
            from: "sine=frequency=440:sample_rate=48000:duration=2,volume=8,aformat=channel_layouts=\(channels)",
            options)
    }

    private static func bench(_ change: (inout AudioOutput) -> Void = { _ in }) -> TranscoderBench {
        var output = AudioOutput()
        change(&output)
        return TranscoderBench(OutputProfile(.passthrough, audio: output))
    }

    /// Where the last of `samples` ends, of AAC at 48 kHz.
    private static func end(_ samples: [Sample]) -> Double {
        (samples.last?.presentationTime.seconds ?? 0) + 1024.0 / 48_000
    }

    @Test(arguments: [AudioOutput.Level.kept, .gain(-12), .loudness(-23)])
    func allOfItIsHeardAndNothingBefore(level: AudioOutput.Level) throws {
        let source = try sound("-c:a ac3", channels: "5.1", name: "sound.ac3.mp4")
        let bench = Self.bench { $0.level = level }
        bench.play(nil, [source])
        let made = bench.finish().sound(0)
        let (first, last) = (source.samples[0].presentationTime.seconds, source.samples[source.samples.count - 1])
        let start = try #require(made.first)
        #expect(start.presentationTime.seconds <= first && Self.end([start]) > first)
        #expect(Self.end(made) >= last.presentationTime.seconds + 1536.0 / 48_000)
        #expect(zip(made.dropFirst(), made).allSatisfy { $0.presentationTime > $1.presentationTime })
    }

    /// The loudest of what is made of six channels that are all loud.
    private func peak(_ level: AudioOutput.Level) throws -> Float {
        let loud = [String](repeating: "0.9*sin(2764*t)", count: 6).joined(separator: "|")
        let source = try Clip(
            folder, "loud.ac3.mp4", from: "aevalsrc=\(loud):c=5.1:s=48000:d=2", "-c:a ac3 -b:a 640k")
        let bench = Self.bench { $0.level = level }
        bench.play(nil, [source])
        let steps = bench.finish()
        return try Clip.sound(steps.starts[0].tracks[0], steps.sound(0)).dropFirst(10)
            .flatMap { $0.samples(ofChannel: 0) }.map(abs).max() ?? 0
    }

    @Test func aGainIsWhatItSays() throws {
        let (kept, quiet) = (try peak(.kept), try peak(.gain(-12)))
        #expect(kept > 0.1 && kept < 1.02, "mixed down, it does not clip")
        #expect(abs(quiet / kept - 0.251) < 0.02)
    }

    /// Of a track that is withdrawn nothing comes any more, of what else there is everything.
    @Test func whatIsMadeOfATrackIsWithdrawnWithIt() throws {
        let (plain, surround) = (
            try sound("-c:a aac", name: "plain.mp4"), try sound("-c:a ac3", channels: "5.1", name: "sound.ac3.mp4")
        )
        var tracks = [plain.track, surround.track]
        for (index, language) in ["de", "fr"].enumerated() {
            (tracks[index].index, tracks[index].language, tracks[index].name) = (index, language, "sound \(language)")
        }
        let bench = Self.bench()
        bench.begin(tracks, at: .zero)
        for sample in surround.samples.prefix(20) { bench.take(.audio(sample, track: 1)) }
        bench.take(.withdrawAudio(track: 1))
        for sample in surround.samples.dropFirst(20) { bench.take(.audio(sample, track: 1)) }
        for sample in plain.samples { bench.take(.audio(sample, track: 0)) }
        let steps = bench.finish()
        let made = try #require(steps.starts.first?.tracks)
        #expect(made.map(\.codec) == [.aac, .aac, .ac3] && made.map(\.index) == [0, 1, 2])
        #expect(made.map(\.language) == ["de", "fr", "fr"] && made[1].name == "sound fr")
        #expect(steps.sound(0) == plain.samples && steps.sound(2) == Array(surround.samples.prefix(20)))
        #expect(!steps.sound(1).isEmpty && Self.end(steps.sound(1)) < 1)
        let withdrawn = steps.compactMap { if case .withdrawAudio(let track) = $0 { track } else { nil } }
        #expect(withdrawn == [1, 2])
    }

    @Test(arguments: [true, false]) func whatCannotBeMadeAnewGoesOutAsItComesAndOnce(keepsDolby: Bool) throws {
        let source = try sound("-c:a ac3", channels: "5.1", name: "sound.ac3.mp4")
        let bench = Self.bench { ($0.sampleRate, $0.keepsDolby) = (12_345, keepsDolby) }
        bench.play(nil, [source])
        let steps = bench.finish()
        #expect(steps.starts.map(\.tracks) == [[source.track]] && steps.sound(0) == source.samples)
        #expect(bench.figure("headwater_transcoder_faults_total{channel=\"news\",step=\"sound\"}") == 1)
    }

    @Test func whatCannotBeDecodedIsCountedAndTheRestIsHeard() throws {
        let source = try sound("-c:a ac3", channels: "5.1", name: "sound.ac3.mp4")
        let bench = Self.bench()
        bench.begin([source.track], at: .zero)
        for (index, sample) in source.samples.enumerated() {
            let garbage = Sample(
                data: ByteChunk([1, 2, 3]), decodeTime: sample.decodeTime, presentationTime: sample.presentationTime,
                isSync: true)
            bench.take(.audio((20..<25).contains(index) ? garbage : sample, track: 0))
        }
        let steps = bench.finish()
        #expect(bench.figure("headwater_transcoder_faults_total{channel=\"news\",step=\"sound\"}") == 5)
        #expect(Self.end(steps.sound(0)) > 1.9)
        #expect(bench.lines.count { $0.contains("transcoder.undecodable") } == 1)
    }

    /// Whoever takes what is made stands still, and sound comes all the same.
    @Test func onlySoMuchOfItWaits() throws {
        let source = try sound("-c:a ac3", channels: "5.1", name: "sound.ac3.mp4")
        let registry = MetricsRegistry()
        let journal = TranscoderJournal(
            logger: Logger(sink: Quiet()), metrics: TranscoderMetrics(registry, channel: "news"), clock: ManualClock())
        let delivered = Mutex(0)
        let stage = SoundStage(SoundLayout([source.track], AudioOutput()), journal, start: .zero) { step, _ in
            delivered.withLock { if case .audio(_, track: 1) = step { $0 += 1 } }
        }
        delivered.withLock { _ in
            for _ in 0..<3000 { stage.take(source.samples[0], track: 0, arrival: Instant(nanoseconds: 0)) }
        }
        stage.finish()
        let count = delivered.withLock { $0 }
        // One may be with whoever stands still.
        #expect((2048...2100).contains(count))
        let text = registry.prometheusText()
        #expect(text.contains("headwater_transcoder_dropped_samples_total{channel=\"news\"} \(3000 - count)\n"))
    }
}
