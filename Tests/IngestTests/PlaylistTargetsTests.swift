import Testing

@testable import Ingest

/// What playlists lead to.
@Suite struct PlaylistTargetsTests {
    private func leadElsewhere(_ text: String, pieces: Int) -> Bool {
        var targets = PlaylistTargets()
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
        for end in ["", "\n", "\r\n#EXT-X-ENDLIST\r\n", "\r#EXT-X-ENDLIST\r"] {
            let text = "#EXTM3U\n#EXTINF:2,\nhttp://h/0.ts\n\(target.0)\(end)"
            #expect(leadElsewhere(text, pieces: pieces) == target.1)
            // Anything but a playlist has whatever it likes in it.
            #expect(!leadElsewhere("G" + text, pieces: pieces))
        }
    }

    @Test(arguments: ["#EXTM3U\n", "#EXTM3U\r", "G"])
    func aPlaylistMayHaveFourMebibytes(begins: String) {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        var targets = PlaylistTargets()
        Array(begins.utf8).withUnsafeBytes { targets.read($0) }
        for _ in 0..<4 {
            #expect(!targets.isTooLarge)
            piece.withUnsafeBytes { targets.read($0) }
        }
        #expect(targets.isTooLarge == begins.hasPrefix("#"), "what is no playlist is as long as it likes")
    }
}
