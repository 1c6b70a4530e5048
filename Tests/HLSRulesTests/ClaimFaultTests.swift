import Bytes
import HLSRules
import Testing

/// What a multivariant playlist says when it is read again is compared with what has come since it was read first.
@Suite struct ClaimFaultTests {
    /// Four segments of two seconds, of which the last ones have another initialization than the first ones. The multivariant
    /// playlist is read at 0 s, and says SDR; the media playlist is complete at 1 s.
    struct Change: Sendable {
        /// The transfer characteristics.
        var from: UInt8 = 1
        var to: UInt8? = 16
        /// The first segment of the other kind.
        var segment = 3
        /// A tag that the media playlist has, too.
        var tag = ""
        var isIFrames = false
    }

    /// The multivariant playlist as it is read again: what its variants say, and when it is asked for.
    struct Reading: Sendable {
        var ranges: [String]
        var sentAt = 1.5
        var age: String?

        init(_ ranges: String..., at sentAt: Double = 1.5, age: String? = nil) {
            self.ranges = ranges
            self.sentAt = sentAt
            self.age = age
        }
    }

    private static func multivariant(_ ranges: [String], isIFrames: Bool) -> String {
        let variants = ranges.map { range in
            let attributes =
                "BANDWIDTH=20000,CODECS=\"avc1.64001f\",RESOLUTION=1280x720"
                + (range.isEmpty ? "" : ",VIDEO-RANGE=\(range)")
            return isIFrames
                ? "#EXT-X-I-FRAME-STREAM-INF:\(attributes),URI=\"id/video/index.m3u8\"\n"
                : "#EXT-X-STREAM-INF:\(attributes),FRAME-RATE=10.000\nid/video/index.m3u8\n"
        }
        let sound = "#EXT-X-STREAM-INF:BANDWIDTH=9000,CODECS=\"mp4a.40.2\"\nid/audio/index.m3u8\n"
        return "#EXTM3U\n\(variants.joined())\(isIFrames ? sound : "")"
    }

    /// What breaks when the multivariant playlist is read again.
    static func violations(_ change: Change = Change(), _ readings: Reading...) -> [Set<Rule>] {
        var history = PresentationHistory()
        func observe(
            _ kind: Observation.Kind, _ url: String, _ body: [UInt8], from sentAt: Double, age: String? = nil
        ) -> Set<Rule> {
            var headers = [
                (name: "content-type", value: url.hasSuffix("mp4") ? "video/mp4" : "application/vnd.apple.mpegurl"),
                (name: "access-control-allow-origin", value: "*"), (name: "cache-control", value: "max-age=2"),
                (name: "content-length", value: "\(body.count)"),
            ]
            if let age { headers += [(name: "via", value: "1.1 edge"), (name: "age", value: age)] }
            let observation = Observation(
                kind, url: url, sentAt: sentAt, arrivedAt: sentAt + 0.1, status: 200, headers: headers,
                body: ByteChunk(body))
            return Set(history.observe(observation).map(\.rule))
        }
        func read(_ reading: Reading) -> Set<Rule> {
            let text = multivariant(reading.ranges, isIFrames: change.isIFrames)
            return observe(
                .multivariant, MediaHistory.root + "index.m3u8", Array(text.utf8), from: reading.sentAt,
                age: reading.age)
        }
        _ = read(Reading("SDR", at: 0))
        let date = "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:0\(2 * change.segment).000Z"
        let playlist = PlaylistHistory.playlist(parts: 16)
            .replacing(date, with: "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init2.mp4\"\n\(date)")
        _ = observe(
            .playlist(.plain), MediaHistory.video + "index.m3u8", Array((playlist + change.tag).utf8), from: 0.9)
        let header = MediaHistory().bodies[MediaHistory.video + "init1.mp4"] ?? []
        for (name, transfer) in [("init1.mp4", change.from), ("init2.mp4", change.to)] {
            guard let transfer else { continue }
            _ = observe(
                .initialization, MediaHistory.video + name, header.changing("nclx", at: 3) { _ in transfer }, from: 1)
        }
        return readings.map(read)
    }

