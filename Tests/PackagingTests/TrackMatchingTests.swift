import Bytes
import HLS
import Media
import SampleFeed
import Testing
import Time

@testable import Packaging

/// An encoder that comes back: each of its audio tracks goes on where the one of its language left.
@Suite struct TrackMatchingTests {
    private typealias Tracks = AudioTracksTests

    /// `en/English 0` is a track of that language, that name and that index; `-` is none.
    private static func tracks(_ text: String) -> [Track] {
        text.split(separator: ", ").map { item in
            let fields = item.split(separator: " ")
            let labels = fields[0].split(separator: "/").map { $0 == "-" ? nil : String($0) }
            return Tracks.track(
                fields.last.flatMap { Int($0) } ?? 0, labels[0], name: labels.count > 1 ? labels[1] : nil)
        }
    }

    static let table: [(String, String, [Int]?)] = [
        ("en 0, de 1", "en 0, de 1", [0, 1]), ("en 0, de 1", "de 0, en 1", [1, 0]), ("en 0, de 1", "de 0", [1]),
        ("en 0, de 1", "DE 0, EN 1", [1, 0]), ("en 0, de 5", "de 5, en 6", [1, 0]), ("en 0, de 1", "", []),
        // A language that nobody knows of.
        ("en 0, de 1", "en 0, fr 1", nil), ("en 0, de 1", "fr 0", nil), ("en 0, de 1", "en 0, de 1, fr 2", nil),
        ("en 0, de 1", "en 0, - 1", nil), ("en 0, de 1", "en 0, en 1", nil), ("en 0, und 1", "- 0, en 1", [1, 0]),
        // One of which nobody knows the language will do for any that has no better.
        ("- 0", "en 0", [0]), ("- 0, de 1", "de 0, en 1", [1, 0]), ("- 0", "en 0, de 1", nil),
        // Several of one language: the name, then the place, then the order.
        ("en/A 0, en/B 1", "en/B 0, en/A 1", [1, 0]), ("en/A 0, en/B 1", "en/C 0, en/A 1", [1, 0]),
        ("en/A 0, en/A 1", "en/A 0, en/A 1", [0, 1]), ("en 0, en/B 1", "en/B 0, en 1", [1, 0]),
        ("en 0, de 1, en 2", "en 2, de 1", [2, 1]), ("de 0, en 1, en 2", "en 0, en 1, de 2", [2, 1, 0]),
        // No language at all: the place.
        ("en/A 0, de 1", "- 0, - 1", [0, 1]), ("en/A 0, de 1", "- 0", [0]), ("en/A 0, de 1", "- 1", [1]),
        ("en 0, de 5", "- 5", [1]),
        ("en 0, de 5", "- 0, - 1", [0, 1]), ("en 0, de 1", "- 1, - 2", [0, 1]), ("en 0", "- 0, - 1", nil),
        ("en/A 0, de/B 1", "-/C 0, -/D 1", [0, 1]), ("- 0, - 1, - 2", "- 2, - 0", [2, 0]),
    ]

    @Test(arguments: table) func eachTrackHasItsPlace(known: String, comes: String, places: [Int]?) {
        #expect(Presentation.places(of: Self.tracks(comes), among: Self.tracks(known)) == places)
    }

    /// §6.2.1: a player has chosen its decoder.
    @Test func onlyWhatIsCodedAlikeGoesOn() {
        let aac = Tracks.track(0, "en")
        var other = Track(
            codec: .h264, format: aac.format, decoderConfiguration: aac.decoderConfiguration, codecString: "ac-3")
        other.language = "en"
        #expect(Presentation.places(of: [aac, other], among: [other, aac]) == [1, 0])
        #expect(Presentation.places(of: [other], among: [aac]) == nil)
    }

    /// Which languages were heard in a rendition behind its last discontinuity, by their first letters.
    private static func heard(in rendition: RenditionWindow) -> Set<String> {
        let from = rendition.segments.lastIndex(where: \.isDiscontinuous) ?? 0
        let data = rendition.segments[from...].compactMap(\.data).joined()
        return Set(data.compactMap { $0.array.last.map { String(UnicodeScalar($0)) } })
    }

