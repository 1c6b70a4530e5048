import Bytes
import Clips
import Glibc
import Locks
import Media
import Packaging
import Telemetry
import TestFolder
import Time

@testable import Transcoding

/// A transcoder, what is put into it, and what has come out of it.
final class TranscoderBench: Sendable {
    private final class Log: LogSink {
        let lines = Mutex<[String]>([])

        func write(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }

    let registry = MetricsRegistry()
    let journal: TranscoderJournal
    let transcoder: Transcoder
    private let log = Log()
    private let steps = Mutex<[(step: MediaStep, arrival: Instant)]>([])

    init(
        _ profile: OutputProfile, _ latency: LatencyProfile.Name = .ultra, slate: SlateRules? = nil,
        clock: any Clocks = SystemClocks()
    ) {
        journal = TranscoderJournal(
            logger: Logger(sink: log), metrics: TranscoderMetrics(registry, channel: "news"), clock: clock)
        transcoder = Transcoder(profile, latency: LatencyProfile(latency), slate: slate, journal: journal)
        transcoder.start { [weak self] step, arrival in self?.steps.withLock { $0.append((step, arrival)) } }
    }

    /// Puts it in, when there is room where it `waits`.
    func take(_ step: MediaStep, waits: Bool = true, arrival: Instant = SystemClocks().now) {
        while waits, figure("headwater_transcoder_waiting_pictures{channel=\"news\"}") ?? 0 > 60 { usleep(1000) }
        transcoder.take(step, arrival: arrival)
    }

    /// Begins a run of those tracks.
    func begin(_ tracks: [Track], at start: MediaTime, continues: Bool = false) {
        take(.begin(RunStart(tracks: tracks, sourceStart: start, arrival: SystemClocks().now, continues: continues)))
    }

    /// Puts in all of it, pictures and sound by their decode times.
    func play(_ picture: Clip?, _ sound: [Clip] = []) {
        let start = picture?.samples.map(\.presentationTime).min() ?? sound[0].samples[0].presentationTime
        begin([picture?.track].compactMap(\.self) + sound.map(\.track), at: start)
        var steps = (picture?.samples ?? []).map { ($0.decodeTime, MediaStep.video($0)) }
        for (index, clip) in sound.enumerated() {
            steps += clip.samples.map { ($0.decodeTime, MediaStep.audio($0, track: index)) }
        }
        for (_, step) in steps.sorted(by: { $0.0 < $1.0 }) { take(step) }
    }

    /// What has come out, once all has.
    func finish() -> [MediaStep] {
        while figure("headwater_transcoder_waiting_pictures{channel=\"news\"}") ?? 0 > 0 { usleep(1000) }
        return stop()
    }

    /// What has come out, once it has ended.
    func stop() -> [MediaStep] {
        transcoder.stop()
        return steps.withLock { $0.map(\.step) }
    }

    /// When that came in of which each step was made.
    var arrivals: [Instant] { steps.withLock { $0.map(\.arrival) } }

    var lines: [String] { log.lines.withLock { $0 } }

    /// The value of a metric, as `/metrics` shows it.
    func figure(_ name: String) -> Double? {
        registry.prometheusText().split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}

extension [MediaStep] {
    /// The runs that have begun.
    var starts: [RunStart] { compactMap { if case .begin(let start) = $0 { start } else { nil } } }

    /// The samples of a rung.
    func pictures(_ rung: Int) -> [Sample] {
        compactMap { if case .video(let sample, rung) = $0 { sample } else { nil } }
    }

    /// The times of its key frames.
    func keys(_ rung: Int) -> [MediaTime] { pictures(rung).filter(\.isSync).map(\.presentationTime) }

    /// What viewers were told of slates.
    var slates: [Bool] { compactMap { if case .slate(let isShown) = $0 { isShown } else { nil } } }

    /// The samples of a track of sound.
    func sound(_ track: Int) -> [Sample] {
        compactMap { if case .audio(let sample, track) = $0 { sample } else { nil } }
    }
}

extension Track {
    /// The size of its pictures.
    var size: PictureSize? { if case .video(let format) = self.format { PictureSize(format) } else { nil } }
}
