import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import SeededRandom
import Testing
import Time

/// Delta updates, §6.2.5.1: a client that applies one to what it has must hold what a client without it gets.
@Suite struct DeltaUpdateTests {
    /// A playlist as its client keeps it: what stands before and behind the segments, and each segment with all that is
    /// in force for it.
    struct Held: Equatable {
        var header: [String] = []
        var first = 0
        var segments: [[String]] = []
        var tail: [String] = []

        /// Reads a playlist; `before` is what a delta update is applied to.
        init(_ text: String, applyingTo before: Held? = nil) throws {
            var map: String?
            var block: [String] = []
            for line in text.split(separator: "\n").map(String.init) {
                if line.hasPrefix("#EXT-X-VERSION") { continue }
                if line.hasPrefix("#EXT-X-SKIP:SKIPPED-SEGMENTS=") {
                    let before = try #require(before)
                    let count = try #require(Int(line.split(separator: "=")[1].prefix { $0.isNumber }))
                    let from = first - before.first
                    try #require(from >= 0 && from + count <= before.segments.count, "it skips what nobody has seen")
                    segments = Array(before.segments[from..<from + count])
                    map = segments.last?.first
                } else if line.hasPrefix("#EXT-X-MAP:") {
                    map = line
                } else if ["#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT", "#EXT-X-ENDLIST", "#EXT-X-DATERANGE"]
                    .contains(where: line.hasPrefix)
                {
                    tail.append(line)
                } else if ["#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM", "#EXT-X-PART:", "#EXT-X-GAP", "#EXTINF"]
                    .contains(where: { line.hasPrefix($0) && !line.hasPrefix("#EXT-X-DISCONTINUITY-SEQUENCE") })
                {
                    block.append(line)
                } else if line.hasPrefix("#") {
                    if line.hasPrefix("#EXT-X-MEDIA-SEQUENCE:") { first = try #require(Int(line.dropFirst(22))) }
                    header.append(line)
                } else {
                    segments.append([map ?? ""] + block + [line])
                    block = []
                }
            }
            if !block.isEmpty { segments.append([map ?? ""] + block) }
        }
    }

    @Test(arguments: zip([1, 2, 3, 4, 5, 6], [LatencyProfile.Name.standard, .low, .ultra, .low, .ultra, .standard]))
    func theFullPlaylistIsTheOneBeforeWithTheDeltaApplied(seed: UInt64, name: LatencyProfile.Name) throws {
        var random = SeededGenerator(seed: seed)
        var feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, name)
        var (source, clock) = (Int64(0), Int64(0))
        var held: [String: (playlist: Held, edge: MediaTime)] = [:]
        var skips = 0
        for _ in 0..<60 {
            let seconds = Int64.random(in: 1...6, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                presentation.interrupt()
                clock += seconds * 1000
                presentation.passSilence(until: Instant(nanoseconds: clock * 1_000_000))
            case 1:
                feed.gopFrames = Int64.random(in: 10...90, using: &random)
                feed.sampleRate = Bool.random(using: &random) ? 48_000 : 44_100
                fallthrough
            case 2:
                source += 100_000
                let isSame = presentation.beginRun(
                    tracks: feed.tracks, sourceStart: .milliseconds(source),
                    now: Instant(nanoseconds: clock * 1_000_000))
                #expect(isSame)
                fallthrough
            default:
                presentation.play(feed.events(seconds: seconds, from: source))
                source += seconds * 1000
                clock += seconds * 1000
            }
            for rendition in ["video", "audio"] {
                let full = try Held(presentation.playlist(rendition))
                let edge = try #require(presentation.snapshot.rendition(rendition)?.edge)
                // A client asks for a delta only while what it holds is younger than half the Skip Boundary.
                if let (before, then) = held[rendition], edge - then < presentation.profile.halfSkipBoundary {
                    for skip in [SkipDirective.segments, .segmentsAndDateRanges] {
                        let delta = presentation.playlist(rendition, skip: skip)
                        #expect(try Held(delta, applyingTo: before) == full)
                        if delta.contains("#EXT-X-SKIP:") { skips += 1 }
                    }
                }
                held[rendition] = (full, edge)
            }
        }
        #expect(skips > 20)
    }

    @Test func whatIsSkippedLiesBeyondTheBoundaryAndNothingElseDoes() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 70))
        let window = try #require(presentation.videoWindow)
        let complete = window.listed.filter(\.isComplete)
        let end = try #require(complete.last?.end)
        let skipped = complete.prefix { $0.end <= end - .milliseconds(24_000) }.count
        let delta = presentation.playlist("video", skip: .segments)
        #expect(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=\(skipped)\n") && skipped > 5)
        #expect(delta.contains("#EXT-X-VERSION:9\n"))
        let kept = delta.split(separator: "\n").filter { $0.hasPrefix("s") }.count
        #expect(kept + skipped == complete.count)
        #expect(!delta.contains("#EXT-X-MAP"), "the client knows it from the segments that are skipped")
        #expect(presentation.playlist("video", skip: .segmentsAndDateRanges).contains("#EXT-X-VERSION:10\n"))
    }

    @Test func whereNothingCanBeSkippedAndWhereAllIsOverThePlaylistIsWhole() {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 20))
        #expect(presentation.playlist("video", skip: .segments) == presentation.playlist("video"))
        presentation.play(Feed(gopFrames: 30).events(seconds: 40, from: 20_000))
        #expect(presentation.playlist("video", skip: .segments) != presentation.playlist("video"))
        presentation.end()
        #expect(presentation.playlist("video", skip: .segments) == presentation.playlist("video"))
    }
}

extension LatencyProfile {
    fileprivate var halfSkipBoundary: MediaTime { .milliseconds(Int64(targetDuration) * 3000) }
}
