/// What a text names, if it is a playlist, on its way to libavformat: that takes targets which it must not fetch for nothing,
/// or waits for others, and says nothing of why. RFC 8216 §4.1. As there a line ends at NUL, too.
struct PlaylistTargets {
    /// No scheme that is known is longer, nor the line that a playlist begins with.
    private static let longest = 32
    /// What a playlist of many hours has.
    private static let largestPlaylist = 4 << 20
    /// What libavformat keeps of each segment, beside its whole address, and of each rendition, in bytes.
    private static let weights = (segment: 256, rendition: 16 << 10)

    private static let renditions = ["#EXT-X-STREAM-INF", "#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF"]

    /// True when one is of another scheme than HTTP's.
    private(set) var leadElsewhere = false
    private var size = 0
    /// Known once the first line has come.
    private var isPlaylist: Bool?
    /// How the line begins that is coming.
    private var line: [UInt8] = []
    private var (segments, renditions) = (0, 0)
    /// The length of the playlist's own address, of which each of its segments' has most.
    private let addressLength: Int

    /// What has that address.
    init(at address: String) { addressLength = address.utf8.count }

    /// How many bytes libavformat keeps of it, about; none of what is no playlist.
    var weight: Int {
        isPlaylist == true
            ? segments * (addressLength + Self.weights.segment) + renditions * Self.weights.rendition : 0
    }

    /// True when it is a playlist that is too large, if it ends at all.
    var isTooLarge: Bool { isPlaylist == true && size > Self.largestPlaylist }

    /// Reads what comes next; nothing is the end.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard isPlaylist != false else { return }
        size += bytes.count
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == 0 {
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
        guard line.first != UInt8(ascii: "#") else {
            if Self.renditions.contains(where: { line.starts(with: $0.utf8) }) { renditions += 1 }
            return
        }
        if !line.isEmpty { segments += 1 }
        // RFC 3986 §3.1. Any other colon is part of a path.
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let scheme = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        guard scheme.first?.isLetter == true, scheme.allSatisfy({ $0.isLetter || $0.isNumber || "+-.".contains($0) })
        else { return }
        leadElsewhere = leadElsewhere || scheme != "http" && scheme != "https"
    }
}
