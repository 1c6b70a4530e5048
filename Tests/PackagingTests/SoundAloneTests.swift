import Bytes
import HLS
import Media
import Packaging
import Testing
import Time

/// Several audio tracks without a picture: the one that has come furthest leads.
@Suite struct SoundAloneTests {
    private typealias Tracks = AudioTracksTests

    private static func play(
        _ presentation: inout Presentation, from start: Int64 = 0, seconds: Int64,
        tracks: [Track] = AudioTracksTests.languages, isSent: (_ place: Int, _ time: Int64) -> Bool = { _, _ in true }
    ) {
        Tracks.play(&presentation, from: start, seconds: seconds, tracks: tracks) { place, time in
            place.map { isSent($0, time) } == true ? time : nil
        }
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
            time < (place == stopped ? 6000 : 14_800)
        }
        #expect(presentation.takeEvents() == [.trackStalled(rendition: Presentation.audio(stopped))])
        for (place, rendition) in presentation.audioWindows.enumerated() {
            let edge = try #require(rendition.edge?.seconds)
            #expect(edge > (place == stopped ? 12.5 : 14.4) && edge < 14.6)
            let hole = Tracks.holes(presentation)[rendition.name] ?? 0
            #expect(place == stopped ? hole > 6 : hole == 0)
        }
        // What is open is closed where the longest ends.
        presentation.interrupt()
        let edges = presentation.audioWindows.compactMap { $0.edge?.seconds }
        #expect(edges.count == 3 && edges.allSatisfy { $0 > 14.7 }, "\(edges)")
    }

    @Test func anEncoderThatComesBackWithoutTheFirstTrackGoesOn() {
        var presentation = Tracks.started(hasVideo: false)
        Self.play(&presentation, seconds: 5)
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
            rendition.segments.flatMap(\.data).filter { Array($0.array[4..<8]) == Array("emsg".utf8) }.count
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
        #expect(variants[0].contains("AUDIO=\"audio\"") && variants[0].contains("CODECS=\"mp4a.40.2\""))
        #expect(lines.last == "test/audio/index.m3u8")
    }
}
