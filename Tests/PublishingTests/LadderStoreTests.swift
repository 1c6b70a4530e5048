import Bytes
import HLS
import Media
import ObjectStore
import Packaging
import Publishing
import Runtime
import SampleFeed
import Testing
import Time

/// Pictures in several sizes, in a store.
@Suite(.timeLimit(.minutes(30))) struct LadderStoreTests {
    private static let feed = LadderFeed(
        gopFrames: 30, rungs: [LadderFeed.Rung(), LadderFeed.Rung(), LadderFeed.Rung(divisor: 2)])

    @Test(arguments: LatencyProfile.Name.allCases) func allSizesAreThereAgain(name: LatencyProfile.Name) throws {
        let bench = WindowBench()
        var presentation = Self.feed.started(name)
        bench.start()
        presentation.play(Self.feed.arrivals(seconds: 25)) { presentation, time in
            if time % 700 == 0 { bench.keep(presentation.snapshot) }
        }
        bench.keep(presentation.snapshot)
        bench.stop()
        let restored = try #require(try bench.restored(name, seconds: 30)).presentation
        let names = restored.snapshot.renditions.map(\.name)
        #expect(names == ["video", "video2", "video3", "audio"])
        #expect(restored.frameRates == presentation.frameRates)
        for (window, before) in zip(restored.snapshot.renditions, presentation.snapshot.renditions) {
            let last = try #require(before.segments.last { $0.isComplete })
            let again = try #require(window.segment(last.sequenceNumber))
            #expect(again.data?.map(\.array) == last.data?.map(\.array), "\(window.name)")
        }
    }

    /// A removal that was not finished is; what others put there stays.
    @Test func whatIsLeftOfAllSizesIsRemoved() throws {
        let bench = WindowBench()
        for path in ["ours/video/s0.m4s", "ours/video2/s0.m4s", "ours/audio3/s1.m4s", "theirs/videos/holiday"] {
            _ = try bench.disk.create(#require(ObjectKey("live/news/\(path)")))
        }
        #expect(try bench.found(.low, seconds: 9).outdated.map(\.path) == ["live/news/ours"])
    }

    /// Whoever waits for key frames waits for those of his size: of missing media there is one for each segment.
    @Test func theKeyFramesOfEachSizeAreWaitedFor() throws {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let feed = LadderFeed(gopFrames: 30, rungs: [LadderFeed.Rung(), LadderFeed.Rung { $0 < 5000 ? 0 : nil }])
        var presentation = feed.started(.low)
        presentation.play(feed.arrivals(seconds: 20))
        let snapshot = presentation.snapshot
        output.publish(snapshot)
        let edges = snapshot.renditions.map(\.iFramePlaylistEdge.lastSegment)
        try #require(edges[0] > edges[1])
        let log = LiveOutputTests.Log()
        let (position, deadline) = (
            AwaitedPosition(mediaSequence: edges[0], part: nil), SystemClocks().now + .seconds(600)
        )
        for name in ["video2", "video"] {
            output.wait(
                for: .iFramePlaylist(rendition: name, position), of: snapshot.id, until: deadline,
                resume: log.note(name))
        }
        log.entries.wait(for: .seconds(60)) { $0.count == 1 }
        output.close()
        log.entries.wait(for: .seconds(60)) { $0.count == 2 }
        let entries = log.entries.withLock { $0 }
        #expect(entries.first?.hasPrefix("video ") == true && entries.last == "video2 shutting down", "\(entries)")
    }
}
