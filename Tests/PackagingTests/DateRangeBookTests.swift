import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Date ranges: added with splices, removed with the media they lie in.
@Suite struct DateRangeBookTests {
    static func cue(
        _ kind: SpliceCue.Kind, id: UInt32 = 7, at milliseconds: Int64, for length: Int64? = nil,
        section: [UInt8] = [0xFC, 0x30, 0x0A]
    ) -> SpliceCue {
        SpliceCue(
            kind: kind, eventID: id, time: .milliseconds(milliseconds), duration: length.map { .milliseconds($0) },
            section: ByteChunk(section))
    }

    /// Plays `seconds` from `start` of a feed with a key frame each second.
    private static func play(_ presentation: inout Presentation, from start: Int64, seconds: Int64) {
        presentation.play(Feed(gopFrames: 30).events(seconds: seconds, from: start))
    }

    /// A presentation that has played for so many seconds.
    private static func played(_ seconds: Int64) -> Presentation {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        play(&presentation, from: 0, seconds: seconds)
        return presentation
    }

    private static func tags(_ presentation: Presentation, _ rendition: String = "video") -> [String] {
        tags(in: presentation.playlist(rendition))
    }

    private static func tags(in playlist: String) -> [String] {
        playlist.split(separator: "\n").filter { $0.hasPrefix("#EXT-X-DATERANGE") }.map(String.init)
    }

    static func ids(in playlist: String) -> Set<String> {
        Set(tags(in: playlist).compactMap { $0.split(separator: "\"").dropFirst().first.map(String.init) })
    }

    // MARK: Adding

    @Test func aBreakIsARangeToWhichItsEndAddsOnlyWhatIsNew() throws {
        var presentation = Self.played(10)
        _ = presentation.append(Self.cue(.out, at: 12_000, for: 30_000))
        let out =
            "#EXT-X-DATERANGE:ID=\"splice-7-1\",START-DATE=\"2027-01-15T08:00:12.000Z\",PLANNED-DURATION=30.000000,SCTE35-OUT=0xFC300A"
        #expect(Self.tags(presentation) == [out])
        #expect(Self.tags(presentation, "audio") == [out], "every playlist has the same")
        Self.play(&presentation, from: 10_000, seconds: 15)
        _ = presentation.append(Self.cue(.in, at: 24_500))
        let end = "#EXT-X-DATERANGE:ID=\"splice-7-1\",DURATION=12.500000,SCTE35-IN=0xFC300A"
        #expect(Self.tags(presentation) == [out, end])
        // The same event again is another range.
        _ = presentation.append(Self.cue(.out, at: 26_000))
        #expect(Self.tags(presentation).last?.contains("ID=\"splice-7-2\"") == true)
        _ = presentation.append(Self.cue(.command, id: 9, at: 26_000))
        #expect(Self.tags(presentation).last?.contains("SCTE35-CMD=0xFC300A") == true)
    }

    @Test func whatIsSentSeveralTimesIsToldOnce() {
        var presentation = Self.played(10)
        for delay in [Int64(0), 400, 1200] {
            _ = presentation.append(Self.cue(.command, at: 12_000 + delay))
            _ = presentation.append(Self.cue(.in, id: 8, at: 12_000 + delay))
        }
        #expect(Self.tags(presentation).count == 2)
        _ = presentation.append(Self.cue(.command, at: 12_000, section: [0xFC, 0x30, 0x0B]))
        _ = presentation.append(Self.cue(.command, at: 15_000))
        #expect(Self.tags(presentation).count == 4, "another command, and the same again later")
    }

