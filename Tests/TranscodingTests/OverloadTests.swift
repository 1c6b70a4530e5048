import Clips
import Glibc
import Locks
import Media
import Packaging
import TestFolder
import Testing
import Time

@testable import Transcoding

/// Encoders that cannot keep up, with real pictures that come at their pace. Machines that run other tests besides are late
/// themselves, but far less than whoever waits for such encoders: by seconds.
@Suite(.timeLimit(.minutes(5))) struct OverloadTests {
    private static let profile = OutputProfile(
        .ladder([90, 72, 54].map { TranscoderTests.rendition($0, 100) }))

    /// What has come out, with when that was.
    private final class Log: Sendable {
        let steps = Mutex<[(step: MediaStep, at: Instant)]>([])
    }

    private func clip(seconds: Int) throws -> Clip {
        try Clip(
            TemporaryFolder(), "picture.mp4", from: "testsrc2=size=160x90:rate=25:duration=\(seconds)",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 25 -video_track_timescale 90000")
    }

    /// Plays a clip at its pace; whoever takes a picture of a rung at `time` waits there as long as `delay` says.
    private func play(
        _ clip: Clip, _ bench: TranscoderBench, delay: @escaping @Sendable (_ rung: Int, _ time: Double) -> Double
    ) -> [(step: MediaStep, at: Instant)] {
        let log = Log()
        let plan = TranscodingPlan(
            profile: Self.profile, latency: LatencyProfile(.ultra), journal: bench.journal)
        let clock = SystemClocks()
        let began = clock.now
        let start = RunStart(tracks: [clip.track], sourceStart: .zero, arrival: began, continues: false)
        let run = TranscodingRun(start, plan) { step, _ in
            if case .video(let sample, let rung) = step {
                usleep(UInt32(delay(rung, sample.presentationTime.seconds) * 1e6))
            }
            log.steps.withLock { $0.append((step, clock.now)) }
        }
        for sample in clip.samples {
            let due = began + .milliseconds(sample.decodeTime.ticks(in: .milliseconds))
            while clock.now < due { usleep(2000) }
            run.take(.video(sample), due)
        }
        run.finish()
        return log.steps.withLock { $0 }
    }

    /// How late pictures of a rung came out, by their times, in seconds.
    private static func delays(_ steps: [(step: MediaStep, at: Instant)], _ rung: Int) -> [(time: Double, late: Double)]
    {
        guard case .begin(let start)? = steps.first?.step else { return [] }
        return steps.compactMap { step, at in
            guard case .video(let sample, rung) = step else { return nil }
            let time = sample.presentationTime.seconds
            return (time, Double((at - start.arrival).wholeMilliseconds) / 1000 - time)
        }
    }

    /// One rung stands still for three seconds: nobody else notices for long, and it is back with a key frame.
    @Test func anEncoderThatStallsIsLeftBehindUntilItIsBack() throws {
        let bench = TranscoderBench(Self.profile)
        let steps = play(try clip(seconds: 9), bench) { rung, time in rung == 1 && time == 2 ? 3 : 0 }
        for rung in [0, 2] {
            let delays = Self.delays(steps, rung)
            #expect(delays.count > 200)
            #expect(delays.filter { $0.time > 0.5 }.map(\.late).max() ?? 9 < 1.5, "rung \(rung)")
        }
        let withdrawals = steps.count { if case .withdrawVideo(rung: 1) = $0.step { true } else { false } }
        #expect(withdrawals == 1)
        let times = steps.map(\.step).pictures(1).map(\.presentationTime.seconds)
        let back = times.first { $0 > 4 } ?? 0
        #expect((5...7.1).contains(back) && times.last == 8.96)
        #expect(steps.map(\.step).pictures(1).first { $0.presentationTime.seconds == back }?.isSync == true)
        let left =
            bench.figure("headwater_transcoder_left_out_pictures_total{channel=\"news\",rendition=\"video2\"}") ?? 0
        #expect(left > 5 && left < 70)
    }

    /// All of them take twice as long as there is: viewers are never much behind, measures are taken, and taken back.
    @Test func whoCannotKeepUpIsNeverMuchBehind() throws {
        let bench = TranscoderBench(Self.profile)
        let steps = play(try clip(seconds: 14), bench) { _, time in (3..<8).contains(time) ? 0.08 : 0 }
        let delays = Self.delays(steps, 0)
        #expect(delays.map(\.late).max() ?? 9 < 1.5)
        #expect(delays.filter { $0.time > 9 }.allSatisfy { $0.late < 1 })
        #expect(delays.count { (3..<8).contains($0.time) } > 20 && delays.count { $0.time >= 9 } > 100)
        #expect(bench.lines.contains { $0.contains("transcoder.shedding") })
        #expect(bench.lines.count { $0.contains("transcoder.recovered") } <= 1)
        // All key frames of the others are those of the first.
        let keys = Set(steps.map(\.step).keys(0))
        for rung in 1...2 { #expect(keys.isSuperset(of: steps.map(\.step).keys(rung))) }
    }
}
