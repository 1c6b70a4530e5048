import Bytes
import HLSRules
import Testing

/// A media initialization is hinted before the segment that needs it.
@Suite struct MapHintTests {
    /// The fifth segment needs another initialization, which is hinted as `hinted` once the fourth is complete.
    static func violations(hinted: String) -> [Rule] {
        PlaylistHistory.violations(changed: 16, forever: true) { text in
            let isBefore = !text.contains("00:00:08.000Z")
            let hint = isBefore ? "#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"\(hinted)\"\n" : ""
            return text.replacing(
                "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:08.000Z",
                with:
                    "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init2.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:08.000Z"
            )
                + hint
        }
    }

    static let faults = [
        Fault("the hinted initialization is not the next segment's", .hintMap) {
            Set(violations(hinted: "init1.mp4"))
        },
        Fault("a hinted initialization is not found, and comes", .hintWaits) { violations(refused: "init1.mp4") },
    ]

    @Test func theHintedInitializationIsThatOfTheNextSegment() {
        #expect(Self.violations(hinted: "init2.mp4") == [])
    }

    @Test func aRequestForAWithdrawnHintEnds() {
        #expect(Self.violations(refused: "never.mp4") == [])
    }

    /// The hinted initialization `name` is not found, and then a playlist comes that needs `init1.mp4`.
    static func violations(refused name: String) -> Set<Rule> {
        var history = PresentationHistory()
        var found: Set<Rule> = []
        func observe(_ kind: Observation.Kind, _ url: String, status: Int, body: String) {
            let observation = Observation(
                kind, url: url, sentAt: 0, arrivedAt: 0.1, status: status,
                headers: PlaylistHistory.headers.map { (name: $0.0, value: $0.1) }, body: ByteChunk([UInt8](body.utf8)))
            found.formUnion(history.observe(observation).map(\.rule))
        }
        let folder = PlaylistHistory.url.replacing("index.m3u8", with: "")
        observe(.hintedInitialization, folder + name, status: 404, body: "")
        observe(.playlist(.plain), PlaylistHistory.url, status: 200, body: PlaylistHistory.playlist(parts: 16))
        return found
    }
}
