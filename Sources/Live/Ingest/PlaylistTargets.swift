/// What a text names, if it is a playlist, on its way to libavformat: that takes targets which it must not fetch for nothing,
/// or waits for others, and says nothing of why. RFC 8216 §4.1.
struct PlaylistTargets {
    /// No scheme that is known is longer, nor the line that a playlist begins with.
    private static let longest = 32
    /// What a playlist of many hours has. libavformat keeps several times as much of it in memory.
    private static let largestPlaylist = 4 << 20

    /// True when one is of another scheme than HTTP's.
    private(set) var leadElsewhere = false
    private var size = 0
    /// Known once the first line has come.
    private var isPlaylist: Bool?
    /// How the line begins that is coming.
    private var line: [UInt8] = []

    /// True when it is a playlist that is too large, if it ends at all.
    var isTooLarge: Bool { isPlaylist == true && size > Self.largestPlaylist }

    /// Reads what comes next; nothing is the end.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard isPlaylist != false else { return }
        size += bytes.count
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                endLine()
                guard isPlaylist == true else { return }
            } else if line.count < Self.longest {
                line.append(byte)
            }
        }
        if bytes.isEmpty { endLine() }
    }

    private mutating func endLine() {
        defer { line = [] }
        guard isPlaylist == true else {
            isPlaylist = line.starts(with: "#EXTM3U".utf8)
            return
        }
        // RFC 3986 §3.1. Any other colon is part of a path.
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let scheme = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        guard scheme.first?.isLetter == true, scheme.allSatisfy({ $0.isLetter || $0.isNumber || "+-.".contains($0) })
        else { return }
        leadElsewhere = leadElsewhere || scheme != "http" && scheme != "https"
    }
}
