import Bytes
import HLSRules
import Testing

/// Each rule of delta updates is broken once, and only that break is found.
@Suite struct DeltaFaultTests {
    static func fault(
        _ description: String, _ rule: Rule, _ plant: @escaping @Sendable (inout DeltaHistory) -> Void
    ) -> Fault {
        Fault(description, rule) {
            var history = DeltaHistory()
            plant(&history)
            return Set(history.violations())
        }
    }

    /// The answers: 0 is the full playlist with 40 parts, 1 the delta update to 41 and 2 the full one of that moment.
    static let faults = [
        fault("a full playlist comes in place of a delta update", .deltaAnswered) { history in
            history.steps[4].text = DeltaHistory.full(parts: 43)
        },
        fault("a delta update comes unasked", .deltaUnasked) { history in
            history.steps[4].reload = .blocking(number: 10, part: 2)
        },
        fault("a delta update comes though none is offered", .deltaUnasked) { history in
            for index in history.steps.indices {
                history.replace(at: index, "\(DeltaHistory.boundary),CAN-SKIP-DATERANGES=YES,", "")
            }
        },
        fault("a segment within the boundary is skipped", .deltaBoundary) { history in
            history.steps[4].text = DeltaHistory.delta(
                of: DeltaHistory.full(parts: 43), 43, .segmentsAndDateRanges, count: 4)
        },
        fault("a segment beyond the boundary is listed", .deltaBoundary) { history in
            history.steps[4].text = DeltaHistory.delta(
                of: DeltaHistory.full(parts: 43), 43, .segmentsAndDateRanges, count: 1)
        },
        fault("the first answer of all is a delta update", .deltaMergeable) { $0.steps.removeFirst() },
        fault("a segment was never seen", .deltaMergeable) {
            $0.replace(at: 1, "SKIPPED-SEGMENTS=3", "SKIPPED-SEGMENTS=30")
        },
        fault("EXT-X-SKIP stands twice", .deltaTags) { history in
            history.replace(
                at: 4, "#EXT-X-SKIP:", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=\"\"\n#EXT-X-SKIP:")
        },
        fault("EXT-X-SKIP stands behind a segment", .deltaTags) { history in
            let skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=\"\"\n"
            history.replace(at: 4, skip, "")
            history.replace(at: 4, "s5.m4s\n", "s5.m4s\n" + skip)
        },
        fault("the version is that of a full playlist", .deltaTags) { $0.replace(at: 4, "VERSION:10", "VERSION:6") },
        fault("removed date ranges are not told", .deltaTags) { history in
            history.replace(at: 4, ",RECENTLY-REMOVED-DATERANGES=\"\"", "")
            history.replace(at: 4, "VERSION:10", "VERSION:9")
            history.steps[4].text += DeltaHistory.range("early", 1) + DeltaHistory.range("late", 10)
        },
        fault("a removed date range is kept secret", .deltaFull) { $0.replace(at: 7, "\"early\"", "\"\"") },
        fault("a new date range is missing", .deltaFull) { history in
            history.replace(at: 7, DeltaHistory.range("new", 18), "")
        },
        fault("only the full playlist has a start", .deltaFull) { history in
            history.replace(at: 8, "#EXT-X-PART-INF", "#EXT-X-START:TIME-OFFSET=-6\n#EXT-X-PART-INF")
        },
    ]

    @Test(arguments: [Observation.Skip.segments, .segmentsAndDateRanges])
    func correctDeltaUpdatesBreakNoRule(skip: Observation.Skip) {
        #expect(DeltaHistory(skip: skip).violations() == [])
    }

    @Test func removedDateRangesAreToldOnlyToWhomAskedForThem() {
        var history = DeltaHistory()
        history.steps[4].reload = .blocking(number: 10, part: 2, skip: .segments)
        #expect(history.violations() == [.deltaTags])
    }

    @Test func whereNothingCanBeSkippedAFullPlaylistIsRight() {
        var history = DeltaHistory()
        for index in history.steps.indices {
            history.replace(at: index, DeltaHistory.boundary, "CAN-SKIP-UNTIL=24.0")
            history.steps[index].text = DeltaHistory.full(parts: history.steps[index].parts)
                .replacing(DeltaHistory.boundary, with: "CAN-SKIP-UNTIL=24.0")
        }
        #expect(history.violations() == [])
    }

    /// The state that skipped segments leave behind is that of the segments after them.
    @Test func aMergedDeltaUpdateIsTheFullPlaylist() throws {
        let media = """
            #EXTM3U
            #EXT-X-VERSION:VERSION
            #EXT-X-TARGETDURATION:2
            #EXT-X-MEDIA-SEQUENCE:7
            #EXT-X-DISCONTINUITY-SEQUENCE:3

            """
        let skipped = """
            #EXT-X-MAP:URI="a.mp4"
            #EXT-X-KEY:METHOD=AES-128,URI="key"
            #EXTINF:2.0,
            #EXT-X-BYTERANGE:100@0
            all.mp4
            #EXT-X-DISCONTINUITY
            #EXT-X-MAP:URI="b.mp4"
            #EXTINF:2.0,
            #EXT-X-BYTERANGE:50
            all.mp4

            """
        let kept = """
            #EXTINF:2.0,
            #EXT-X-BYTERANGE:30
            all.mp4
            #EXT-X-KEY:METHOD=NONE
            #EXTINF:2.0,
            #EXT-X-BYTERANGE:20
            all.mp4

            """
        func read(_ text: String, version: Int, known: MediaPlaylist? = nil) throws -> MediaPlaylist? {
            let text = text.replacing("VERSION:VERSION", with: "VERSION:\(version)")
            let reader = try PlaylistReader(ByteChunk([UInt8](text.utf8)), known: known)
            #expect(reader.faults == [])
            if case .media(let playlist) = reader.playlist { return playlist }
            return nil
        }
        let full = try #require(try read(media + skipped + kept, version: 6))
        let delta = media + "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n" + kept
        var merged = try #require(try read(delta, version: 9, known: full))
        for index in merged.segments.indices { merged.segments[index].line = full.segments[index].line }
        #expect(merged.segments == full.segments)
        #expect(merged.segments.map(\.range?.start) == [0, 100, 150, 180])
        #expect(merged.segments.map(\.isEncrypted) == [true, true, true, false])
        let alone = try #require(try read(delta, version: 9))
        #expect(!alone.isWhole && alone.segments.map(\.number) == [9, 10])
    }
}
