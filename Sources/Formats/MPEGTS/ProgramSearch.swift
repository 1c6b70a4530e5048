import Bytes

/// Gathers the maps of all programs that a stream lists, to find one that is there.
struct ProgramSearch: Sendable {
    private var sections: [UInt16: SectionGatherer]

    /// Looks at so many of the programs, the first ones.
    init(among programs: [ProgramAssociation.Entry], limit: Int) {
        sections = Dictionary(programs.prefix(limit).map { ($0.mapPID, SectionGatherer()) }) { first, _ in first }
    }

    /// Where maps are looked for.
    var mapPIDs: Dictionary<UInt16, SectionGatherer>.Keys { sections.keys }

    /// Takes a packet with a payload of one of them, and appends to `whole` the sections that are whole now. Answers how many
    /// had to be given up.
    mutating func take(_ packet: TransportPacket, into whole: inout [ByteChunk]) -> Int {
        sections[packet.pid]?.take(packet.payload, starts: packet.startsUnit, into: &whole) ?? 0
    }

    /// Packets were lost of one of them, nobody knows which. Answers how many sections were given up.
    mutating func lose() -> Int {
        var count = 0
        for pid in Array(sections.keys) { count += sections[pid]?.lose() ?? 0 }
        return count
    }
}
