import HLSRules

/// An I-frame of the video rendition, and how a request for it is answered.
struct IFrame {
    var segment: String
    var range: MediaPlaylist.ByteRange
    var bytes: [UInt8]
    var status = 206
    var contentRange: String
}

extension MediaHistory {
    static let iFramePlaylist = root + "id/iframes/index.m3u8"
    static let iFrameTag =
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9000,CODECS=\"avc1.64001f\",RESOLUTION=1280x720,URI=\"id/iframes/index.m3u8\""

    /// A presentation that also has a playlist of its I-frames: the first frame of each part.
    static func withIFrames() -> MediaHistory {
        var history = MediaHistory()
        let multivariant = String(decoding: history.bodies[root + "index.m3u8"] ?? [], as: UTF8.self)
        history.bodies[root + "index.m3u8"] = Array((multivariant + iFrameTag + "\n").utf8)
        var lines = [
            "#EXTM3U", "#EXT-X-VERSION:5", "#EXT-X-TARGETDURATION:2",
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.0,PART-HOLD-BACK=1.605",
            "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-DISCONTINUITY-SEQUENCE:0", "#EXT-X-I-FRAMES-ONLY",
            "#EXT-X-MAP:URI=\"../video/init1.mp4\"",
        ]
        var start = 0
        for part in 0..<16 {
            if part % 4 == 0 { start = 0 }
            let chunk = history.bodies[video + "p\(part).m4s"] ?? []
            // Five samples of six bytes each, of which the first is the I-frame.
            let range = MediaPlaylist.ByteRange(start: start, length: chunk.count - 24)
            lines += [
                "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:0\(part / 2).\(part % 2 * 5)00Z",
                "#EXTINF:0.500000,", "#EXT-X-BYTERANGE:\(range.length)@\(range.start)", "../video/s\(part / 4).m4s",
            ]
            let end = range.start + range.length - 1
            history.iFrames.append(
                IFrame(
                    segment: "s\(part / 4).m4s", range: range, bytes: Array(chunk.prefix(range.length)),
                    contentRange: "bytes \(start)-\(end)/\(chunk.count * 4)"))
            start += chunk.count
        }
        history.bodies[iFramePlaylist] = Array((lines.joined(separator: "\n") + "\n").utf8)
        return history
    }
}
