import Bytes

/// A section of a table, in the long form. ISO/IEC 13818-1 §2.4.4.11.
struct TableSection {
    let tableID: UInt8
    /// `transport_stream_id` or `program_number`.
    let identifier: UInt16
    let version: UInt8
    /// False when the section tells what will be.
    let isCurrent: Bool
    let number: UInt8
    let lastNumber: UInt8
    /// What stands between the header and the CRC.
    let body: ByteChunk

    /// Reads a whole section; nothing when it is no section of a table, or shorter than one.
    init?(_ bytes: ByteChunk) {
        guard bytes.count >= 12, bytes.span[1] & 0x80 != 0 else { return nil }
        let span = bytes.span
        tableID = span[0]
        identifier = UInt16(span[3]) << 8 | UInt16(span[4])
        version = span[5] >> 1 & 0x1F
        isCurrent = span[5] & 1 != 0
        number = span[6]
        lastNumber = span[7]
        guard number <= lastNumber else { return nil }
        body = bytes[8..<(bytes.count - 4)]
    }
}

/// Collects the sections of one table until it is complete.
struct TableCollector: Sendable {
    private var version: UInt8?
    private var identifier: UInt16?
    private var bodies: [ByteChunk?] = []

    /// Takes a section that is valid now. Answers what all sections of the table carry, in their order, when this one
    /// completes it or says something else than before.
    mutating func add(_ section: TableSection) -> [ByteChunk]? {
        let count = Int(section.lastNumber) + 1
        if version != section.version || identifier != section.identifier || bodies.count != count {
            version = section.version
            identifier = section.identifier
            bodies = Array(repeating: nil, count: count)
        }
        let index = Int(section.number)
        guard bodies[index] != section.body else { return nil }
        bodies[index] = section.body
        let complete = bodies.compactMap(\.self)
        return complete.count == count ? complete : nil
    }
}
