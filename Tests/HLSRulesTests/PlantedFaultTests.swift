import HLSRules
import Testing

/// A rule that cannot fail is no rule: each planted fault is found, and nothing is found where there is none.
@Suite struct PlantedFaultTests {
    struct Fault: CustomStringConvertible, Sendable {
        let description: String
        let rule: Rule
        let changed: Int
        let forever: Bool
        let change: @Sendable (String) -> String

        init(
            _ description: String, _ rule: Rule, at changed: Int = 18, forever: Bool = false,
            _ change: @escaping @Sendable (String) -> String
        ) {
            self.description = description
            self.rule = rule
            self.changed = changed
            self.forever = forever
            self.change = change
        }
    }

    static func replacing(_ old: String, _ new: String) -> @Sendable (String) -> String {
        { text in
            guard let range = text.firstRange(of: old) else { return text }
            return text.replacingCharacters(in: range, with: new)
        }
    }

    static let faults: [Fault] = [
        Fault("target duration changes", .targetConstant, replacing("TARGETDURATION:2", "TARGETDURATION:3")),
        Fault("part target changes", .partTargetConstant, replacing("PART-TARGET=0.535", "PART-TARGET=0.6")),
        Fault("hold-back changes", .serverControlConstant, replacing("HOLD-BACK=6.0", "HOLD-BACK=7.0")),
        Fault("a part is too long", .partMaximum, replacing("0.500000,URI=\"p17", "0.600000,URI=\"p17")),
        Fault(
            "a part is too short", .partMinimum, at: 17, forever: true,
            replacing("0.500000,URI=\"p16.m4s\",INDEPENDENT=YES", "0.300000,URI=\"p16.m4s\"")),
        Fault(
            "a segment is too long", .targetRespected, at: 16,
            replacing("#EXTINF:2.000000,\ns3", "#EXTINF:3.000000,\ns3")),
        Fault("the first line is missing", .playlistHeader, replacing("#EXTM3U\n", "")),
        Fault("a tag comes twice", .tagUnique, replacing("#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6")),
        Fault("white space strays", .playlistWhitespace, replacing("#EXT-X-VERSION:6", "#EXT-X-VERSION:6 ")),
        Fault("a number is in exponent form", .decimal, replacing("PART-TARGET=0.535", "PART-TARGET=5.35e-1")),
        Fault("an attribute comes twice", .attributeUnique, replacing("HOLD-BACK=6.0", "HOLD-BACK=6.0,HOLD-BACK=6.0")),
        Fault("the version is too low", .version, replacing("VERSION:6", "VERSION:3")),
        Fault("the version is too high", .versionExcess, replacing("VERSION:6", "VERSION:9")),
        Fault("the media sequence jumps back and forth", .mediaSequence, replacing("SEQUENCE:0", "SEQUENCE:7")),
        Fault(
            "the discontinuity sequence is not told", .discontinuitySequencePresent,
            replacing("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "")),
        Fault("a segment has another name", .segmentIdentity, replacing("\ns1.m4s", "\nother.m4s")),
        Fault(
            "the date is missing", .datePresent, at: 17, forever: true,
            replacing("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:08.000Z\n", "")),
        Fault("the date has no milliseconds", .datePrecision, at: 17, replacing("00:00:08.000Z", "00:00:08Z")),
        Fault("the date goes back", .dateForward, at: 17, replacing("00:00:08.000Z", "00:00:01.000Z")),
        Fault("the hint is missing", .hintPresent, replacing("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p18.m4s\"\n", "")),
        Fault("the hint names another part", .hintNext, replacing("URI=\"p18.m4s\"\n", "URI=\"p99.m4s\"\n")),
        Fault("blocking reload is withdrawn", .blockReloadOffered, replacing("CAN-BLOCK-RELOAD=YES,", "")),
    ]

    @Test func aCorrectHistoryBreaksNoRule() {
        #expect(PlaylistHistory.violations() == [])
    }

    @Test(arguments: faults) func thePlantedFaultIsFound(fault: Fault) {
        let found = PlaylistHistory.violations(
            changed: fault.changed, forever: fault.forever, changing: fault.change)
        #expect(found.contains(fault.rule), "found \(found.map { $0.rawValue })")
    }

    @Test(arguments: [true, false])
    func aHintedPartMayBeNotFoundOnlyWhenItTurnsOutToBeMissingMedia(isGap: Bool) {
        let gap = Self.replacing("URI=\"p17.m4s\",INDEPENDENT=YES", "URI=\"p17.m4s\",GAP=YES")
        let found = PlaylistHistory.violations(refusedHint: 17, forever: true, changing: isGap ? gap : { $0 })
        #expect(found == (isGap ? [] : [.hintWaits]))
    }

    @Test(arguments: ["access-control-allow-origin", "content-type", "cache-control"])
    func aMissingHeaderIsFound(name: String) {
        let headers = PlaylistHistory.headers.filter { $0.0 != name }
        #expect(!PlaylistHistory.violations(headers: headers).isEmpty)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
