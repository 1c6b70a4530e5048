import HLS
import Media
import SampleFeed
import Testing
import Time

@testable import Packaging

/// Date ranges are listed as long as their media, in the live window and in that of the DVR, and after a restart.
@Suite struct DVRDateRangeTests {
    private static let feed = Feed(gopFrames: 30)
    private static let start = WallTime(microseconds: 1_800_000_000_000_000)

    private static func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// A client that holds a playlist's ranges and updates them with deltas.
    private struct Client {
        var held: Set<String> = []

        mutating func apply(_ delta: String) {
            let listed = DateRangeBookTests.ids(in: delta)
            guard let told = delta.firstMatch(of: #/RECENTLY-REMOVED-DATERANGES="(.*)"/#)?.1 else {
                held = listed
                return
            }
            held = held.subtracting(told.split(separator: "\t").map(String.init)).union(listed)
        }
    }

    @Test func aRangeStaysInEachPlaylistAsLongAsItsMedia() throws {
        var presentation = Presentation.started(Self.feed, .ultra, dvrWindow: .milliseconds(120_000))
        var (live, dvr) = (Client(), Client())
        var most = 0
        for second in Int64(0)..<500 {
            presentation.play(Self.feed.events(seconds: 1, from: second * 1000))
            presentation.releaseKept()
            let event = UInt32(second % 3)
            switch second % 20 {
            case 2: _ = presentation.append(DateRangeBookTests.cue(.out, id: event, at: second * 1000 + 4000))
            case 11:
                _ = presentation.append(DateRangeBookTests.cue(.in, id: UInt32((second - 9) % 3), at: second * 1000))
            case 15: _ = presentation.append(DateRangeBookTests.cue(.command, id: 9, at: second * 1000))
            default: break
            }
            guard second % 5 == 4 else { continue }
            let (text, past) = (presentation.playlist("video"), try DVRTests.text(presentation, "video"))
            live.apply(presentation.playlist("video", skip: .segmentsAndDateRanges))
            dvr.apply(try DVRTests.text(presentation, "video", skip: .segmentsAndDateRanges))
            let (now, all) = (DateRangeBookTests.ids(in: text), DateRangeBookTests.ids(in: past))
            #expect(live.held == now && dvr.held == all && now.isSubset(of: all))
            // Each kind lists what ends behind its beginning.
            let video = try #require(presentation.videoWindow)
            let starts = try (
                #require(video.listed.first?.start),
                video.history.flatMap { $0[$0.mediaSequence]?.start } ?? #require(video.listed.first?.start)
            )
            for (ids, start) in [(now, starts.0), (all, starts.1)] {
                let ends = Self.ends(until: second)
                let expected = Set(ends.filter { $0.end >= start }.map(\.id))
                #expect(ids == expected, "\(second), from \(start.seconds)")
            }
            most = max(most, all.count - now.count)
        }
        #expect(most > 6)
    }

    /// Which ranges there were, and where they end, of a life like the one above.
    private static func ends(until last: Int64) -> [(id: String, end: MediaTime)] {
        var ends: [(id: String, end: MediaTime)] = []
        for second in 0...last {
            switch second % 20 {
            case 2: ends.append(("splice-\(second % 3)-\(ends.count + 1)", .milliseconds(1_000_000_000)))
            case 11: ends[ends.count - 1].end = .milliseconds(second * 1000)
            case 15: ends.append(("splice-9-\(ends.count + 1)", .milliseconds(second * 1000)))
            default: break
            }
        }
        return ends
    }

    @Test func withTooManyTheOldestGoFromTheLongPlaylistAlone() {
        var book = DateRangeBook(hasDVRWindow: true)
        let window = MediaTime.milliseconds(30_000)
        for second in Int64(0)..<1500 {
            let time = MediaTime.milliseconds(second * 1000)
            let cue = DateRangeBookTests.cue(
                .command, id: 1, at: second * 1000, section: [0xFC, 0x30, UInt8(truncatingIfNeeded: second)])
            let isTaken = book.append(cue, wallStart: Self.start, edge: time)
            #expect(isTaken)
            book.forget(before: (max(time - window, .zero), .zero), edge: time)
        }
        let (live, dvr) = (book.tags(skipUntil: .zero), book.dvrTags(skipUntil: .milliseconds(5000)))
        #expect(live.listed.count == 31 && dvr.listed.count == 1024)
        #expect(dvr.listed.first?.id == "splice-1-477" && dvr.listed.last == live.listed.last)
        #expect(dvr.recentlyRemoved.count >= 5, "clients are told which went")
        // Large ones, too.
        for second in Int64(1500)..<1700 {
            let section = [UInt8](repeating: 0xFC, count: 4096)
            let cue = DateRangeBookTests.cue(.command, id: 2, at: second * 1000, section: section)
            _ = book.append(cue, wallStart: Self.start, edge: .milliseconds(second * 1000))
            book.forget(before: (.milliseconds(second * 1000) - window, .zero), edge: .milliseconds(second * 1000))
        }
        #expect(book.dvrTags(skipUntil: .zero).listed.count == 64)
    }

    // MARK: Another process

