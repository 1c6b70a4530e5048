import Bytes
import HLSRules
import Testing

/// Rules of how single answers are delivered are broken once each, and the break is found.
@Suite struct DeliveryFaultTests {
    private static func observation(
        _ kind: Observation.Kind, _ url: String, range: MediaPlaylist.ByteRange? = nil, from sentAt: Double = 8.5,
        to arrivedAt: Double = 8.6, status: Int = 200, body: [UInt8], fields more: [String: String] = [:]
    ) -> Observation {
        var fields = [
            "content-type": url.hasSuffix(".m3u8") ? "application/vnd.apple.mpegurl" : "video/mp4",
            "access-control-allow-origin": "*", "cache-control": "max-age=2", "content-length": "\(body.count)",
        ]
        fields.merge(more) { _, new in new }
        return Observation(
            kind, url: url, range: range, sentAt: sentAt, arrivedAt: arrivedAt, status: status,
            headers: fields.map { (name: $0.key, value: $0.value) }, body: ByteChunk(body))
    }

    /// What `observation` breaks after the playlist and its third segment were seen.
    private static func violations(_ observation: Observation) -> Set<Rule> {
        var history = PresentationHistory()
        let playlist = Array(PlaylistHistory.playlist(parts: 16).utf8)
        let url = MediaHistory.video + "s2.m4s"
        _ = history.observe(
            Self.observation(.playlist(.plain), MediaHistory.video + "index.m3u8", to: 8, body: playlist))
        _ = history.observe(Self.observation(.segment, url, to: 8.2, body: MediaHistory().bodies[url] ?? []))
        return Set(history.observe(observation).map(\.rule))
    }

    /// The initialization of sound, as `type`.
    private static func sound(as type: String) -> Set<Rule> {
        let url = MediaHistory.audio + "init1.mp4"
        let body = MediaHistory().bodies[url] ?? []
        return violations(observation(.initialization, url, body: body, fields: ["content-type": type]))
    }

    @Test(arguments: ["audio/mp4", "application/mp4"]) func soundMayHaveATypeOfItsOwn(type: String) {
        #expect(Self.sound(as: type) == [])
    }

