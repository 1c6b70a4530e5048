/// How much a reader of JSON5 takes from outside.
public struct JSON5Limits: Sendable {
    /// The longest text, in bytes of UTF-8.
    public var byteCount: Int
    /// How many lists and objects may lie within each other, at most 200, which no thread's stack notices.
    public var depth: Int

    /// The given limits; the defaults suit a configuration file.
    public init(byteCount: Int = 1 << 20, depth: Int = 32) {
        precondition((0...200).contains(depth), "nesting is limited to 200")
        self.byteCount = byteCount
        self.depth = depth
    }
}