    @Test func tracksThatChangePlacesKeepTheirRenditions() throws {
        let tracks = [Tracks.track(0, "en", name: "English"), Tracks.track(1, "de", rate: 44_100)]
        var presentation = Tracks.started(tracks)
        Tracks.play(&presentation, seconds: 5, tracks: tracks)
        let before = Tracks.multivariant(presentation).filter { $0.hasPrefix("#EXT-X-MEDIA") }
        let swapped = [Tracks.track(0, "de", rate: 44_100), Tracks.track(1, "en", name: "Now English")]
        let isSame = presentation.beginRun(
            tracks: [Feed.video] + swapped, sourceStart: .milliseconds(60_000), now: Instant(nanoseconds: 6_000_000_000)
        )
        #expect(isSame)
        Tracks.play(&presentation, from: 60_000, seconds: 5, tracks: swapped)
        #expect(presentation.audioWindows.map(Self.heard) == [["e"], ["d"]])
        #expect(presentation.audioWindows.allSatisfy { $0.initializations.count == 1 }, "they are coded as before")
        #expect(Tracks.holes(presentation).values.allSatisfy { $0 < 1.1 }, "the second between the two")
        #expect(Tracks.multivariant(presentation).filter { $0.hasPrefix("#EXT-X-MEDIA") } == before)
    }

    @Test func aLanguageThatLacksIsMissingInItsOwnRendition() throws {
        let tracks = [Tracks.track(0, "en"), Tracks.track(1, "de")]
        var presentation = Tracks.started(tracks)
        Tracks.play(&presentation, seconds: 5, tracks: tracks)
        let isSame = presentation.beginRun(
            tracks: [Feed.video, tracks[1]], sourceStart: .zero, now: Instant(nanoseconds: 6_000_000_000))
        #expect(isSame)
        Tracks.play(&presentation, seconds: 5, tracks: [tracks[1]])
        #expect(presentation.audioWindows.map(Self.heard) == [[], ["d"]])
        // Both are back, in the other order.
        let isStillSame = presentation.beginRun(
            tracks: [Feed.video] + tracks.reversed(), sourceStart: .zero, now: Instant(nanoseconds: 12_000_000_000))
        #expect(isStillSame)
        Tracks.play(&presentation, seconds: 5, tracks: tracks.reversed())
        #expect(presentation.audioWindows.map(Self.heard) == [["e"], ["d"]])
    }

    @Test func anotherLanguageIsAnotherPresentation() {
        let tracks = [Tracks.track(0, "en"), Tracks.track(1, "de")]
        var presentation = Tracks.started(tracks)
        let isOther = !presentation.beginRun(
            tracks: [Feed.video, Tracks.track(0, "en"), Tracks.track(1, "fr")], sourceStart: .zero,
            now: Instant(nanoseconds: 0))
        #expect(isOther)
    }

    @Test func aSourceThatTellsNoLanguagesLeavesThoseThatAreKnown() {
        let tracks = [Tracks.track(0, "en", name: "English"), Tracks.track(1, "de")]
        var presentation = Tracks.started(tracks)
        Tracks.play(&presentation, seconds: 5, tracks: tracks)
        let before = Tracks.multivariant(presentation).filter { $0.hasPrefix("#EXT-X-MEDIA") }
        let isSame = presentation.beginRun(
            tracks: [Feed.video, Tracks.track(0, nil), Tracks.track(1, nil)], sourceStart: .zero,
            now: Instant(nanoseconds: 6_000_000_000))
        #expect(isSame)
        #expect(Tracks.multivariant(presentation).filter { $0.hasPrefix("#EXT-X-MEDIA") } == before)
    }

    /// A source counts its tracks as it likes.
    @Test func indicesMayHaveGaps() {
        let tracks = [Tracks.track(0, nil), Tracks.track(5, nil)]
        var presentation = Tracks.started(tracks)
        Tracks.play(&presentation, seconds: 5, tracks: tracks)
        #expect(presentation.snapshot.renditions.map(\.name) == ["video", "audio", "audio2"])
        #expect(Tracks.holes(presentation).values.allSatisfy { $0 == 0 })
        let media = Tracks.multivariant(presentation).filter { $0.hasPrefix("#EXT-X-MEDIA") }
        #expect(media.count == 2 && media[1].contains("NAME=\"Audio 2\""))
        let version = presentation.version
        let stray = Sample(
            data: ByteChunk([1]), decodeTime: .milliseconds(9000), presentationTime: .milliseconds(9000), isSync: true)
        for place in [-1, 2, 5, Int.max] { presentation.appendAudio(stray, track: place) }
        #expect(presentation.version == version)
    }

    @Test func sixteenTracksArePlayed() {
        let tracks = (0..<16).map { Tracks.track($0, "x-\($0)") }
        var presentation = Tracks.started(tracks)
        Tracks.play(&presentation, seconds: 4, tracks: tracks)
        #expect(Tracks.holes(presentation) == Tracks.holes(presentation).mapValues { _ in 0 })
        #expect(
            presentation.audioWindows.count == 16
                && presentation.audioWindows.allSatisfy { $0.edge?.seconds ?? 0 > 3.4 })
        let places = Presentation.places(of: tracks.reversed(), among: tracks)
        #expect(places == Array((0..<16).reversed()))
    }
}
