import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// A little time may pass between two runs. No media stand for it, so no client counts it.
@Suite struct BetweenRunsTests {
    /// Lengths in a playlist: of complete segments and of what has parts of them, and of the parts of the open one.
    private struct Lengths {
        var segments: [(length: Double, hasParts: Bool)] = []
        var open = 0.0
        var skipped = 0

        init(_ text: String) throws {
            var hasParts = false
            for line in text.split(separator: "\n") {
                if line.hasPrefix("#EXT-X-PART:") {
                    hasParts = true
                    open += try #require(Self.number(behind: "DURATION=", in: line))
                } else if line.hasPrefix("#EXTINF:") {
                    segments.append((try #require(Self.number(behind: "#EXTINF:", in: line)), hasParts))
                    (hasParts, open) = (false, 0)
                } else if line.hasPrefix("#EXT-X-SKIP:") {
                    skipped = Int(try #require(Self.number(behind: "SKIPPED-SEGMENTS=", in: line)))
                }
            }
        }

        private static func number(behind name: String, in line: Substring) -> Double? {
            guard line.contains(name) else { return nil }
            let rest = line.split(separator: name, omittingEmptySubsequences: false)[1]
            return Double(rest.prefix { $0.isNumber || $0 == "." })
        }
    }

    @Test func partsAreListedAndSegmentsSkippedByTheMediaBehindThem() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 20))
        presentation.interrupt()
        _ = presentation.beginRun(
            tracks: feed.tracks, sourceStart: .zero, now: Instant(nanoseconds: 21_500_000_000))
        var skips = 0
        for event in feed.events(seconds: 16) {
            presentation.play([event])
            let whole = try Lengths(presentation.playlist("video"))
            var distance = whole.open
            for segment in whole.segments.reversed() {
                distance += segment.length
                if distance <= 6 { #expect(segment.hasParts, "\(distance) s from the end") }
            }
            let delta = try Lengths(presentation.playlist("video", skip: .segments))
            if delta.skipped > 0 {
                skips += 1
                #expect(delta.segments.reduce(0) { $0 + $1.length } >= 12 - 1e-6)
            }
        }
        #expect(skips > 100)
    }
}
