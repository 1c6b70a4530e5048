/// How much an AMF0 reader takes from a stranger.
public struct AMF0Limits: Sendable, Hashable {
    /// How many objects and arrays may lie inside each other.
    public var depth: Int
    /// How many values a message may have, those inside others included.
    public var values: Int

    /// Limits that no encoder's messages come near.
    public init(depth: Int = 16, values: Int = 4096) {
        self.depth = depth
        self.values = values
    }
}
