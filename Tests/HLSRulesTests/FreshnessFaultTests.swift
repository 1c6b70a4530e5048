import Bytes
import HLSRules
import Testing

/// What comes out of a cache is fresh, and says how old it is (RFC 9111 §4.2, §5.1).
@Suite struct FreshnessFaultTests {
    /// What an answer of a cache breaks that says so.
    private static func violations(
        _ control: String?, age: [String] = [], via: Bool = true, url: String = MediaHistory.video + "index.m3u8",
        status: Int = 200
    ) -> Set<Rule> {
        var history = PresentationHistory()
        let isPlaylist = url.hasSuffix(".m3u8")
        let body = isPlaylist ? Array(PlaylistHistory.playlist(parts: 16).utf8) : MediaHistory().bodies[url] ?? []
        var headers = [
            (name: "content-type", value: isPlaylist ? "application/vnd.apple.mpegurl" : "video/mp4"),
            (name: "access-control-allow-origin", value: "*"), (name: "content-length", value: "\(body.count)"),
        ]
        if let control { headers.append((name: "cache-control", value: control)) }
        if via { headers.append((name: "via", value: "1.1 edge")) }
        headers += age.map { (name: "age", value: $0) }
        let observation = Observation(
            isPlaylist ? .playlist(.plain) : .segment, url: url, sentAt: 8.5, arrivedAt: 8.6, status: status,
            headers: headers, body: ByteChunk(body))
        return Set(history.observe(observation).map(\.rule))
    }

    /// Cache-Control and the greatest Age with it.
    private static let limits: [(control: String, age: Int)] = [
        ("no-store", 0), ("no-cache", 0), ("max-age=0", 0), ("max-age=x", 0), ("max-age=9, no-cache", 0),
        ("max-age=9, No-Store", 0), ("max-age", 0), ("max-age=-9", 0), ("max-age=+9", 0),
        // Clocks of whole seconds: one more is not sure to be too much.
        ("max-age=2", 3), ("public, Max-Age=\"2\"", 3), ("max-age=2, no-cache=\"set-cookie\"", 3),
        ("max-age=9, s-maxage=2", 3), ("s-maxage=9, max-age=2", 10), ("max-age=2, max-age=9", 3),
        ("max-age=2, stale-while-revalidate=5", 8), ("max-age=2, stale-if-error=7", 10),
        ("max-age=2, stale-if-error=7, stale-while-revalidate=5", 10), ("max-age=0, stale-while-revalidate=5", 6),
        ("max-age=2, stale-while-revalidate=5, must-revalidate", 3),
        ("max-age=2, stale-while-revalidate=5, proxy-revalidate", 3), ("no-cache, stale-while-revalidate=5", 0),
    ]

    @Test(arguments: limits) func anAgeIsNoMoreThanCacheControlPermits(control: String, age: Int) {
        #expect(Self.violations(control, age: ["\(age)"]) == [])
        #expect(Self.violations(control, age: ["\(age + 1)"]) == [.freshness])
    }

    @Test func whereNoTimeIsSaidTheCacheDecides() {
        #expect(Self.violations("public", age: ["86400"]) == [])
        #expect(Self.violations(nil, age: ["86400"]) == [.cacheControl])
    }

    @Test func mediaAndErrorsAreNoOlderEither() {
        for (age, broken) in zip(["3", "4"], [[], [.freshness]] as [Set<Rule>]) {
            #expect(Self.violations("max-age=2", age: [age], url: MediaHistory.video + "s2.m4s") == broken)
            let refused = Self.violations("max-age=2", age: [age], status: 404)
            #expect(refused == broken.union([.served]))
        }
    }

    @Test func withoutACacheItIsTheAgeItselfThatIsWrong() {
        #expect(Self.violations("max-age=2", age: ["9"], via: false) == [.age])
    }

    /// §1.2.2: a number that is too great for anybody is a great one.
    @Test(arguments: ["2147483649", "9223372036854775807", "9223372036854775808", String(repeating: "9", count: 60)])
    func aGreatNumberIsOne(text: String) {
        #expect(Self.violations("max-age=2", age: [text]) == [.freshness])
        #expect(Self.violations("max-age=2", age: ["000\(text)"]) == [.freshness])
        // Nobody keeps a live playlist for so long.
        #expect(Self.violations("max-age=\(text)", age: [text]) == [.cacheControl])
        #expect(Self.violations("max-age=\(text), stale-while-revalidate=\(text)", age: [text]) == [.cacheControl])
    }

    private static let malformed: [[String]] = [
        ["inf"], ["nan"], ["1e3"], ["-1"], ["+1"], ["0x10"], ["1.0"], [""], ["1 0"], ["٣"], ["1", "1"], ["1, 1"],
        ["x, 1"],
    ]

    @Test(arguments: malformed) func anAgeIsOneWholeNumberOfSeconds(age: [String]) {
        #expect(Self.violations("max-age=2", age: age) == [.freshness])
    }

    @Test(arguments: ["0", "1", "002", " 1\t"]) func digitsAreAnAge(age: String) {
        #expect(Self.violations("max-age=2", age: [age]) == [])
    }

    /// A playlist with 16 parts was complete at 8 s. One with 14 comes two seconds later out of a cache.
    private static func older(_ age: [String]) -> Set<Rule> {
        var history = PresentationHistory()
        func observe(parts: Int, at time: Double, _ more: [(name: String, value: String)]) -> Set<Rule> {
            let headers = PlaylistHistory.headers.map { (name: $0.0, value: $0.1) } + more
            return Set(
                history.observe(
                    Observation(
                        .playlist(.plain), url: PlaylistHistory.url, sentAt: time - 0.1, arrivedAt: time, status: 200,
                        headers: headers, body: ByteChunk([UInt8](PlaylistHistory.playlist(parts: parts).utf8)))
                ).map(\.rule))
        }
        _ = observe(parts: 16, at: 8, [])
        return observe(parts: 14, at: 10.6, [(name: "via", value: "1.1 edge")] + age.map { (name: "age", value: $0) })
    }

    /// §5.1: what is no number excuses nothing, and of several the first one counts.
    @Test func whatIsNoAgeIsIgnored() {
        #expect(Self.older(["2"]) == [])
        for age in [["inf"], ["1e3"], ["0x10"], ["-9"], ["x, 2"], ["0", "2"]] {
            #expect(Self.older(age) == [.freshness, .playlistFresh], "\(age)")
        }
        #expect(Self.older(["2, 0"]) == [.freshness])
    }

    static let faults = [
        Fault("a cache sends a playlist that is stale", .freshness) { violations("max-age=2", age: ["100"]) },
        Fault("a cache sends media that are stale", .freshness) {
            violations("max-age=60", age: ["62"], url: MediaHistory.video + "s2.m4s")
        },
        Fault("a cache has kept what it may not", .freshness) { violations("no-store", age: ["1"]) },
        Fault("a cache says an age that is none", .freshness) { violations("max-age=2", age: ["inf"]) },
    ]
}