    private static let broken: Set<Rule> = [.streamVideoRange]

    private static let widest: [(from: UInt8, to: UInt8, range: String)] = [
        (1, 16, "PQ"), (1, 18, "HLG"), (1, 1, ""), (18, 16, "PQ"), (1, 2, "SDR"), (2, 16, "PQ"),
    ]

    @Test(arguments: widest) func theWidestOfWhatIsListedIsNamed(from: UInt8, to: UInt8, range: String) {
        #expect(Self.violations(Change(from: from, to: to), Reading(range)) == [[]])
    }

    @Test(arguments: ["SDR", "", "HLG"]) func aNarrowerOneIsNotEnough(range: String) {
        #expect(Self.violations(Change(), Reading(range)) == [Self.broken])
        #expect(Self.violations(Change(isIFrames: true), Reading(range)) == [Self.broken])
        #expect(Self.violations(Change(), Reading("PQ", range), Reading("PQ")) == [Self.broken, []])
        // Nobody knows what comes.
        #expect(Self.violations(Change(to: nil), Reading(range)) == [[]])
    }

    /// §6.2.2: three target durations follow what is removed; here two segments.
    @Test func whatMayHaveLeftThePlaylistDoesNotCount() {
        let change = Change(from: 16, to: 1)
        #expect(Self.violations(change, Reading("SDR"), Reading("SDR", at: 2.7)) == [Self.broken, Self.broken])
        #expect(Self.violations(change, Reading("SDR", at: 2.9)) == [[]])
        #expect(Self.violations(Change(from: 16, to: 1, segment: 2), Reading("SDR")) == [[]])
    }

    @Test(arguments: ["#EXT-X-ENDLIST\n", "#EXT-X-PLAYLIST-TYPE:EVENT\n"])
    func fromAPlaylistThatIsNotShortenedNothingLeaves(tag: String) {
        let change = Change(from: 16, to: 1, segment: 1, tag: tag)
        #expect(Self.violations(change, Reading("SDR", at: 60)) == [Self.broken])
    }

    @Test func whatWasListedLaterDoesNotCount() {
        #expect(Self.violations(Change(), Reading("SDR", at: 0.95)) == [[]])
        #expect(Self.violations(Change(), Reading("SDR", at: 1.85, age: "0")) == [[]])
        #expect(Self.violations(Change(), Reading("SDR", at: 1.95, age: "0")) == [Self.broken])
        #expect(Self.violations(Change(), Reading("SDR", at: 2.5, age: "1")) == [[]])
    }

    /// Initializations of SDR, and a playlist that says more for longer than three target durations.
    @Test func aWiderRangeIsThatOfWhatComesNext() {
        let change = Change(to: 1)
        let late = Reading("PQ", at: 7.7)
        #expect(Self.violations(change, Reading("PQ"), Reading("PQ", at: 7.5), late) == [[], [], Self.broken])
        #expect(Self.violations(change, Reading("PQ"), Reading("SDR", at: 3), late) == [[], [], []])
        #expect(Self.violations(change, Reading("PQ", ""), late) == [[], Self.broken])
        #expect(Self.violations(change, Reading("HLG"), late) == [[], []])
        #expect(Self.violations(Change(to: 18), Reading("PQ"), late) == [[], Self.broken])
        for other: UInt8? in [16, nil, 2] {
            #expect(Self.violations(Change(to: other), Reading("PQ"), late) == [[], []], "\(other ?? 0)")
        }
    }

    static let faults = [
        Fault("a wide range that came later is not named", .streamVideoRange) {
            violations(Change(), Reading("SDR")).reduce([]) { $0.union($1) }
        },
        Fault("a wide range that never comes is named", .streamVideoRange) {
            violations(Change(to: 1), Reading("PQ"), Reading("PQ", at: 9)).reduce([]) { $0.union($1) }
        },
    ]
}
