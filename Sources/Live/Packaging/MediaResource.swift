/// The files of a rendition, as its playlist names them.
public enum MediaResource: Sendable, Hashable {
    /// `index.m3u8`
    case playlist
    /// `dvr.m3u8`
    case dvrPlaylist
    /// `iframes.m3u8`
    case iFramePlaylist
    /// `init1.mp4`
    case initialization(Int)
    /// `s12.m4s`
    case segment(Int64)
    /// `p345.m4s`
    case part(Int64)

    /// The name, relative to the rendition's folder.
    public var fileName: String {
        switch self {
        case .playlist: "index.m3u8"
        case .dvrPlaylist: "dvr.m3u8"
        case .iFramePlaylist: "iframes.m3u8"
        case .initialization(let version): "init\(version).mp4"
        case .segment(let number): "s\(number).m4s"
        case .part(let number): "p\(number).m4s"
        }
    }

    /// The resource of that name; nothing when a rendition has no such file.
    public init?(fileName: Substring) {
        if fileName == "index.m3u8" {
            self = .playlist
        } else if fileName == "dvr.m3u8" {
            self = .dvrPlaylist
        } else if fileName == "iframes.m3u8" {
            self = .iFramePlaylist
        } else if let number = Self.number(in: fileName, after: "init", before: ".mp4") {
            self = .initialization(Int(number))
        } else if let number = Self.number(in: fileName, after: "s", before: ".m4s") {
            self = .segment(number)
        } else if let number = Self.number(in: fileName, after: "p", before: ".m4s") {
            self = .part(number)
        } else {
            return nil
        }
    }

    /// One resource has one name: no sign, no leading zero. Read by bytes, because every request does it.
    private static func number(in name: Substring, after prefix: String, before suffix: String) -> Int64? {
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = name.utf8.dropFirst(prefix.utf8.count)
        let digits = rest.dropLast(suffix.utf8.count)
        guard rest.dropFirst(digits.count).elementsEqual(suffix.utf8),
            digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        return Int64(Substring(digits))
    }
}
