/// A four-character code: a box type, a brand, a codec.
public struct FourCC: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The characters, the first in the most significant byte.
    public let rawValue: UInt32

    /// The code with those four bytes.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A code written out in source. It must have four ASCII characters.
    public init(stringLiteral text: String) {
        precondition(text.utf8.count == 4, "a four-character code has four bytes: \(text)")
        rawValue = text.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The four characters; bytes outside printable ASCII are shown as full stops.
    public var description: String {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> UInt32(24 - 8 * $0)) }
        return String(decoding: bytes.map { (0x20...0x7E).contains($0) ? $0 : 0x2E }, as: UTF8.self)
    }
}
