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

    @Test(arguments: zip(["audio/mp4", "application/mp4", "video/mp4"], [[], [], [Rule.contentType]] as [Set<Rule>]))
    func soundAloneIsNoVideo(type: String, broken: Set<Rule>) {
        let url = MediaHistory.audio + "init1.mp4"
        let body = MediaHistory().bodies[url] ?? []
        let answer = Self.observation(.initialization, url, body: body, fields: ["content-type": type])
        #expect(Self.violations(answer) == broken)
    }

    @Test(
        arguments: zip(
            ["max-age=12", "no-store", "max-age=13", "public, S-MaxAge=600", "max-age=2, immutable"],
            [true, true, false, false, false]))
    func aLivePlaylistIsNotCachedForLong(control: String, isAllowed: Bool) {
        let headers = PlaylistHistory.headers.filter { $0.0 != "cache-control" } + [("cache-control", control)]
        #expect(PlaylistHistory.violations(headers: headers) == (isAllowed ? [] : [.cacheControl]))
    }

    /// An ended playlist stays what it is.
    @Test(
        arguments: zip(
            ["max-age=12", "public, S-MaxAge=600", "max-age=2, immutable", "max-age=11", "no-store", "max-age=x"],
            [true, true, true, false, false, false]))
    func anEndedPlaylistMayBeCachedForLong(control: String, isAllowed: Bool) {
        let headers = PlaylistHistory.headers.filter { $0.0 != "cache-control" } + [("cache-control", control)]
        let ended = PlaylistHistory.violations(headers: headers, changed: 22) {
            $0.replacing(#/#EXT-X-PRELOAD-HINT.*\n/#, with: "#EXT-X-ENDLIST\n")
        }
        #expect(ended == (isAllowed ? [] : [.endedLifetime]))
    }

    /// Appendix B.1: one target duration, which is two seconds here, or four of them where the request blocked.
    @Test(
        arguments: zip(
            [.playlist(.plain), .playlist(.blocking(number: 4, part: 0)), .probe(.malformedNumber), .part]
                as [Observation.Kind], [2, 8, 8, 2]))
    func anErrorIsNotCachedForLong(kind: Observation.Kind, limit: Int) {
        let url = MediaHistory.video + (kind == .part ? "p9.m4s" : "index.m3u8")
        for (seconds, isBroken) in [(limit, false), (limit + 1, true)] {
            let answer = Self.observation(
                kind, url, status: 400, body: [], fields: ["cache-control": "max-age=\(seconds)"])
            #expect(Self.violations(answer).contains(.errorLifetime) == isBroken, "\(seconds)")
        }
    }

    @Test(arguments: zip([0.05, 0.12, 0.6], [[Rule](), [], [.partLineRate]]))
    func aHintedPartIsNotSentWhileItGrows(seconds: Double, broken: [Rule]) {
        let body = [UInt8](repeating: 0, count: 300_000)
        var answer = Self.observation(.hintedPart, MediaHistory.video + "p16.m4s", to: 9, body: body)
        answer.firstByteAt = 9 - seconds
        #expect(Self.violations(answer) == Set(broken))
    }

    @Test(arguments: zip([200, 503, 400, 503], [12.0, 14.5, 8.6, 9]))
    func aSegmentTwoAheadIsWaitedFor(status: Int, arrivedAt: Double) {
        let body = status == 200 ? PlaylistHistory.playlist(parts: 24) : ""
        let answer = Self.observation(
            .probe(.ahead(5)), MediaHistory.video + "index.m3u8", to: arrivedAt, status: status, body: Array(body.utf8))
        #expect(Self.violations(answer).contains(.blockAhead) == (arrivedAt < 10))
    }

    @Test func theSegmentTwoAheadIsInTheAnswer() {
        let answer = Self.observation(
            .probe(.ahead(5)), MediaHistory.video + "index.m3u8",
            body: Array(PlaylistHistory.playlist(parts: 20).utf8))
        #expect(Self.violations(answer) == [.blockSegment])
    }

    /// The fourth segment is complete with four parts: a fifth one would be the first of the next segment.
    @Test(arguments: zip([16, 17], [[Rule.blockPart], []]))
    func onePartBeyondTheLastIsTheFirstOfTheNextSegment(parts: Int, broken: [Rule]) {
        let answer = Self.observation(
            .playlist(.blocking(number: 3, part: 4)), MediaHistory.video + "index.m3u8",
            body: Array(PlaylistHistory.playlist(parts: parts).utf8))
        #expect(Self.violations(answer) == Set(broken))
    }

    @Test(arguments: zip(["identity", "gzip"], [[], [Rule.identityCoding]] as [Set<Rule>]))
    func nothingIsCompressedUnasked(coding: String, broken: Set<Rule>) {
        let answer = Self.observation(
            .probe(.uncompressed), MediaHistory.video + "index.m3u8",
            body: Array(PlaylistHistory.playlist(parts: 16).utf8), fields: ["content-encoding": coding])
        #expect(Self.violations(answer) == broken)
    }

    @Test func aRangeOfASegmentIsJustThat() {
        let url = MediaHistory.video + "s2.m4s"
        let body = MediaHistory().bodies[url] ?? []
        func ask(_ status: Int, _ sent: Range<Int>, told: String) -> Set<Rule> {
            Self.violations(
                Self.observation(
                    .probe(.segmentRange), url, range: .init(start: 8, length: 100), status: status,
                    body: Array(body[sent]), fields: ["content-range": told]))
        }
        let told = "bytes 8-107/\(body.count)"
        #expect(ask(206, 8..<108, told: told) == [])
        #expect(ask(200, 0..<body.count, told: "") == [.range])
        #expect(ask(206, 8..<107, told: told) == [.range])
        #expect(ask(206, 9..<109, told: told) == [.range])
        #expect(ask(206, 8..<108, told: "bytes 9-108/\(body.count)") == [.range])
    }
}
