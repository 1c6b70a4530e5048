/// When an address that gives wrong keys is held off, and for how long.
public struct PublishBackoffLimits: Sendable, Hashable {
    /// After how many wrong keys; 0 is never.
    public var failures = 10
    /// For how long at most. The first time is ten seconds, or this.
    public var longest = Duration.seconds(120)
    /// How many addresses are remembered.
    public var addresses = 4096

    /// The usual ones.
    public init() {}
}
