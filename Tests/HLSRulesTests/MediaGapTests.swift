import HLSRules
import ISOBMFF
import Testing

/// Where parts say GAP=YES, the media of their segment have no samples for that time, and just for that (§4.4.4.9).
@Suite struct MediaGapTests {
    /// The correct history, in which video lacks some parts. Decode times of parts from `moved` on are `ticks` later.
    static func history(
        gaps: [Int], listed: [Int]? = nil, moved: Int = 16, by ticks: Int = 0, seconds: String = "0.500000"
    ) -> MediaHistory {
        var history = MediaHistory()
        let playlist = MediaHistory.video + "index.m3u8"
        for part in gaps where (listed ?? gaps).contains(part) {
            let tag = "#EXT-X-PART:DURATION=0.500000,URI=\"p\(part).m4s\",INDEPENDENT=YES"
            let gap = "#EXT-X-PART:DURATION=\(seconds),URI=\"p\(part).m4s\",GAP=YES"
            MediaFaultTests.text(playlist, tag, gap)(&history)
        }
        for part in moved..<max(16, moved) {
            history.bodies[MediaHistory.video + "p\(part).m4s"] =
                CMAFChunk.bytes(
                    sequenceNumber: UInt32(part + 1), baseMediaDecodeTime: UInt64(part * 45_000 + ticks),
                    samples: MediaHistory.samples(ofPart: part, isVideo: true)
                ).array
        }
        for part in gaps {
            history.bodies[MediaHistory.video + "p\(part).m4s"] = []
            if (listed ?? gaps).contains(part) { history.statuses[MediaHistory.video + "p\(part).m4s"] = 404 }
        }
        for segment in 0..<4 { history.joinParts(ofSegment: segment) }
        return history
    }

    @Test(arguments: [[8], [9], [9, 10], [11], [11, 12], [8, 10], [8, 9, 11, 12, 15]])
    func timeOfMissingPartsIsNotMissed(gaps: [Int]) {
        #expect(Self.history(gaps: gaps).violations() == [])
    }

    @Test(arguments: [[9, 10], [11, 12]]) func aDurationMayBeWrittenWithFiveDecimals(gaps: [Int]) {
        // 45,000 ticks are 0.5 s; written a little shorter, a tick for each is what is left over.
        #expect(Self.history(gaps: gaps, seconds: "0.49999").violations() == [])
    }

    @Test func theHoleIsAsLongAsTheGap() {
        for gaps in [[8], [9], [11]] {
            let next = gaps[0] == 11 ? 12 : gaps[0] + 1
            let found = Self.history(gaps: gaps, moved: next, by: 2).violations()
            #expect(found.subtracting([.dateMapping, .dateShared]) == [.continuity], "\(gaps)")
        }
    }

    @Test(arguments: ["p", "s"]) func partsAndSegmentsAreJudgedByThemselves(kind: String) {
        var history = Self.history(gaps: [9])
        for (url, body) in Self.history(gaps: [9], moved: 10, by: 3).bodies
        where url.hasPrefix(MediaHistory.video + kind) {
            history.bodies[url] = body
        }
        let found = history.violations().subtracting([.dateMapping, .dateShared])
        #expect(found == [.continuity, .partConcatenation])
    }

    @Test func whatNoPartTellsIsNoGap() {
        #expect(Self.history(gaps: [10], listed: []).violations().isSuperset(of: [.continuity, .segmentDuration]))
        let found = Self.history(gaps: [9, 14], listed: [14]).violations()
        #expect(found.isSuperset(of: [.continuity, .segmentDuration]))
    }

    @Test func aGapIsWhereItIsSaidToBe() {
        let found = Self.history(gaps: [9], moved: 10, by: -45_000).violations()
        #expect(found.subtracting([.dateMapping, .dateShared, .segmentsAligned]) == [.continuity])
    }

    /// What was measured must not go by with what is missing: it is looked at all the same.
    @Test func theMediaBesideAGapAreJudged() {
        var history = Self.history(gaps: [10])
        MediaFaultTests.video("s2.m4s") { $0.dropLast() + [99] }(&history)
        #expect(history.violations() == [.partConcatenation])
        history = Self.history(gaps: [10])
        MediaFaultTests.text(MediaFaultTests.playlist, "#EXTINF:2.000000,\ns2", "#EXTINF:1.500000,\ns2")(&history)
        #expect(history.violations() == [.segmentDuration, .dateMapping])
    }

    @Test func aGapMayClaimAnyLength() {
        let found = Self.history(gaps: [9], seconds: "999999999999999").violations()
        #expect(found.isSuperset(of: [.continuity, .segmentDuration, .partMaximum]))
    }
}