    private static func tags(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.hasPrefix("#EXT-X-DATERANGE") }
    }

    /// A break that nobody ended has left the live playlists when the server restarts; then its end comes.
    @Test func theEndOfABreakThatIsNotListedBeginsARangeAfterARestartToo() throws {
        var presentation = Presentation.started(Self.feed, .ultra, dvrWindow: .milliseconds(600_000))
        var kept = RestoringTests.Kept(presentation)
        presentation.play(Self.feed.events(seconds: 8))
        _ = presentation.append(DateRangeBookTests.cue(.out, id: 7, at: 9000, for: 10_000))
        presentation.play(Self.feed.events(seconds: 192, from: 8000)) { $0.releaseKept() }
        kept.keep(presentation)
        kept.head += presentation.snapshot.splices(after: 0).map { .splice($0.splice) }
        var again = try #require(kept.again(wall: 200_000))
        _ = again.beginRun(
            tracks: Self.feed.tracks, sourceStart: .milliseconds(201_000), now: Self.instant(201))
        again.play(Self.feed.events(seconds: 2, from: 201_000))
        _ = again.append(DateRangeBookTests.cue(.in, id: 7, at: 203_000))
        let tags = Self.tags(again.playlist("video"))
        #expect(tags.count == 1 && tags[0].contains("START-DATE"))
    }

    @Test func theTagsAreTheSameAfterARestartAndNoIDComesAgain() throws {
        var presentation = Presentation.started(Self.feed, .ultra, dvrWindow: .milliseconds(600_000))
        var kept = RestoringTests.Kept(presentation)
        var ids: Set<String> = []
        for life in Int64(0)..<4 {
            let start = life * 20
            presentation.play(Self.feed.events(seconds: 8, from: start * 1000))
            // One that has ended, one that goes on, and one that is to come.
            _ = presentation.append(DateRangeBookTests.cue(.out, id: 1, at: start * 1000 + 1000, for: 3000))
            _ = presentation.append(DateRangeBookTests.cue(.in, id: 1, at: start * 1000 + 5000))
            _ = presentation.append(DateRangeBookTests.cue(.out, id: UInt32(life) + 2, at: start * 1000 + 6000))
            _ = presentation.append(DateRangeBookTests.cue(.command, id: 1, at: start * 1000 + 16_000))
            presentation.play(Self.feed.events(seconds: 4, from: start * 1000 + 8000))
            presentation.interrupt()
            kept.keep(presentation)
            kept.head += presentation.snapshot.splices(after: 0).map { .splice($0.splice) }
            let again = try #require(kept.again(wall: (start + 14) * 1000))
            for rendition in ["video", "audio"] {
                let (before, after) = (presentation.playlist(rendition), again.playlist(rendition))
                #expect(Self.tags(after) == Self.tags(before))
                let past = try (
                    DVRTests.text(presentation, rendition), DVRTests.text(again, rendition)
                )
                #expect(Self.tags(past.0) == Self.tags(past.1))
                let delta = try DVRTests.text(again, rendition, skip: .segmentsAndDateRanges)
                #expect(
                    try Self.tags(delta)
                        == Self.tags(DVRTests.text(presentation, rendition, skip: .segmentsAndDateRanges)))
            }
            let now = Set(again.snapshot.dateRanges.dvrTags(skipUntil: .zero).listed.map(\.id))
            #expect(now.count == ids.count + 3 && ids.isSubset(of: now))
            ids = now
            #expect(again.snapshot.splices(after: 0).isEmpty, "they are kept")
            presentation = again
            presentation.releaseKept()
            let begins = presentation.beginRun(
                tracks: Self.feed.tracks, sourceStart: .milliseconds(start * 1000 + 20_000),
                now: Self.instant(start + 20))
            #expect(begins)
        }
        // The end of a break finds its beginning.
        presentation.play(Self.feed.events(seconds: 1, from: 80_000))
        _ = presentation.append(DateRangeBookTests.cue(.in, id: 5, at: 81_000))
        #expect(Self.tags(presentation.playlist("video")).last?.contains("DURATION=15.000") == true)
        #expect(presentation.snapshot.splices(after: 0).map(\.number) == [1])
        #expect(presentation.snapshot.splices(after: 1).isEmpty)
    }

    /// A splice every ten seconds for weeks.
    @Test func aLongHeadIsReadInBoundedMemory() throws {
        var presentation = Presentation.started(Self.feed, .ultra)
        let count = Int64(100_000)
        let now = count * 10
        var book = DateRangeBook(hasDVRWindow: true)
        for number in 0..<count {
            let cue = DateRangeBookTests.cue(.command, id: 4, at: number * 10_000)
            book.replay(
                SpliceRecord(cue: cue, number: number + 1, addedAt: .milliseconds(number * 10_000)),
                wallStart: Self.start, reach: .milliseconds(34_000))
            if number % 1000 == 0 {
                #expect(book.tags(skipUntil: .zero).listed.count <= 513)
                #expect(book.dvrTags(skipUntil: .zero).listed.count <= 1024 + 513)
            }
        }
        let edge = MediaTime.milliseconds(now * 1000)
        book.settle(
            before: (edge - .milliseconds(30_000), edge - .milliseconds(3_600_000)), margin: .milliseconds(16_000),
            edge: edge)
        #expect(book.tags(skipUntil: .milliseconds(12_000)).listed.count == 3)
        #expect(book.tags(skipUntil: .milliseconds(12_000)).recentlyRemoved.count <= 2)
        #expect(book.dvrTags(skipUntil: .zero).listed.count == 360)
        presentation.play(Self.feed.events(seconds: 1))
        #expect(presentation.snapshot.splices(after: 0).isEmpty)
    }
}
