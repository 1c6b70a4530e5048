public import Bytes

/// A playlist of either kind.
public enum Playlist: Equatable, Sendable {
    /// A multivariant playlist.
    case multivariant(MultivariantPlaylist)
    /// A media playlist.
    case media(MediaPlaylist)
}

/// A strict reader of multivariant and media playlists (RFC 8216bis §4).
///
/// It shares nothing with the packager's own playlist code. A body that is no playlist at all throws; everything
/// else that is wrong is listed in `faults` with its line, and reading goes on behind it.
public struct PlaylistReader {
    /// What was read.
    public private(set) var playlist: Playlist
    /// What is wrong with it, in the order of the lines.
    public private(set) var faults: [PlaylistFault]

    /// Longer bodies are refused.
    public static let maximumSize = 16 << 20

    /// Reads `body`. `variables` are those of the multivariant playlist, which a media playlist may import;
    /// `query` are the query parameters of the playlist's own URL. `known` is the version before, with which a delta
    /// update is merged.
    public init(
        _ body: ByteChunk, variables: [String: String] = [:], query: [String: String] = [:], known: MediaPlaylist? = nil
    ) throws(PlaylistFault) {
        guard body.count <= Self.maximumSize else {
            throw PlaylistFault(.playlistEncoding, line: 0, "\(body.count) bytes are too many")
        }
        var bytes = body.array
        var early: [PlaylistFault] = []
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            early.append(PlaylistFault(.playlistEncoding, line: 1, "a byte order mark"))
            bytes.removeFirst(3)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PlaylistFault(.playlistEncoding, line: 0, "the body is not UTF-8")
        }
        let lines = Self.lines(of: text, faults: &early)
        guard lines.first == "#EXTM3U" else {
            throw PlaylistFault(.playlistHeader, line: 1, "the first line is '\(lines.first?.prefix(40) ?? "")'")
        }
        let isMultivariant = lines.contains { line in
            PlaylistTag.multivariantOnly.contains { line.hasPrefix("#\($0):") }
        }
        var variables = VariableTable(imports: variables, query: query)
        if isMultivariant {
            var state = MultivariantReading(faults: early)
            for (index, line) in lines.enumerated() { state.read(line, number: index + 1, &variables) }
            state.finish()
            state.playlist.variables = variables.defined
            playlist = .multivariant(state.playlist)
            faults = state.faults
        } else {
            var state = MediaReading(faults: early, known: known)
            for (index, line) in lines.enumerated() { state.read(line, number: index + 1, &variables) }
            state.finish()
            playlist = .media(state.playlist)
            faults = state.faults
        }
        faults.sort { $0.line < $1.line }
    }

    /// The lines without their ends and without stray white space, each fault of theirs noted.
    private static func lines(of text: String, faults: inout [PlaylistFault]) -> [String] {
        var lines: [String] = []
        for (index, raw) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var line = raw
            if line.last == 0x0D { line = line.dropLast() }
            if line.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                faults.append(PlaylistFault(.playlistEncoding, line: index + 1, "a control character"))
            }
            let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            if let first = line.first, let last = line.last, isBlank(first) || isBlank(last) {
                faults.append(PlaylistFault(.playlistWhitespace, line: index + 1, "white space at an end"))
                line = line.drop(while: isBlank)
                while let last = line.last, isBlank(last) { line = line.dropLast() }
            }
            lines.append(String(decoding: line, as: UTF8.self))
        }
        return lines
    }
}

/// The tags that are known, by where they may stand.
enum PlaylistTag {
    static let multivariantOnly: Set<String> = [
        "EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY",
        "EXT-X-CONTENT-STEERING",
    ]
    static let mediaOnly: Set<String> = [
        "EXTINF", "EXT-X-BYTERANGE", "EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME",
        "EXT-X-GAP", "EXT-X-BITRATE", "EXT-X-PART", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE",
        "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE", "EXT-X-I-FRAMES-ONLY",
        "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-DATERANGE", "EXT-X-SKIP", "EXT-X-PRELOAD-HINT",
        "EXT-X-RENDITION-REPORT",
    ]
    static let once: Set<String> = [
        "EXTM3U", "EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE",
        "EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-I-FRAMES-ONLY",
        "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START", "EXT-X-CONTENT-STEERING",
    ]
    static let withoutValue: Set<String> = [
        "EXTM3U", "EXT-X-ENDLIST", "EXT-X-DISCONTINUITY", "EXT-X-GAP", "EXT-X-I-FRAMES-ONLY",
        "EXT-X-INDEPENDENT-SEGMENTS",
    ]

    /// The name and the value of a line that is a tag; nothing for a URI, a comment or an empty line.
    static func split(_ line: String) -> (name: String, value: String?)? {
        guard line.hasPrefix("#EXT") else { return nil }
        guard let colon = line.utf8.firstIndex(of: 0x3A) else { return (String(line.dropFirst()), nil) }
        return (String(line[..<colon].dropFirst()), String(line[colon...].dropFirst()))
    }
}
