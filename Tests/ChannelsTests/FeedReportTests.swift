import Ingest
import Media
import Packaging
import Telemetry
import Testing
import Time

@testable import Channels

@Suite struct FeedReportTests {
    @Test func whoKnowsTheKeyReadsHowTheFeedDoes() throws {
        let bench = ChannelBench()
        #expect(try bench.directory.report(for: ChannelBench.request("key-of-news")).state == .absent)
        let feed = try bench.open()
        feed.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(feed, milliseconds: 0..<2000)
        bench.clock.advance(by: .seconds(2))
        let report = try bench.directory.report(for: ChannelBench.request("key-of-news"))
        #expect(report.channel == "news" && report.input == .primary && report.state == .onAir)
        #expect(report.seconds == 2)
        #expect(report.pictures?.frameRate.map { abs($0.average - 25) < 0.001 } == true)
        feed.end()
        #expect(try bench.directory.report(for: ChannelBench.request("key-of-news")).state == .absent)
    }

    @Test func nobodyReadsWithAnotherKey() throws {
        let bench = ChannelBench()
        _ = try bench.open()
        #expect(throws: PublishRefusal.self) {
            try bench.directory.report(for: ChannelBench.request("key-of-nobody"))
        }
        #expect(try bench.directory.report(for: ChannelBench.request("key-of-sport")).channel == "sport")
    }

    @Test func aBackupReadsOfItsOwnFeed() throws {
        let bench = ChannelBench(failover: FailoverRules(for: .ultra))
        let (first, second) = (try bench.open(), try bench.open("backup-of-news"))
        for feed in [first, second] { feed.receive(.track(ChannelBench.video), arrival: bench.clock.now) }
        bench.feed(first, milliseconds: 0..<2000)
        let report = try bench.directory.report(for: ChannelBench.request("backup-of-news"))
        #expect(report.input == .backup && report.state == .standby)
        #expect(report.pictures?.frameRate == nil)
        bench.feed(second, milliseconds: 0..<2000, gop: 500)
        first.end()
        #expect(try bench.directory.report(for: ChannelBench.request("backup-of-news")).state == .onAir)
        #expect(try bench.directory.report(for: ChannelBench.request("key-of-news")).state == .absent)
    }

    @Test func anotherEncoderIsMeasuredAnew() throws {
        let bench = ChannelBench()
        let first = try bench.open()
        first.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(first, milliseconds: 0..<5000)
        first.end()
        let second = try bench.open()
        second.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        #expect(try bench.directory.report(for: ChannelBench.request("key-of-news")).pictures?.frameRate == nil)
    }
}
