import HLSLoadModel

/// Playlists of segments of 2 s in four parts of 0.5 s.
enum Playlists {
    static let url = "http://example.com:8080/live/news/id/video/index.m3u8"

    /// One with `parts` parts published, of which those in `gaps` are missing.
    static func lowLatency(
        parts: Int, gaps: Range<Int> = 0..<0, control: String = "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5",
        isEnded: Bool = false
    ) -> [UInt8] {
        var lines = [
            "#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-TARGETDURATION:2", "#EXT-X-SERVER-CONTROL:\(control)",
            "#EXT-X-PART-INF:PART-TARGET=0.5", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-MAP:URI=\"init1.mp4\"",
        ]
        for segment in 0...((parts - 1) / 4) {
            for part in (segment * 4)..<min(segment * 4 + 4, parts) where part > parts - 12 {
                lines.append("#EXT-X-PART:DURATION=0.5,URI=\"p\(part).m4s\"" + (gaps.contains(part) ? ",GAP=YES" : ""))
            }
            if parts >= segment * 4 + 4 { lines += ["#EXTINF:2.0,", "s\(segment).m4s"] }
        }
        lines.append(isEnded ? "#EXT-X-ENDLIST" : "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p\(parts).m4s\"")
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// One without parts.
    static func segments(_ count: Int, control: String? = nil) -> [UInt8] {
        var lines = ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:5"]
        if let control { lines.append("#EXT-X-SERVER-CONTROL:\(control)") }
        for segment in 0..<count {
            lines += ["#EXTINF:2.0,", "#EXT-X-BYTERANGE:100@\(segment * 100)", "all.ts"]
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// What `bytes` say, as viewers see it.
    static func view(_ bytes: [UInt8]) throws -> MediaView {
        guard let source = PlaylistSource(url: url, variables: [:]) else { throw MalformedResponse.playlist }
        return try source.view(of: bytes.span)
    }

    /// The target of a request.
    static func target(_ resource: Resource) -> String {
        String(String(decoding: resource.request, as: UTF8.self).split(separator: " ")[1])
    }
}
