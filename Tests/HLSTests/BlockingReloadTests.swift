import HLS
import Testing

/// draft-pantos-hls-rfc8216bis §6.2.5.2
@Suite struct BlockingReloadTests {
    /// Segment 10 is complete with 8 parts; 3 parts of segment 11 are there; parts of 0.535 s, so six may be waited for.
    static let edge = PlaylistEdge(
        lastSegment: 10, lastSegmentParts: 8, openParts: 3, partTarget: 0.535, isEnded: false)

    static let table: [(msn: Int64, part: Int64?, decision: PlaylistEdge.Decision)] = [
        (0, nil, .answer), (10, nil, .answer), (11, nil, .wait), (12, nil, .wait), (13, nil, .tooFarAhead),
        (9, 500, .answer), (10, 7, .answer), (10, 8, .answer), (11, 0, .answer), (11, 2, .answer), (11, 3, .wait),
        (11, 8, .wait), (11, 9, .tooFarAhead), (12, 0, .wait), (12, 4, .wait), (12, 5, .tooFarAhead),
        (13, 0, .tooFarAhead), (Int64.max, 0, .tooFarAhead), (12, Int64.max, .tooFarAhead),
        (11, Int64.max, .tooFarAhead), (10, Int64.max, .answer), (9, Int64.max, .answer),
        (Int64.max, Int64.max, .tooFarAhead),
    ]

    @Test(arguments: table.indices) func theTableHolds(row: Int) {
        let (msn, part, decision) = Self.table[row]
        #expect(Self.edge.decide(AwaitedPosition(mediaSequence: msn, part: part)) == decision, "\(Self.table[row])")
    }

    @Test func aPartBeyondACompleteSegmentIsTheFirstOfTheNext() {
        let edge = PlaylistEdge(lastSegment: 10, lastSegmentParts: 8, openParts: 0, partTarget: 0.535, isEnded: false)
        #expect(edge.decide(AwaitedPosition(mediaSequence: 10, part: 8)) == .wait)
        #expect(edge.decide(AwaitedPosition(mediaSequence: 10, part: 7)) == .answer)
    }

    @Test func anEndedPlaylistAnswersEverything() {
        let edge = PlaylistEdge(lastSegment: 10, lastSegmentParts: 8, openParts: 0, partTarget: 0.535, isEnded: true)
        #expect(edge.decide(AwaitedPosition(mediaSequence: 99, part: 9)) == .answer)
    }

    @Test func directivesAreDecimalIntegers() throws {
        #expect(try DeliveryDirectives.parse(mediaSequence: nil, part: nil, skip: nil) == DeliveryDirectives.none)
        #expect(
            try DeliveryDirectives.parse(mediaSequence: "12", part: "0", skip: "YES")
                == DeliveryDirectives(awaited: AwaitedPosition(mediaSequence: 12, part: 0), skip: .segments))
        #expect(
            try DeliveryDirectives.parse(mediaSequence: nil, part: nil, skip: "v2")
                == DeliveryDirectives(awaited: nil, skip: .segmentsAndDateRanges))
        #expect(try DeliveryDirectives.parse(mediaSequence: nil, part: nil, skip: "v3") == DeliveryDirectives.none)
        #expect(throws: DeliveryDirectives.Fault.partWithoutMediaSequence) {
            try DeliveryDirectives.parse(mediaSequence: nil, part: "1", skip: nil)
        }
        for bad in ["", "-1", "+1", "1.0", "abc", "99999999999999999999"] {
            #expect(throws: DeliveryDirectives.Fault.malformedInteger) {
                try DeliveryDirectives.parse(mediaSequence: bad, part: nil, skip: nil)
            }
        }
    }
}
