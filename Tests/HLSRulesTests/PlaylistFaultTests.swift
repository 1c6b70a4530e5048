import HLSRules
import Testing

/// Faults of playlists and of how one follows the other.
@Suite struct PlaylistFaultTests {
    /// Changes the playlist with `parts` parts, and all after it where `forever`.
    static func fault(
        _ description: String, _ rule: Rule, also consequences: Set<Rule> = [], at parts: Int = 18,
        forever: Bool = false, _ change: @escaping @Sendable (String) -> String
    ) -> Fault {
        Fault(description, rule, also: consequences) {
            Set(PlaylistHistory.violations(changed: parts, forever: forever, changing: change))
        }
    }

    static func replacing(_ old: String, _ new: String) -> @Sendable (String) -> String {
        { text in
            guard let range = text.firstRange(of: old) else { return text }
            return text.replacingCharacters(in: range, with: new)
        }
    }

    private static let edits: [Fault] = [
        fault(
            "target duration changes", .targetConstant, also: [.holdBack, .partListed],
            replacing("TARGETDURATION:2", "TARGETDURATION:3")),
        fault("part target changes", .partTargetConstant, replacing("PART-TARGET=0.535", "PART-TARGET=0.52")),
        fault("hold-back changes", .serverControlConstant, replacing("HOLD-BACK=6.0", "HOLD-BACK=7.0")),
        fault("a part is too long", .partMaximum, forever: true, replacing("0.500000,URI=\"p17", "0.600000,URI=\"p17")),
        fault(
            "a part is too short", .partMinimum, at: 17, forever: true,
            replacing("0.500000,URI=\"p16.m4s\",INDEPENDENT=YES", "0.300000,URI=\"p16.m4s\"")),
        fault(
            "a segment is too long", .targetRespected, also: [.dateMapping], at: 16, forever: true,
            replacing("#EXTINF:2.000000,\ns3", "#EXTINF:3.000000,\ns3")),
        fault("the first line is missing", .playlistHeader, also: [.partCadence], replacing("#EXTM3U\n", "")),
        fault("a tag comes twice", .tagUnique, replacing("#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6")),
        fault("white space strays", .playlistWhitespace, replacing("#EXT-X-VERSION:6", "#EXT-X-VERSION:6 ")),
        fault("a number is in exponent form", .decimal) { $0 + "#EXT-X-START:TIME-OFFSET=6e0\n" },
        fault("an attribute comes twice", .attributeUnique) { $0 + "#EXT-X-START:TIME-OFFSET=6,TIME-OFFSET=6\n" },
        fault("the version is too low", .version, replacing("VERSION:6", "VERSION:3")),
        fault("the version is too high", .versionExcess, replacing("VERSION:6", "VERSION:9")),
        fault(
            "the media sequence jumps back and forth", .mediaSequence, also: [.segmentIdentity],
            replacing("SEQUENCE:0", "SEQUENCE:7")),
        fault(
            "the discontinuity sequence is not told", .discontinuitySequencePresent,
            replacing("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "")),
        fault("a segment has another name", .segmentIdentity, replacing("\ns1.m4s", "\nother.m4s")),
        fault(
            "the date is missing", .datePresent, at: 17, forever: true,
            replacing("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:08.000Z\n", "")),
        fault(
            "the date has no milliseconds", .datePrecision, at: 17, forever: true,
            replacing("00:00:08.000Z", "00:00:08Z")),
        fault("the date goes back", .dateForward, at: 17, forever: true, replacing("00:00:08.000Z", "00:00:01.000Z")),
        fault("the hint is missing", .hintPresent, replacing("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p18.m4s\"\n", "")),
        fault("the hint names another part", .hintNext, replacing("URI=\"p18.m4s\"\n", "URI=\"p99.m4s\"\n")),
        fault(
            "blocking reload is withdrawn", .blockReloadOffered, at: 13, forever: true,
            replacing("CAN-BLOCK-RELOAD=YES,", "")),
    ]

    /// Leaves out the first segments.
    static func dropping(_ count: Int, _ text: String) -> String {
        let tag = "#EXT-X-PROGRAM-DATE-TIME"
        let pieces = text.replacing("MEDIA-SEQUENCE:0", with: "MEDIA-SEQUENCE:\(count)").split(separator: tag)
        return (pieces.prefix(1) + pieces.dropFirst(1 + count)).joined(separator: tag)
    }

    private static let syntax: [Fault] = [
        fault("a byte order mark comes first", .playlistEncoding) { "\u{FEFF}" + $0 },
        fault("a tag has a value too many", .tagSyntax) { $0 + "#EXT-X-INDEPENDENT-SEGMENTS:YES\n" },
        fault("a tag's number is none", .tagSyntax) { $0 + "#EXT-X-BITRATE:fast\n" },
        fault("the media sequence is told at the end", .tagOrder) { text in
            let tag = "#EXT-X-MEDIA-SEQUENCE:0\n"
            return text.replacing(tag, with: "") + tag
        },
        fault("the last segment has no URI", .tagRequired) { $0 + "#EXTINF:2.000000,\n" },
        fault("an attribute has no value", .attributeSyntax) { $0 + "#EXT-X-START:TIME-OFFSET\n" },
        fault("a string has no quotes", .attributeSyntax) { $0 + "#EXT-X-DATERANGE:ID=one\n" },
        fault("an enumerated word is none of those", .attributeSyntax) {
            $0 + "#EXT-X-PRELOAD-HINT:TYPE=SEGMENT,URI=\"s5.m4s\"\n"
        },
        fault("a date range has no ID", .attributeRequired) {
            $0 + "#EXT-X-DATERANGE:START-DATE=\"2026-11-21T00:00:08.000Z\"\n"
        },
    ]

    private static let control: [Fault] = [
        fault(
            "hold-back is too short", .holdBack, at: 13, forever: true, replacing(",HOLD-BACK=6.0", ",HOLD-BACK=4.0")),
        fault(
            "the parts' hold-back is too short", .partHoldBack, at: 13, forever: true,
            replacing("PART-HOLD-BACK=1.605", "PART-HOLD-BACK=1.0")),
        fault(
            "the Skip Boundary is too near", .skipBoundary, at: 13, forever: true,
            replacing("CAN-BLOCK-RELOAD=YES,", "CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6.0,")),
        fault("it starts at the live edge", .startOffset) { $0 + "#EXT-X-START:TIME-OFFSET=-2.0\n" },
        Fault("a blocking reload is refused", .blockAnswered, also: [.partCadence]) {
            Set(PlaylistHistory.violations(status: 503))
        },
    ]

    private static let parts: [Fault] = [
        fault("parts go too early", .partListed) { text in
            text.replacing(#/#EXT-X-PART:.*"p([4-9]|1[01])\.m4s".*\n/#, with: "")
        },
        fault("parts come again", .partRemoved, at: 22) { text in
            let parts = (0..<4).map { "#EXT-X-PART:DURATION=0.500000,URI=\"p\($0).m4s\",INDEPENDENT=YES\n" }
            return text.replacing("#EXTINF:2.000000,\ns0.", with: parts.joined() + "#EXTINF:2.000000,\ns0.")
        },
        fault("the hint comes twice", .hintUnique) { $0 + "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p18.m4s\"\n" },
        fault("the hint is withdrawn", .hintPublished, also: [.blockPart, .hintNext, .partCadence]) { _ in
            PlaylistHistory.playlist(parts: 17).replacing("URI=\"p17.m4s\"", with: "URI=\"other.m4s\"")
        },
        fault("a hint comes with the end", .hintAfterEnd, also: [.endedLifetime], at: 22) { $0 + "#EXT-X-ENDLIST\n" },
        Fault("a hinted part is not found", .hintWaits) { Set(PlaylistHistory.violations(refusedHint: 17)) },
        Fault("a part comes late", .partCadence) { Set(PlaylistHistory.violations(delay: 1)) },
        Fault("a segment comes late", .segmentCadence, also: [.partCadence]) {
            Set(PlaylistHistory.violations(delay: 2))
        },
    ]

    private static let transitions: [Fault] = [
        fault("the window is too short", .windowMinimum, at: 20, forever: true) { dropping(3, $0) },
        fault("an event forgets", .playlistType, forever: true) { text in
            dropping(1, text).replacing("#EXT-X-MEDIA-SEQ", with: "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQ")
        },
        fault(
            "the discontinuity sequence goes up and down", .discontinuitySequence,
            replacing("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:3")),
        fault("a segment's duration changes", .playlistEdits, replacing(":2.000000,\ns1.", ":2.100000,\ns1.")),
        fault("an old playlist comes", .playlistFresh, also: [.partCadence]) { _ in
            PlaylistHistory.playlist(parts: 16)
        },
    ]

    static let faults = edits + syntax + control + parts + transitions

    @Test func aCorrectHistoryBreaksNoRule() {
        #expect(PlaylistHistory.violations() == [])
    }

    @Test func aHintedPartMayBeNotFoundWhenItTurnsOutToBeMissingMedia() {
        let gap = Self.replacing("URI=\"p17.m4s\",INDEPENDENT=YES", "URI=\"p17.m4s\",GAP=YES")
        #expect(PlaylistHistory.violations(refusedHint: 17, forever: true, changing: gap) == [])
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
