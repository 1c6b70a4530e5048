import Ingest
import Locks
import Media
import Packaging
import Publishing
import Testing
import Time

@testable import Channels

/// A publisher that has left, of whose feed something is still on its way, and who comes after it.
@Suite struct SuccessionTests {
    private typealias Encoder = ChannelBench.Encoder

    private let bench = ChannelBench()
    private let old = Encoder()
    private let new = Encoder()

    private func next(_ channel: Channel) throws -> Int64 {
        try #require(channel.output.snapshot?.rendition("video")).nextPartNumber
    }

    /// An encoder that has sent pictures for four seconds, and left.
    private func departed() throws -> any Feed {
        let feed = try bench.publish(ChannelBench.video, for: old)
        for second in Int64(0)..<4 {
            bench.feed(feed, milliseconds: second * 1000..<second * 1000 + 1000)
            bench.clock.advance(by: .seconds(1))
        }
        #expect(throws: PublishRefusal.self) { try bench.directory.admit(ChannelBench.request("key-of-news")) }
        old.isGone.withLock { $0 = true }
        return feed
    }

    @Test func whoComesAfterOneThatHasLeftIsLetInAtOnce() throws {
        let first = try departed()
        _ = try bench.directory.admit(ChannelBench.request("key-of-news"))
        let second = try bench.open(for: new)
        #expect(old.farewells.withLock { $0.isEmpty } && new.farewells.withLock { $0.isEmpty })
        #expect(throws: PublishRefusal.self, "two would be live") { try bench.open(for: Encoder()) }
        #expect(throws: PublishRefusal.self) { try bench.directory.admit(ChannelBench.request("key-of-news")) }
        first.end()
        #expect(throws: PublishRefusal.self, "the end of the old one is not that of the new one") {
            try bench.open(for: Encoder())
        }
        second.end()
        _ = try bench.open()
    }

    @Test func whatIsLeftOfAFeedComesUntilTheNewOneSendsSomething() throws {
        let channel = try bench.channel
        let first = try departed()
        let second = try bench.open(for: new)
        let before = try next(channel)
        bench.feed(first, milliseconds: 4000..<5000)
        let between = try next(channel)
        #expect(between > before)
        second.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        let ended = try next(channel)
        bench.feed(first, milliseconds: 5000..<7000)
        first.end()
        #expect(try next(channel) == ended)
        bench.feed(second, milliseconds: 0..<3000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.segments.count { $0.isDiscontinuous } == 1 && window.nextPartNumber > ended)
    }

    @Test func theRestEndsWithItsConnection() throws {
        let channel = try bench.channel
        let first = try departed()
        let second = try bench.open(for: new)
        bench.feed(first, milliseconds: 4000..<5000)
        first.end()
        let ended = try next(channel)
        bench.feed(first, milliseconds: 5000..<7000)
        #expect(try next(channel) == ended)
        second.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(second, milliseconds: 0..<3000)
        #expect(try next(channel) > ended)
    }

    @Test func whoLeavesBeforeItSendsAnythingDoesNotEndTheRest() throws {
        let channel = try bench.channel
        let first = try departed()
        let second = try bench.open(for: new)
        new.isGone.withLock { $0 = true }
        let third = try bench.open(for: Encoder())
        #expect(new.farewells.withLock { $0.count } == 1 && old.farewells.withLock { $0.isEmpty })
        second.end()
        third.end()
        let before = try next(channel)
        bench.feed(first, milliseconds: 4000..<5000)
        let between = try next(channel)
        #expect(between > before)
        let fourth = try bench.open()
        bench.feed(first, milliseconds: 5000..<6000)
        #expect(try next(channel) > between)
        fourth.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(fourth, milliseconds: 0..<3000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.segments.count { $0.isDiscontinuous } == 1)
    }
}
