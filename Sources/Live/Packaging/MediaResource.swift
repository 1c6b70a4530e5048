/// The files of a rendition, as its playlist names them.
public enum MediaResource: Sendable, Hashable {
    /// `index.m3u8`
    case playlist
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
        case .initialization(let version): "init\(version).mp4"
        case .segment(let number): "s\(number).m4s"
        case .part(let number): "p\(number).m4s"
        }
    }

    /// The resource of that name; nothing when a rendition has no such file.
    public init?(fileName: some StringProtocol) {
        if fileName == "index.m3u8" {
            self = .playlist
        } else if fileName.hasPrefix("init"), let number = Self.number(fileName.dropFirst(4), before: ".mp4") {
            self = .initialization(Int(number))
        } else if fileName.hasPrefix("s"), let number = Self.number(fileName.dropFirst(), before: ".m4s") {
            self = .segment(number)
        } else if fileName.hasPrefix("p"), let number = Self.number(fileName.dropFirst(), before: ".m4s") {
            self = .part(number)
        } else {
            return nil
        }
    }

    /// One resource has one name: no sign, no leading zero.
    private static func number(_ text: some StringProtocol, before suffix: String) -> Int64? {
        guard text.hasSuffix(suffix) else { return nil }
        let digits = text.dropLast(suffix.count)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.count == 1 || digits.first != "0" else {
            return nil
        }
        return Int64(digits)
    }
}
