import HLS
import Media
import Packaging
import SampleFeed
import Testing

/// Audio tracks that run ahead of the picture wait for it; only when no pictures come any more do they go on without.
@Suite struct TracksAheadTests {
    private typealias Tracks = AudioTracksTests

    private static let two = Array(AudioTracksTests.languages.prefix(2))

    /// Two audio tracks, those at the places of `ahead` two seconds ahead of the picture; each stops where `ends` says.
    private static func played(
        ahead: [Int] = [], ends: [Int?: Int64] = [:], seconds: Int64 = 15
    ) -> Presentation {
        var presentation = Tracks.started(two)
        Tracks.play(&presentation, seconds: seconds, tracks: two) { place, time in
            if let end = ends[place], time >= end { return nil }
            return place.map(ahead.contains) == true ? time - 2000 : time
        }
        return presentation
    }

    @Test(arguments: [[0], [1], [0, 1]]) func soundThatIsAheadWaitsForItsPicture(ahead: [Int]) throws {
        var presentation = Self.played(ahead: ahead)
        let events = presentation.takeEvents()
        #expect(events.isEmpty)
        #expect(Tracks.holes(presentation).values.allSatisfy { $0 == 0 })
        let edges = presentation.snapshot.renditions.compactMap { $0.edge?.seconds }
        #expect(edges.count == 3 && edges.allSatisfy { $0 > 14.4 }, "\(edges)")
    }

    /// A multiplexer that sends two seconds of a track at once: all the others have been on time.
    @Test func aTrackMayComeInBursts() {
        var presentation = Tracks.started(Self.two)
        Tracks.play(&presentation, seconds: 15, tracks: Self.two) { place, time in
            place == 1 ? time / 2000 * 2000 + 10 : time
        }
        let events = presentation.takeEvents()
        #expect(events.isEmpty)
        #expect(Tracks.holes(presentation).values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [[], [0], [1], [0, 1]]) func picturesThatStopAreGivenUp(ahead: [Int]) throws {
        var presentation = Self.played(ahead: ahead, ends: [nil: 5000])
        #expect(presentation.takeEvents().contains(.trackStalled(rendition: "video")))
        let edges = presentation.snapshot.renditions.compactMap { $0.edge?.seconds }
        #expect(edges.count == 3 && edges.allSatisfy { $0 > 12.4 }, "\(edges)")
        let holes = Tracks.holes(presentation)
        #expect(holes["video"] ?? 0 > 7 && holes["audio"] == 0 && holes["audio2"] == 0)
    }

    /// The track that is left is released, whichever it is and however far ahead.
    @Test(arguments: [0, 1], [[], [0], [1]]) func oneTrackIsReleasedWhenAllElseStops(left: Int, ahead: [Int]) throws {
        let presentation = Self.played(ahead: ahead, ends: [nil: 5000, 1 - left: 5000])
        let edge = try #require(presentation.audioWindows[left].edge?.seconds)
        #expect(edge > 11)
        #expect(Tracks.holes(presentation)[presentation.audioWindows[left].name] == 0)
    }

    /// Nobody waits again for a track that had been given up when the pictures stopped.
    @Test func aTrackThatStoppedBeforeThePicturesIsNotWaitedFor() throws {
        var presentation = Self.played(ends: [nil: 8000, 0: 4000, 1: 10_900])
        #expect(presentation.takeEvents().contains(.trackStalled(rendition: "video")))
        let edge = try #require(presentation.audioWindows[1].edge?.seconds)
        #expect(edge > 8.6, "\(edge)")
    }

    @Test func picturesThatComeAgainAreShown() throws {
        var presentation = Tracks.started(Self.two)
        Tracks.play(&presentation, seconds: 20, tracks: Self.two) { place, time in
            place == nil && (5000..<10_000).contains(time) ? nil : time
        }
        let video = try #require(presentation.videoWindow)
        #expect(video.segments.last?.isGap == false)
        #expect((4...6).contains(Tracks.holes(presentation)["video"] ?? 0))
    }

    /// Sound at twelve times its pace: what is kept of it is bounded, and the rest is missing.
    @Test func whatIsFarAheadIsDropped() throws {
        var presentation = Tracks.started(Self.two)
        Tracks.play(&presentation, seconds: 60, tracks: Self.two) { place, time in place == 1 ? time / 12 : time }
        let holes = Tracks.holes(presentation)
        #expect(holes["video"] == 0 && holes["audio"] == 0)
        var (time, last) = (0.0, 0.0)
        for part in presentation.audioWindows[1].segments.flatMap(\.parts) {
            time += part.duration.seconds
            if !part.isGap { last = time }
        }
        #expect(last > 10 && last < 17 && time > 57, "sound until \(last), the rest until \(time)")
    }
}
