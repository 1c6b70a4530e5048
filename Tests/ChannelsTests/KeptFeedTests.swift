import Bytes
import Ingest
import Media
import Packaging
import Publishing
import Testing
import Time

@testable import Channels

/// What a publisher sent while somebody was asked about it comes all at once, with the times of its coming.
@Suite struct KeptFeedTests {
    @Test func itIsNoSilenceAndHasTheDatesOfItsComing() throws {
        let bench = ChannelBench(tracks: .video)
        let channel = try bench.channel
        bench.clock.advance(by: .seconds(60))
        let feed = try bench.open()
        let (now, wallTime) = (bench.clock.now, bench.clock.wallTime)
        feed.receive(.track(ChannelBench.video), arrival: now - .seconds(3))
        for time in stride(from: Int64(0), to: 3000, by: 40) {
            let at = MediaTime.milliseconds(time)
            let sample = Sample(
                data: ByteChunk([0, 0, 0, 1, 0x65]), decodeTime: at, presentationTime: at, isSync: time % 1000 == 0)
            feed.receive(.video(sample), arrival: now - .milliseconds(3000 - time))
            // The clock may look at any moment.
            channel.tick()
            #expect(throws: PublishRefusal.self, "it is no silent publisher") { try bench.open() }
        }
        let window = try #require(channel.output.snapshot?.rendition("video"))
        let first = try #require(window.segments.first)
        #expect(abs((first.programDateTime - wallTime + .seconds(3)) / .milliseconds(1)) < 100)
        #expect(window.segments.allSatisfy { !$0.isDiscontinuous && !$0.parts.contains(where: \.isGap) })
        #expect(window.segments.count >= 2)
    }
}
