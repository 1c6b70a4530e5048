/// The name of an object: components divided by slashes, such as `live/news/9f2c/video/s12.m4s`.
///
/// A component has letters, digits, `.`, `_` and `-`, and does not begin with a dot: no key leads out of its store, and
/// every store can keep every key.
public struct ObjectKey: Sendable, Hashable, CustomStringConvertible {
    /// The whole name.
    public let path: String

    /// The key of that name; nothing when it is not one.
    public init?(_ path: String) {
        let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard path.utf8.count <= 1024, components.allSatisfy(Self.isComponent) else { return nil }
        self.path = path
    }

    /// The key of `name` below this one; nothing when that is not one.
    public func appending(_ name: String) -> ObjectKey? { ObjectKey("\(path)/\(name)") }

    /// The whole name.
    public var description: String { path }

    private static func isComponent(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, first != UInt8(ascii: "."), text.count <= 255 else { return false }
        return text.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
