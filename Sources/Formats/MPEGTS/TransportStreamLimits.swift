/// What a reader of a transport stream holds at most.
public struct TransportStreamLimits: Sendable, Hashable {
    /// The longest payload of a PES packet, in bytes. A longer one is dropped.
    public var packetBytes = 16 << 20
    /// How many bytes of unfinished PES packets are held over all streams. The one that goes beyond is dropped.
    public var gatheredBytes = 32 << 20
    /// Of how many programs maps are looked for, where none is asked for by its number and the first has none.
    public var programs = 64
    /// How many streams of a program are followed; at most 240. The map's further ones are left out.
    public var streams = 64

    /// The defaults.
    public init() {}
}
