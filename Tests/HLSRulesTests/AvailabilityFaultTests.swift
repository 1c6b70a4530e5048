import Bytes
import HLSRules
import Testing

/// What left a playlist stays fetchable for a while, with the bytes that it had.
@Suite struct AvailabilityFaultTests {
    static let folder = PlaylistHistory.url.replacing("index.m3u8", with: "")

    /// Sees the parts of the second segment removed, and the first segment, at 10 s; then asks for `name` at the time
    /// `asked`. Every part and segment was fetched before.
    static func violations(_ kind: Observation.Kind, _ name: String, at asked: Double, status: Int, body: String)
        -> Set<Rule>
    {
        var history = PresentationHistory()
        func observe(_ kind: Observation.Kind, _ name: String, at time: Double, status: Int = 200, body: [UInt8])
            -> [Rule]
        {
            let fields = [
                ("access-control-allow-origin", "*"), ("cache-control", "max-age=2"),
                ("content-type", name.hasSuffix("m3u8") ? "application/vnd.apple.mpegurl" : "audio/mp4"),
                ("content-length", "\(body.count)"),
            ]
            return history.observe(
                Observation(
                    kind, url: folder + name, sentAt: time - 0.1, arrivedAt: time, status: status,
                    headers: fields.map { (name: $0.0, value: $0.1) }, body: ByteChunk(body))
            ).map(\.rule)
        }
        func list(_ playlist: String, at time: Double) -> [Rule] {
            observe(.playlist(.plain), "index.m3u8", at: time, body: Array(playlist.utf8))
        }
        _ = list(PlaylistHistory.playlist(parts: 16), at: 8)
        _ = observe(.segment, "s0.m4s", at: 8.2, body: Array("segment".utf8))
        _ = observe(.part, "p4.m4s", at: 8.4, body: Array("part".utf8))
        _ = list(PlaylistHistory.playlist(parts: 20, firstSegment: 1), at: 10)
        return Set(observe(kind, name, at: asked, status: status, body: Array(body.utf8)))
    }

    @Test func whatWasRemovedIsServedAsBefore() {
        #expect(Self.violations(.part, "p4.m4s", at: 11, status: 200, body: "part") == [])
        #expect(Self.violations(.segment, "s0.m4s", at: 11, status: 200, body: "segment") == [])
    }

    static func fault(
        _ description: String, _ rule: Rule, _ kind: Observation.Kind, _ name: String, at asked: Double = 11,
        status: Int = 200, body: String = ""
    ) -> Fault {
        Fault(description, rule) { violations(kind, name, at: asked, status: status, body: body) }
    }

    /// The playlist that listed both last came at 8 s and was 8 s long; the target duration is 2 s.
    static let faults = [
        fault("a part goes before three target durations", .partAvailable, .part, "p4.m4s", at: 13.9, status: 404),
        fault(
            "a segment goes before its duration and that of the playlist", .segmentAvailable, .segment, "s0.m4s",
            at: 17.9, status: 404),
        fault("a part changes", .resourceImmutable, .part, "p4.m4s", body: "tarp"),
        fault("a part grows", .resourceImmutable, .part, "p4.m4s", body: "part and more"),
        fault("a segment changes", .resourceImmutable, .segment, "s0.m4s", body: "tnemges"),
    ]

    @Test func whatWasRemovedMayGoAfterAWhile() {
        #expect(Self.violations(.part, "p4.m4s", at: 14.1, status: 404, body: "") == [])
        #expect(Self.violations(.segment, "s0.m4s", at: 18.1, status: 404, body: "") == [])
    }
}