    /// A playlist that goes on, or one that has ended, which may be cached as `control` says.
    private static func cached(_ control: String, isEnded: Bool = false) -> Set<Rule> {
        let headers = PlaylistHistory.headers.filter { $0.0 != "cache-control" } + [("cache-control", control)]
        return Set(
            PlaylistHistory.violations(headers: headers, changed: 22) {
                isEnded ? $0.replacing(#/#EXT-X-PRELOAD-HINT.*\n/#, with: "#EXT-X-ENDLIST\n") : $0
            })
    }

    private static let lastingControls = ["max-age=13", "public, S-MaxAge=600", "max-age=2, immutable"]

    @Test func aPlaylistMayBeCachedWhileItIsNewOrOnceItHasEnded() {
        for control in ["max-age=12", "no-store"] { #expect(Self.cached(control) == []) }
        for control in Self.lastingControls + ["max-age=12"] { #expect(Self.cached(control, isEnded: true) == []) }
    }

    /// An error that may be cached for so long; the target duration is two seconds.
    private static func error(
        _ kind: Observation.Kind, _ file: String = "index.m3u8", cached seconds: Int
    ) -> Set<Rule> {
        violations(
            observation(
                kind, MediaHistory.video + file, status: 400, body: [], fields: ["cache-control": "max-age=\(seconds)"])
        )
    }

    @Test func anErrorMayBeCachedForOneTargetDurationOrOfABlockingRequestForFour() {
        let limits: [(Observation.Kind, String, Int)] = [
            (.playlist(.blocking(number: 4, part: 0)), "index.m3u8", 8), (.probe(.partAlone), "index.m3u8", 8),
            (.playlist(.plain), "index.m3u8", 2), (.part, "p9.m4s", 2),
        ]
        for (kind, file, limit) in limits {
            #expect(!Self.error(kind, file, cached: limit).contains(.errorLifetime), "\(kind)")
            #expect(Self.error(kind, file, cached: limit + 1).contains(.errorLifetime), "\(kind)")
        }
    }

    /// A playlist with 16 parts was complete at 8 s. One with 14 comes later.
    static let olderAnswers: [(seconds: Double, fields: [String: String], broken: Set<Rule>)] = [
        (8.6, [:], [.playlistFresh]), (10.6, ["age": "2"], [.age, .playlistFresh]),
        (8.6, ["via": "1.1 edge"], []), (10.6, ["via": "1.1 edge"], [.playlistFresh]),
        (10.6, ["via": "1.1 edge", "age": "1"], [.playlistFresh]), (10.6, ["via": "1.1 edge", "age": "2"], []),
    ]

    @Test(arguments: olderAnswers)
    func anAnswerIsNoOlderThanItsCacheSays(seconds: Double, fields: [String: String], broken: Set<Rule>) {
        let answer = Self.observation(
            .playlist(.plain), MediaHistory.video + "index.m3u8", from: seconds - 0.1, to: seconds,
            body: Array(PlaylistHistory.playlist(parts: 14).utf8), fields: fields)
        #expect(Self.violations(answer) == broken)
    }

    /// A hinted part whose last byte comes so long after its first.
    private static func hintedPart(over seconds: Double) -> Set<Rule> {
        var answer = observation(
            .hintedPart, MediaHistory.video + "p16.m4s", to: 9, body: [UInt8](repeating: 0, count: 300_000))
        answer.firstByteAt = 9 - seconds
        return violations(answer)
    }

    @Test(arguments: [0.05, 0.12]) func aHintedPartTakesTheTimeOfItsBytes(seconds: Double) {
        #expect(Self.hintedPart(over: seconds) == [])
    }

    /// The fifth segment is in progress: the answer to who asks for the sixth.
    private static func twoAhead(status: Int = 200, arrivedAt: Double, parts: Int = 24) -> Set<Rule> {
        let body = status == 200 ? PlaylistHistory.playlist(parts: parts) : ""
        return violations(
            observation(
                .probe(.ahead(5)), MediaHistory.video + "index.m3u8", to: arrivedAt, status: status,
                body: Array(body.utf8)))
    }

    @Test(arguments: zip([200, 503], [12.0, 14.5])) func aSegmentTwoAheadIsWaitedFor(status: Int, arrivedAt: Double) {
        #expect(!Self.twoAhead(status: status, arrivedAt: arrivedAt).contains(.blockAhead))
    }

    /// The fourth segment is complete with four parts: the answer, with so many parts, to who asks for a fifth one.
    private static func partBeyondTheLast(parts: Int) -> Set<Rule> {
        violations(
            observation(
                .playlist(.blocking(number: 3, part: 4)), MediaHistory.video + "index.m3u8",
                body: Array(PlaylistHistory.playlist(parts: parts).utf8)))
    }

    @Test func onePartBeyondTheLastIsTheFirstOfTheNextSegment() {
        #expect(Self.partBeyondTheLast(parts: 17) == [])
    }

    private static func unasked(coding: String) -> Set<Rule> {
        violations(
            observation(
                .probe(.uncompressed), MediaHistory.video + "index.m3u8",
                body: Array(PlaylistHistory.playlist(parts: 16).utf8), fields: ["content-encoding": coding]))
    }

    @Test func whatIsNotCompressedMaySaySo() {
        #expect(Self.unasked(coding: "identity") == [])
    }

    /// Bytes of a segment that come, with a Content-Range from `told` on, to who asks for a hundred bytes from 8 on.
    private static func range(status: Int = 206, _ sent: Range<Int>, told: Int) -> Set<Rule> {
        let url = MediaHistory.video + "s2.m4s"
        let body = MediaHistory().bodies[url] ?? []
        return violations(
            observation(
                .probe(.segmentRange), url, range: .init(start: 8, length: 100), status: status,
                body: Array(body[sent]), fields: ["content-range": "bytes \(told)-\(told + 99)/\(body.count)"]))
    }

    @Test func aRangeOfASegmentIsJustThat() {
        #expect(Self.range(8..<108, told: 8) == [])
    }

    private static let single = [
        Fault("sound says it is video", .contentType) { sound(as: "video/mp4") },
        Fault("a hinted part is sent as it grows", .partLineRate) { hintedPart(over: 0.6) },
        Fault("who asks two ahead is refused", .blockAhead) { twoAhead(status: 400, arrivedAt: 8.6) },
        Fault("who asks two ahead is sent away early", .blockAhead) { twoAhead(status: 503, arrivedAt: 9) },
        Fault("the segment two ahead is not in the answer", .blockSegment) { twoAhead(arrivedAt: 8.6, parts: 20) },
        Fault("who asks for a part beyond the last does not wait", .blockPart) { partBeyondTheLast(parts: 16) },
        Fault("a playlist is compressed unasked", .identityCoding) { unasked(coding: "gzip") },
        Fault("a refusal may be cached for long", .errorLifetime) {
            error(.probe(.malformedNumber), cached: 9)
        },
        Fault("a whole segment comes for a range", .range) { range(status: 200, 0..<300, told: 8) },
        Fault("a byte of a range is missing", .range) { range(8..<107, told: 8) },
        Fault("another range comes", .range) { range(9..<109, told: 8) },
        Fault("another range is told", .range) { range(8..<108, told: 9) },
    ]

    static let faults =
        single
        + lastingControls.map { control in
            Fault("a playlist may be cached: \(control)", .cacheControl) { cached(control) }
        }
        + ["max-age=11", "no-store", "max-age=x"].map { control in
            Fault("an ended playlist may be cached: \(control)", .endedLifetime) { cached(control, isEnded: true) }
        }
}
