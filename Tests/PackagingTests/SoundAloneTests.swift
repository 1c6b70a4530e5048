import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Several audio tracks without a picture: the one that has come furthest leads.
@Suite struct SoundAloneTests {
    private typealias Tracks = AudioTracksTests

    /// No rendition is ever more than one part ahead of another; a part ends within a frame of where it should.
    private static func play(
        _ presentation: inout Presentation, from start: Int64 = 0, seconds: Int64,
        tracks: [Track] = AudioTracksTests.languages, arrival: (_ place: Int, _ time: Int64) -> Int64? = { $1 }
    ) {
        var farthest = MediaTime.zero
        Tracks.play(&presentation, from: start, seconds: seconds, tracks: tracks) { place, time in
            place.flatMap { arrival($0, time) }
        } each: { presentation in
            let edges = presentation.audioWindows.map { $0.edge ?? .zero }
            guard let first = edges.min(), let last = edges.max() else { return }
            farthest = max(farthest, last - first)
        }
        #expect(farthest <= presentation.profile.partTarget + .milliseconds(24))
    }

    @Test func allTracksAreCutAlike() throws {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 20)
        #expect(Tracks.holes(presentation).values.allSatisfy { $0 == 0 })
        let starts = presentation.audioWindows.map { $0.segments.map(\.start) }
        #expect(starts.count == 3 && starts[0].count > 5)
        for others in starts.dropFirst() {
            #expect(others.count == starts[0].count)
            for (start, other) in zip(starts[0], others) { #expect(abs((start - other).seconds) < 0.03) }
        }
    }

    @Test(arguments: 0..<3) func whicheverTrackStopsTheOthersGoOn(stopped: Int) throws {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 15) { place, time in
            time < (place == stopped ? 6000 : 14_800) ? time : nil
        }
        #expect(presentation.takeEvents() == [.trackStalled(rendition: Presentation.audio(stopped))])
        for (place, rendition) in presentation.audioWindows.enumerated() {
            let edge = try #require(rendition.edge?.seconds)
            #expect(edge > 14.4 && edge < 14.6)
            let hole = Tracks.holes(presentation)[rendition.name] ?? 0
            #expect(place == stopped ? hole > 8 : hole == 0)
        }
        // What is open is closed where the longest ends.
        presentation.interrupt()
        let edges = presentation.audioWindows.compactMap { $0.edge?.seconds }
        #expect(edges.count == 3 && edges.allSatisfy { $0 > 14.7 }, "\(edges)")
    }

    @Test(arguments: 0..<3) func whicheverTrackIsLateTheOthersWait(late: Int) {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 15) { place, time in place == late ? time + 1300 : time }
        let events = presentation.takeEvents()
        #expect(events.isEmpty)
        #expect(Tracks.holes(presentation).values.allSatisfy { $0 == 0 })
        let edges = presentation.audioWindows.compactMap { $0.edge?.seconds }
        #expect(edges.count == 3 && edges.allSatisfy { $0 > 14.4 }, "\(edges)")
    }

    /// What was held back for the late track is cut as it would have been.
    @Test(arguments: 0..<3) func whatIsHeldBackIsPublishedWhenTheSourceLeaves(late: Int) {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 15) { place, time in
            let arrival = place == late ? time + 1300 : time
            return arrival < 14_800 ? arrival : nil
        }
        presentation.interrupt()
        let counts = presentation.audioWindows.map { $0.segments.map(\.parts.count) }
        #expect(counts.count == 3 && counts.allSatisfy { $0 == counts[0] }, "\(counts)")
        for rendition in presentation.audioWindows {
            #expect(abs((rendition.edge?.seconds ?? 0) - 14.8) < 0.03)
            let longest = rendition.segments.flatMap(\.parts).map(\.duration).max() ?? .zero
            #expect(longest <= presentation.profile.partTarget)
        }
    }

    @Test func anEncoderThatComesBackWithoutTheFirstTrackGoesOn() {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 5)
        presentation.interrupt()
        presentation.passSilence(until: Instant(nanoseconds: 6_000_000_000))
        let others = Array(Tracks.languages.dropFirst())
        let isSame = presentation.beginRun(
            tracks: others, sourceStart: .milliseconds(60_000), now: Instant(nanoseconds: 6_000_000_000))
        #expect(isSame)
        let isTaken = presentation.append(TimedMetadata(time: .milliseconds(62_000), tag: ByteChunk([1])))
        #expect(isTaken)
        Self.play(&presentation, from: 60_000, seconds: 6, tracks: others)
        let edges = presentation.audioWindows.compactMap { $0.edge?.seconds }
        #expect(edges.count == 3 && edges.allSatisfy { $0 > 11.4 }, "\(edges)")
        let lasts = presentation.audioWindows.map { $0.segments.last?.isGap }
        #expect(lasts == [true, false, false])
        // What would have gone with the first goes with the next.
        let events = presentation.audioWindows.map { rendition in
            rendition.segments.compactMap(\.data).joined().filter { Array($0.array[4..<8]) == Array("emsg".utf8) }.count
        }
        #expect(events == [0, 1, 0])
    }

    @Test func playersAreToldOfAllTracks() throws {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 12)
        let lines = Tracks.multivariant(presentation)
        let media = lines.filter { $0.hasPrefix("#EXT-X-MEDIA") }
        #expect(media.count == 3)
        for (line, folder) in zip(media, ["audio", "audio2", "audio3"]) {
            #expect(line.contains("URI=\"test/\(folder)/index.m3u8\""))
        }
        let variants = lines.filter { $0.hasPrefix("#EXT-X-STREAM-INF") }
        try #require(variants.count == 1)
        #expect(variants[0].contains("AUDIO=\"audio\"") && variants[0].contains("CODECS=\"mp4a.40.1\""))
        #expect(lines.last == "test/audio/index.m3u8")
    }
}
