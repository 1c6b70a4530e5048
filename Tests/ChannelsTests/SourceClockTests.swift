import Bytes
import Ingest
import Media
import Packaging
import Publishing
import Telemetry
import Testing
import Time

@testable import Channels

@Suite struct SourceClockTests {
    private static func sample(_ time: MediaTime, isSync: Bool) -> Sample {
        Sample(data: ByteChunk([0, 0, 0, 1, 0x65]), decodeTime: time, presentationTime: time, isSync: isSync)
    }

    /// The channel tells when samples came in: 40 ms on the source's clock are a little more on ours.
    @Test(arguments: [true, false]) func aSlowClockIsMeasuredAndFollowed(hasVideo: Bool) throws {
        let registry = MetricsRegistry()
        let bench = ChannelBench(registry: registry)
        let channel = try bench.channel
        let feed = try bench.open()
        feed.receive(
            .track(hasVideo ? ChannelBench.video : ChannelBench.audio), arrival: bench.clock.now)
        for number in Int64(0)..<4000 {
            if hasVideo {
                feed.receive(
                    .video(Self.sample(.milliseconds(number * 40), isSync: number % 25 == 0)), arrival: bench.clock.now)
                bench.clock.advance(by: .microseconds(40_020))
            } else {
                feed.receive(
                    .audio(Self.sample(MediaTime(number * 1024, Timescale(48_000)), isSync: true), track: 0),
                    arrival: bench.clock.now)
                bench.clock.advance(by: .nanoseconds(21_333_333 + 10_667))
            }
        }
        let line = try #require(
            registry.prometheusText().split(separator: "\n").first {
                $0.hasPrefix("headwater_channel_clock_drift_ppm{channel=\"news\"}")
            })
        #expect(abs(try #require(Double(line.split(separator: " ").last ?? "")) + 500) < 1)
        let snapshot = try #require(channel.output.snapshot)
        let last = try #require(snapshot.renditions.first?.segments.last)
        let shift = (last.programDateTime - snapshot.wallStart).fractionalSeconds - last.start.seconds
        let due = last.start.seconds * 500e-6
        #expect(shift > 0.01 && shift < due && due - shift < 0.025, "\(shift) of \(due)")
    }
}
