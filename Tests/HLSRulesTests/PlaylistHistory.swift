import Bytes
import HLSRules

/// A correct row of low-latency playlists, in which one thing can be changed.
struct PlaylistHistory {
    static let url = "http://example.com/live/news/id/audio/index.m3u8"
    static let headers = [
        ("content-type", "application/vnd.apple.mpegurl"), ("access-control-allow-origin", "*"),
        ("cache-control", "max-age=2"), ("date", "Sat, 21 Nov 2026 00:00:00 GMT"),
    ]

    /// Segments of 2 s in four parts of 0.5 s. `parts` have been published in all.
    static func playlist(parts: Int, firstSegment: Int = 0) -> String {
        var lines = [
            "#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2",
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.0,PART-HOLD-BACK=1.605",
            "#EXT-X-PART-INF:PART-TARGET=0.535", "#EXT-X-MEDIA-SEQUENCE:\(firstSegment)",
            "#EXT-X-DISCONTINUITY-SEQUENCE:0", "#EXT-X-MAP:URI=\"init1.mp4\"",
        ]
        for segment in firstSegment...((parts - 1) / 4) {
            let seconds = segment * 2
            let time = "\(seconds / 60 < 10 ? "0" : "")\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
            lines.append("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:\(time).000Z")
            // Parts stay listed for three target durations.
            let isRecent = min(segment * 4 + 4, parts) > parts - 12
            for part in (segment * 4)..<min(segment * 4 + 4, parts) where isRecent {
                lines.append("#EXT-X-PART:DURATION=0.500000,URI=\"p\(part).m4s\",INDEPENDENT=YES")
            }
            if parts >= segment * 4 + 4 { lines += ["#EXTINF:2.000000,", "s\(segment).m4s"] }
        }
        lines.append("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p\(parts).m4s\"")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The playlist with 13 to 22 parts, as a client sees them one after the other; the body of the one with `changed`
    /// parts, and of all after it where `forever`, goes through `change`. A request for the hinted part `refusedHint` is
    /// answered with 404 before the playlist that lists it comes. The playlist with `changed`
    /// parts and all after it come `delay` seconds late.
    static func violations(
        refusedHint: Int? = nil, status: Int = 200, headers: [(String, String)] = headers, changed: Int = 18,
        forever: Bool = false, delay: Double = 0,
        changing change: (String) -> String = { $0 }
    ) -> [Rule] {
        var history = PresentationHistory()
        var found: [Violation] = []
        for parts in 13...22 {
            var body = playlist(parts: parts)
            let isChanged = parts == changed || (forever && parts > changed)
            if isChanged { body = change(body) }
            let time = Double(parts) * 0.5 + (parts >= changed ? delay : 0)
            if refusedHint == parts - 1 {
                found += history.observe(
                    Observation(
                        .hintedPart, url: url.replacing("index.m3u8", with: "p\(parts - 1).m4s"), sentAt: time - 0.4,
                        arrivedAt: time, status: 404, headers: Self.headers.map { (name: $0.0, value: $0.1) },
                        body: ByteChunk()))
            }
            found += history.observe(
                Observation(
                    .playlist(.blocking(number: (parts - 1) / 4, part: (parts - 1) % 4)), url: url, sentAt: time - 0.4,
                    arrivedAt: time, status: isChanged ? status : 200,
                    headers: (isChanged ? headers : Self.headers).map { (name: $0.0, value: $0.1) },
                    body: ByteChunk([UInt8](body.utf8))))
        }
        var rules: [Rule] = []
        for violation in found where !rules.contains(violation.rule) { rules.append(violation.rule) }
        return rules
    }
}
