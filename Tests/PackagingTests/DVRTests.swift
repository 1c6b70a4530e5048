import HLS
import Media
import SampleFeed
import SeededRandom
import Testing
import Time

@testable import Packaging

/// The playlist of the DVR window lists what the live playlist did, for longer.
@Suite struct DVRTests {
    /// The text of the DVR playlist, put together as it is for clients.
    static func text(
        _ presentation: Presentation, _ rendition: String, skip: SkipDirective? = nil
    ) throws -> String {
        let snapshot = presentation.snapshot
        let window = try #require(snapshot.rendition(rendition))
        let (head, body, skipsEarlier) = snapshot.dvrPlaylist(of: window).renderedInTwo(skip: skip)
        if skipsEarlier { return String(decoding: head + body, as: UTF8.self) }
        let past = try #require(window.history).pieces.flatMap {
            MediaPlaylist.text(of: $0.listed, queryParameters: [])
        }
        return String(decoding: head + past + body, as: UTF8.self)
    }

    private static func number(after tag: String, in text: String) -> Int64? {
        text.split(separator: "\n").first { $0.hasPrefix(tag) }.flatMap { Int64($0.dropFirst(tag.count)) }
    }

    /// Each segment's name with the tags of it that never change. A MAP tag may be said again.
    private static func segments(in text: String) -> [String: [Substring]] {
        var (tags, segments): ([Substring], [String: [Substring]]) = ([], [:])
        for line in text.split(separator: "\n") {
            if line.hasSuffix(".m4s") {
                segments[String(line)] = tags
                tags = []
            } else if ["#EXTINF", "#EXT-X-DISCONTINUITY", "#EXT-X-GAP", "#EXT-X-PROGRAM"].contains(
                where: line.hasPrefix),
                !line.hasPrefix("#EXT-X-DISCONTINUITY-SEQUENCE")
            {
                tags.append(line)
            }
        }
        return segments
    }

    @Test(arguments: zip([1, 2, 3, 4], [LatencyProfile.Name.ultra, .low, .ultra, .standard]))
    func whatTheLivePlaylistListedIsListedUntilTheDVRWindowHasPassed(seed: UInt64, name: LatencyProfile.Name) throws {
        var random = SeededGenerator(seed: seed)
        var feed = Feed(gopFrames: 30)
        let depth = MediaTime.milliseconds(150_000)
        var presentation = Presentation.started(feed, name, dvrWindow: depth)
        var (source, clock) = (Int64(0), Int64(0))
        var seen: [String: [Substring]] = [:]
        var ends: [Int64: MediaTime] = [:]
        var discontinuities = 0
        for _ in 0..<160 {
            let seconds = Int64.random(in: 1...6, using: &random)
            if Int.random(in: 0..<8, using: &random) == 0 {
                presentation.interrupt()
                clock += seconds * 1000
                presentation.passSilence(until: Instant(nanoseconds: clock * 1_000_000))
                source += 100_000
                feed.sampleRate = Bool.random(using: &random) ? 48_000 : 44_100
                let isSame = presentation.beginRun(
                    tracks: feed.tracks, sourceStart: .milliseconds(source),
                    now: Instant(nanoseconds: clock * 1_000_000))
                #expect(isSame)
            }
            presentation.play(feed.events(seconds: seconds, from: source))
            presentation.releaseKept()
            (source, clock) = (source + seconds * 1000, clock + seconds * 1000)
            let live = Self.segments(in: presentation.playlist("audio"))
            discontinuities += live.filter { seen[$0.key] == nil && $0.value.contains("#EXT-X-DISCONTINUITY") }.count
            seen.merge(live) { old, new in
                #expect(old == new)
                return old
            }
            let text = try Self.text(presentation, "audio")
            let listed = Self.segments(in: text)
            let first = try #require(Self.number(after: "#EXT-X-MEDIA-SEQUENCE:", in: text))
            #expect(listed.count == seen.count - Int(first) && listed.allSatisfy { seen[$0.key] == $0.value })
            #expect(Set(listed.keys) == Set((first..<first + Int64(listed.count)).map { "s\($0).m4s" }))
            let gone = try #require(Self.number(after: "#EXT-X-DISCONTINUITY-SEQUENCE:", in: text))
            #expect(Int(gone) + listed.count { $0.value.contains("#EXT-X-DISCONTINUITY") } == discontinuities)
            for segment in presentation.audioWindows[0].segments { ends[segment.sequenceNumber] = segment.end }
            try Self.expectDepth(presentation, depth, first, ends)
        }
        #expect(presentation.audioWindows[0].history?.first ?? 0 > 0)
        #expect(Self.number(after: "#EXT-X-MEDIA-SEQUENCE:", in: try Self.text(presentation, "video")) ?? 0 > 0)
    }

    /// Nothing has gone too early, and nothing stays too long.
    private static func expectDepth(
        _ presentation: Presentation, _ depth: MediaTime, _ first: Int64, _ ends: [Int64: MediaTime]
    ) throws {
        let window = try #require(presentation.snapshot.rendition("audio"))
        let history = try #require(window.history)
        // It is looked at when a segment leaves the live playlist.
        let edge = (window.segments.last { $0.isComplete }?.end ?? .zero) - window.profile.target * 2
        if let before = history[first - 1] { #expect(window.edge.map { $0 - before.end >= depth } ?? false) }
        if let oldest = history[first] { #expect(edge - oldest.end < depth) }
        // Fetchable for as long again (§6.2.2), and by then gone.
        if history.first > 0, let oldest = history[history.first] {
            #expect(edge - oldest.end < depth * 2 + .milliseconds(40_000))
        }
        if let gone = ends[history.first - 1], let newest = window.edge { #expect(newest - gone >= depth * 2) }
        for number in history.first..<history.end { #expect(history[number]?.end == ends[number]) }
        #expect(history[history.first - 1] == nil && history[history.end] == nil)
        // What they need is there.
        for number in history.first..<history.end {
            let version = try #require(history[number]).initializationVersion
            #expect(window.initialization(version) != nil)
        }
    }

    @Test func aDeltaUpdateSkipsAllOfThePast() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(300_000))
        presentation.play(feed.events(seconds: 200)) { $0.releaseKept() }
        let snapshot = presentation.snapshot
        let window = try #require(snapshot.rendition("video"))
        let live = snapshot.playlist(of: window).renderedInTwo(skip: .segments)
        let dvr = snapshot.dvrPlaylist(of: window).renderedInTwo(skip: .segments)
        #expect(dvr.skipsEarlier && !live.skipsEarlier)
        let body = String(decoding: dvr.body, as: UTF8.self)
        #expect(
            body.replacing("audio/dvr.m3u8", with: "audio/index.m3u8") == String(decoding: live.body, as: UTF8.self))
        // Each piece says which initialization it needs, and what follows the last one does not say it again.
        let maps = try Self.text(presentation, "video").split(separator: "#EXT-X-MAP").count - 1
        #expect(maps == window.history?.pieces.count)
        let skipped = "#EXT-X-SKIP:SKIPPED-SEGMENTS="
        let (few, all) = (
            try #require(Self.number(after: skipped, in: String(decoding: live.head, as: UTF8.self))),
            try #require(Self.number(after: skipped, in: String(decoding: dvr.head, as: UTF8.self)))
        )
        #expect(all == few + window.mediaSequence)
    }

    @Test func aHistoryMayBeginAnywhere() throws {
        for start: Int64 in [0, 100, 127, 128, 300] {
            var history = SegmentHistory(depth: .milliseconds(1_000_000))
            history.begin(at: start, discontinuities: 7)
            for number in start..<start + 400 {
                let from = MediaTime.milliseconds(number * 1000)
                var segment = Segment(
                    sequenceNumber: number, firstPart: number, start: from, programDateTime: .epoch,
                    initializationVersion: 1, isDiscontinuous: false)
                segment.end = from + .milliseconds(1000)
                history.append(segment, edge: segment.end)
            }
            for number in start..<start + 400 { #expect(history[number]?.start == .milliseconds(number * 1000)) }
            #expect(history[start - 1] == nil && history[start + 400] == nil)
            #expect(history.pieces.flatMap(\.listed).map(\.uri) == (start..<start + 400).map { "s\($0).m4s" })
            #expect(history.pieces.filter(\.isConstant).allSatisfy { $0.first.isMultiple(of: PastSegments.length) })
        }
    }

    /// The disk of the pictures hangs for a while, twice; there is a discontinuity each minute, and silence.
    @Test func whatWasNeverKeptIsNotListedWhenItHasLeftMemory() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(1_000_000))
        var kept: [String: Int64] = [:]
        var lost: Set<String> = []
        var (first, discontinuities, source, cuts) = (Int64(0), Int64(0), Int64(0), 0)
        var isDiscontinuous: Set<Int64> = []
        for second in 1..<900 {
            if second % 60 == 0 {
                presentation.interrupt()
            } else if second % 60 < 11 {
                presentation.passSilence(until: Instant(nanoseconds: Int64(second) * 1_000_000_000))
            } else {
                if second % 60 == 11 {
                    source += 100_000
                    let isSame = presentation.beginRun(
                        tracks: feed.tracks, sourceStart: .milliseconds(source),
                        now: Instant(nanoseconds: Int64(second) * 1_000_000_000))
                    #expect(isSame)
                }
                presentation.play(feed.events(seconds: 1, from: source))
                source += 1000
            }
            let hangs = (200..<300).contains(second) || (500..<610).contains(second)
            for window in presentation.windows {
                guard let end = window.segments.last(where: \.isComplete)?.sequenceNumber else { continue }
                if window.name == "audio" || !hangs { kept[window.name] = end + 1 }
            }
            let video = try #require(presentation.videoWindow)
            for segment in video.segments {
                if segment.isDiscontinuous { isDiscontinuous.insert(segment.sequenceNumber) }
                // What has left memory while the disk hung is not written when it goes on.
                if hangs, segment.sequenceNumber >= kept["video"] ?? 0 { lost.insert("s\(segment.sequenceNumber).m4s") }
            }
            if !hangs { for segment in video.segments { lost.remove("s\(segment.sequenceNumber).m4s") } }
            presentation.releaseMedia(before: kept)

            guard second.isMultiple(of: 3) else { continue }
            let text = try Self.text(presentation, "video")
            for (name, tags) in Self.segments(in: text) where lost.contains(name) && !tags.contains("#EXT-X-GAP") {
                let number = try #require(Int64(name.dropFirst().dropLast(4)))
                let segment = video.segments.first { $0.sequenceNumber == number }
                #expect(segment?.isInMemory == true, "\(name) is listed and not there")
            }
            let sequence = try #require(Self.number(after: "#EXT-X-MEDIA-SEQUENCE:", in: text))
            let gone = try #require(Self.number(after: "#EXT-X-DISCONTINUITY-SEQUENCE:", in: text))
            #expect(sequence >= first && gone >= discontinuities)
            #expect(Int(gone) == isDiscontinuous.count { $0 < sequence })
            if sequence > first { cuts += 1 }
            (first, discontinuities) = (sequence, gone)
        }
        #expect(cuts > 20, "it was cut as each segment left memory")
        let window = try #require(presentation.snapshot.rendition("video"))
        #expect(window.mediaSequence - first > 100, "the past grows again behind what was lost")
        #expect(presentation.audioWindows[0].history?.mediaSequence == 0, "the other rendition has lost nothing")
        // What stood before it may still be fetched by those who read of it.
        #expect(window.oldestSegmentNumber == 0 && window.history?[10]?.byteCount ?? 0 > 0)
    }

    @Test func whatHasNoMediaIsNeverLost() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra, dvrWindow: .milliseconds(1_000_000))
        presentation.play(feed.events(seconds: 10))
        presentation.interrupt()
        presentation.releaseKept()
        for second in 11..<400 {
            presentation.passSilence(until: Instant(nanoseconds: Int64(second) * 1_000_000_000))
        }
        for window in presentation.windows { #expect(window.history?.mediaSequence == 0) }
    }

    @Test func withoutADVRWindowThereIsNoPast() {
        let feed = Feed()
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 100))
        #expect(presentation.windows.allSatisfy { $0.history == nil && $0.mediaSequence > 0 })
    }

    /// Each rendition gives up what is kept elsewhere, and no more than that.
    @Test func mediaThatAreKeptElsewhereLeaveMemoryWhenTheyAreNotRecent() throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 60))
        presentation.releaseMedia(before: ["video": 30, "audio": 1000])
        let video = try #require(presentation.videoWindow)
        for segment in video.segments { #expect(segment.isInMemory == (segment.sequenceNumber >= 30)) }
        let audio = presentation.audioWindows[0]
        for segment in audio.segments { #expect(segment.isInMemory == audio.isRecent(segment)) }
        #expect(audio.segments.contains { $0.isInMemory } && audio.segments.contains { !$0.isInMemory })
        // Where the others are, in their segment's bytes.
        let segment = try #require(video.segments.first { !$0.isInMemory })
        let places = segment.parts.compactMap { video.place(ofPart: $0.number) }
        #expect(places.count == segment.parts.count && places.allSatisfy { $0.segment == segment.sequenceNumber })
        #expect(places.first?.range.lowerBound == 0 && places.last?.range.upperBound == segment.byteCount)
    }
}
