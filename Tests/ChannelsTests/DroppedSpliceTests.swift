import Bytes
import Ingest
import Media
import Telemetry
import Testing
import Time

@testable import Channels

@Suite struct DroppedSpliceTests {
    @Test func splicesThatAreTooManyAreCounted() throws {
        let registry = MetricsRegistry()
        let bench = ChannelBench(registry: registry)
        let feed = try bench.publish(ChannelBench.video)
        bench.feed(feed, milliseconds: 0..<5000)
        func dropped() -> Substring? {
            registry.prometheusText().split(separator: "\n")
                .first { $0.hasPrefix("headwater_channel_dropped_samples_total{channel=\"news\"}") }?
                .split(separator: " ").last
        }
        #expect(dropped() == "0")
        for id: UInt32 in 0..<300 {
            let cue = SpliceCue(
                kind: .command, eventID: id, time: .milliseconds(5000), section: ByteChunk([0xFC, 0x30]))
            feed.receive(.splice(cue), arrival: bench.clock.now)
        }
        #expect(dropped() == "44")
    }
}