    /// A range that clients know stays; it is as long as the break was.
    @Test func aBreakThatIsTakenBackHasNoLength() {
        var presentation = Self.played(10)
        _ = presentation.append(Self.cue(.out, at: 14_000, for: 30_000))
        _ = presentation.append(Self.cue(.cancelled, at: 11_000, section: [0xFC, 0x30, 0x0B]))
        _ = presentation.append(Self.cue(.cancelled, id: 9, at: 11_000))
        #expect(Self.tags(presentation).count == 2)
        #expect(
            Self.tags(presentation).last
                == "#EXT-X-DATERANGE:ID=\"splice-7-1\",DURATION=0.000000,SCTE35-CMD=0xFC300B")
    }

    @Test func aBreakLongerThanAnyIsRemovedWithoutHavingPromisedToLast() {
        var presentation = Self.played(5)
        _ = presentation.append(Self.cue(.out, at: 6000, for: 4 * 3_600_000 + 1))
        _ = presentation.append(Self.cue(.out, id: 8, at: 6000, for: 4 * 3_600_000))
        let tags = Self.tags(presentation)
        #expect(tags.count == 2 && !tags[0].contains("DURATION") && tags[1].contains("PLANNED-DURATION=14400.0"))
    }

    /// A splice is told several times before it happens.
    @Test func aRepeatedSpliceIsOneRange() {
        var presentation = Self.played(5)
        for _ in 0..<4 { _ = presentation.append(Self.cue(.out, at: 6000, for: 3000)) }
        #expect(Self.tags(presentation).count == 1)
        Self.play(&presentation, from: 5000, seconds: 10)
        _ = presentation.append(Self.cue(.out, at: 16_000, for: 3000))
        #expect(Self.tags(presentation).count == 2, "the event comes again")
    }

    @Test func whereTooManySplicesComeTheNewOnesAreDroppedAndWhatIsListedStays() {
        var presentation = Self.played(5)
        _ = presentation.append(Self.cue(.out, at: 5000))
        var taken = 0
        for id: UInt32 in 100..<1000 where presentation.append(Self.cue(.command, id: id, at: 5000)) { taken += 1 }
        #expect(taken == 255)
        #expect(Self.tags(presentation).count == 256 && Self.tags(presentation)[0].contains("splice-7-1"))
        let version = presentation.version
        let isDropped = !presentation.append(Self.cue(.command, id: 1, at: 5000))
        #expect(isDropped && presentation.version == version)
        let isEnded = presentation.append(Self.cue(.in, at: 6000))
        #expect(isEnded && Self.tags(presentation).count == 257, "the end of a listed break is taken")
        // Clients must still be told which ranges went.
        Self.play(&presentation, from: 5000, seconds: 75)
        #expect(Self.tags(presentation).isEmpty)
        let isStillDropped = !presentation.append(Self.cue(.command, id: 1, at: 80_000))
        #expect(isStillDropped)
        Self.play(&presentation, from: 80_000, seconds: 125)
        let isTaken = presentation.append(Self.cue(.command, id: 1, at: 205_000))
        #expect(isTaken)
    }

    @Test func largeSectionsAreTakenUpToALimit() {
        var presentation = Self.played(5)
        let section = [UInt8](repeating: 0xFC, count: 4096)
        var taken = 0
        for id: UInt32 in 0..<100 where presentation.append(Self.cue(.command, id: id, at: 5000, section: section)) {
            taken += 1
        }
        #expect(taken == 64)
    }

    // MARK: Removing

    @Test func aRangeStaysAsLongAsAnyMomentOfItIsListed() throws {
        var presentation = Self.played(5)
        _ = presentation.append(Self.cue(.out, at: 6000, for: 10_000))
        var removedAt: MediaTime?
        for second in stride(from: Int64(5), to: 120, by: 5) {
            Self.play(&presentation, from: second * 1000, seconds: 5)
            let firsts = presentation.snapshot.renditions.compactMap(\.listed.first?.start)
            let first = try #require(firsts.min())
            #expect(Self.tags(presentation).isEmpty == (first > .milliseconds(16_000)), "\(first)")
            if Self.tags(presentation).isEmpty { removedAt = removedAt ?? presentation.videoWindow?.edge }
        }
        let edge = try #require(presentation.videoWindow?.edge)
        #expect(try edge - #require(removedAt) > .milliseconds(25_000), "or the next lines show nothing")
        #expect(presentation.playlist("video", skip: .segmentsAndDateRanges).contains("REMOVED-DATERANGES=\"\""))
    }

    @Test(arguments: [nil, 26 * 3600_000]) func aBreakThatNobodyEndsIsOverAfterFourHours(length: Int64?) {
        var presentation = Self.played(5)
        _ = presentation.append(Self.cue(.out, at: 6000, for: length))
        presentation.interrupt()
        let end: Int64 = 4 * 3600 + 6
        presentation.passSilence(until: Instant(nanoseconds: (end + 50) * 1_000_000_000))
        #expect(Self.tags(presentation).count == 1, "its last moments are listed")
        presentation.passSilence(until: Instant(nanoseconds: (end + 70) * 1_000_000_000))
        #expect(Self.tags(presentation).isEmpty)
    }

    @Test func theEndOfABreakThatIsNotListedAnyMoreIsARangeOfItsOwn() {
        var presentation = Self.played(5)
        _ = presentation.append(Self.cue(.out, at: 6000, for: 5000))
        Self.play(&presentation, from: 5000, seconds: 100)
        #expect(Self.tags(presentation).isEmpty)
        _ = presentation.append(Self.cue(.in, at: 106_000))
        #expect(Self.tags(presentation).first?.hasPrefix("#EXT-X-DATERANGE:ID=\"splice-7-2\",START-DATE=") == true)
    }

    // MARK: Delta updates

    @Test func aDeltaLeavesOutWhatIsOldAndNamesWhatIsGone() throws {
        var presentation = Self.played(2)
        _ = presentation.append(Self.cue(.command, id: 1, at: 1000))
        Self.play(&presentation, from: 2000, seconds: 50)
        _ = presentation.append(Self.cue(.command, id: 2, at: 52_000))
        let delta = presentation.playlist("video", skip: .segmentsAndDateRanges)
        #expect(!delta.contains("splice-1-1") && delta.contains("splice-2-2"))
        #expect(presentation.playlist("video", skip: .segments).contains("splice-1-1"), "it was not asked to")
        Self.play(&presentation, from: 52_000, seconds: 15)
        let later = presentation.playlist("video", skip: .segmentsAndDateRanges)
        #expect(later.contains("RECENTLY-REMOVED-DATERANGES=\"splice-1-1\"\n"))
        #expect(!presentation.playlist("video").contains("splice-1-1"))
    }

    /// The source leaves for three windows; a client goes on with a delta update every five seconds.
    @Test func rangesLeaveWithTheirMediaDuringASilence() throws {
        var presentation = Self.played(9)
        _ = presentation.append(Self.cue(.command, id: 1, at: 3000))
        _ = presentation.append(Self.cue(.out, id: 2, at: 9000, for: 30_000))
        Self.play(&presentation, from: 9000, seconds: 1)
        presentation.interrupt()
        var client = Self.ids(in: presentation.playlist("video"))
        #expect(client == ["splice-1-1", "splice-2-2"])
        var removedAt: [String: MediaTime] = [:]
        for second in 11...190 {
            presentation.passSilence(until: Instant(nanoseconds: Int64(second) * 1_000_000_000))
            let full = Self.ids(in: presentation.playlist("video"))
            let first = try #require(presentation.snapshot.renditions.compactMap(\.listed.first?.start).min())
            #expect(full.contains("splice-1-1") == (first <= .milliseconds(3000)))
            #expect(full.contains("splice-2-2") == (first <= .milliseconds(39_000)))
            let edge = try #require(presentation.snapshot.renditions.compactMap(\.edge).max())
            for id in ["splice-1-1", "splice-2-2"] where !full.contains(id) && removedAt[id] == nil {
                removedAt[id] = edge
            }
            guard second % 5 == 0 else { continue }
            let delta = presentation.playlist("video", skip: .segmentsAndDateRanges)
            if let told = delta.firstMatch(of: #/RECENTLY-REMOVED-DATERANGES="(.*)"/#)?.1 {
                let removed = Set(told.split(separator: "\t").map(String.init))
                // The Skip Boundary is six target durations.
                #expect(removed == Set(removedAt.filter { edge - $0.value <= .milliseconds(24_000) }.keys))
                client = client.subtracting(removed).union(Self.ids(in: delta))
            } else {
                client = Self.ids(in: delta)
            }
            #expect(client == full)
        }
        #expect(removedAt.count == 2 && client.isEmpty)
    }
}
