import HTTPTestClient
import Ingest
import Media
import ObjectStore
import Packaging
import Publishing
import Telemetry
import TestFolder
import Testing
import Time

@testable import Channels

@Suite(.timeLimit(.minutes(30))) struct StalledProcessTests {
    /// A machine slept for longer than the window: all of that time passes at once.
    @Test func whatIsKeptStaysListedThoughTimePassesAtOnce() throws {
        let bench = ChannelBench()
        let folder = TemporaryFolder()
        let store = LocalObjectStore(folder: folder.path)
        let logger = Logger(sink: ChannelBench.Quiet())
        var profile = LatencyProfile(.ultra)
        profile.dvrWindow = .milliseconds(600_000)
        let writer = WindowWriter(
            store, restored: [], clock: bench.clock, logger: logger, registry: MetricsRegistry())
        let channel = Channel(
            ChannelConfiguration(id: "news", name: "news", streamKey: Secret("key-of-news"), profile: profile),
            waker: Waker(), writer: writer, clock: bench.clock, logger: logger, registry: MetricsRegistry())
        let feed = try ChannelDirectory([channel]).open(
            ChannelBench.request("key-of-news"), for: ChannelBench.Encoder())
        feed.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(feed, milliseconds: 0..<10_000)
        let snapshot = try #require(channel.output.snapshot)
        let last = try #require(snapshot.rendition("video")?.segments.last)
        feed.end()
        // Its end is told, and so is that.
        #expect(eventually { (writer.ends(of: snapshot.id)["video"] ?? 0) > last.sequenceNumber })
        bench.clock.advance(by: .seconds(200))
        channel.tick()
        let history = try #require(channel.output.snapshot?.rendition("video")?.history)
        #expect(history.end > last.sequenceNumber)
        #expect(history.mediaSequence == 0)
        writer.stop()
    }
}
