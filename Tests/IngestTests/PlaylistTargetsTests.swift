import Testing

@testable import Ingest

/// What playlists lead to.
@Suite struct PlaylistTargetsTests {
    private func leadElsewhere(_ text: String, pieces: Int) -> Bool {
        var targets = PlaylistTargets(at: "http://h/p.m3u8")
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            rest.prefix(pieces).withUnsafeBytes { targets.read($0) }
            rest = rest.dropFirst(pieces)
        }
        targets.read(UnsafeRawBufferPointer(start: nil, count: 0))
        return targets.leadElsewhere
    }

    @Test(
        arguments: [
            ("gopher://h/a.ts", true), ("TCP://h:1", true), ("crypto+http://h/a.ts", true), ("file:a.ts", true),
            ("http://h/a.ts", false), ("HTTPS://h/a.ts", false), ("a/b:c.ts", false), ("2026-11-22T10:00.ts", false),
            ("?a:b", false), ("#EXT-X-KEY:METHOD=NONE", false), (":", false), ("", false),
        ], [1, 7, 4096])
    func onlyHTTPIsHere(target: (String, Bool), pieces: Int) {
        for end in ["", "\n", "\r\n#EXT-X-ENDLIST\r\n", "\r#EXT-X-ENDLIST\r", "\0#EXT-X-ENDLIST\0"] {
            let text = "#EXTM3U\n#EXTINF:2,\nhttp://h/0.ts\n\(target.0)\(end)"
            #expect(leadElsewhere(text, pieces: pieces) == target.1)
            // Anything but a playlist has whatever it likes in it.
            #expect(!leadElsewhere("G" + text, pieces: pieces))
        }
    }

    @Test(arguments: ["#EXTM3U\n", "#EXTM3U\r", "#EXTM3U\0", "G"])
    func aPlaylistMayHaveFourMebibytes(begins: String) {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        var targets = PlaylistTargets(at: "http://h/p.m3u8")
        Array(begins.utf8).withUnsafeBytes { targets.read($0) }
        for _ in 0..<4 {
            #expect(!targets.isTooLarge)
            piece.withUnsafeBytes { targets.read($0) }
        }
        #expect(targets.isTooLarge == begins.hasPrefix("#"), "what is no playlist is as long as it likes")
    }

    /// What is kept of a playlist that many segments or renditions are in.
    private func weight(_ lines: String, count: Int, at address: String = "http://h/p.m3u8") -> Int {
        var targets = PlaylistTargets(at: address)
        Array(("#EXTM3U\n" + String(repeating: lines, count: count)).utf8).withUnsafeBytes { targets.read($0) }
        return targets.weight
    }

    @Test func whatIsKeptOfAPlaylistGrowsWithItsSegmentsAndItsAddress() {
        let one = weight("#EXTINF:2,\na.ts\n", count: 1)
        #expect(weight("#EXTINF:2,\na.ts\n", count: 1000) == 1000 * one)
        #expect(weight("#EXTINF:2,\na.ts\n", count: 1, at: String(repeating: "a", count: 2000)) > one + 1900)
        #expect(weight("#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", count: 10) > 100_000)
        #expect(weight("#EXT-X-MEDIA:TYPE=AUDIO,URI=\"a\"\n", count: 10) > 100_000)
        #expect(weight("#EXT-X-DISCONTINUITY\n\n", count: 1000) == 0)
    }

    @Test func aSourceMayHaveManyPlaylistsButNotWithoutEnd() {
        var memory = PlaylistMemory()
        // A day in segments of two seconds, in eight renditions, again and again.
        let day = weight("#EXTINF:2,\na.ts\n", count: 43_200)
        for _ in 0..<100 { for rendition in 0..<8 { memory.note(day, of: "\(rendition)") } }
        #expect(!memory.isFull)
        memory.note(0, of: "a segment")
        for rendition in 8..<12 { memory.note(day, of: "\(rendition)") }
        #expect(memory.isFull)
    }
}
