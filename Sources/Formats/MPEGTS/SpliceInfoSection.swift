public import Bitstreams
public import Bytes

/// What a broadcaster tells about the breaks of a programme, `splice_info_section`. ANSI/SCTE 35 2023 §9.6.
///
/// An encrypted section and a command that is not understood are kept whole: others may know what they mean.
public struct SpliceInfoSection: Sendable, Hashable {
    /// The whole section, from `table_id` to `CRC_32`.
    public let bytes: ByteChunk
    /// `pts_adjustment`: what is added to all times, modulo 2^33.
    public let ptsAdjustment: Int64
    /// `tier`: who may act on it; 0xFFF is everybody.
    public let tier: UInt16
    /// What it says.
    public let command: SpliceCommand
    /// What is added to that.
    public let descriptors: [SpliceDescriptor]

    /// Reads a whole section; bytes behind its end are left out. Offsets of errors count from `table_id`.
    ///
    /// Throws for what is no such section, whose CRC is wrong, which has another `protocol_version`, or whose parts do not
    /// fit into it.
    public init(_ chunk: ByteChunk) throws(BitstreamError) {
        let bytes = try Self.whole(chunk)
        self.bytes = bytes
        do throws(UnexpectedEnd) {
            let end = bytes.count - 4
            var reader = ByteReader(bytes.span.extracting(0..<end))
            // Table id, length and the protocol's version were looked at.
            try reader.skip(4)
            let flags = try reader.readUInt8()
            ptsAdjustment = Int64(flags & 1) << 32 | Int64(try reader.readUInt32())
            // Which key, if any.
            try reader.skip(1)
            let lengths = try reader.readUInt24()
            tier = UInt16(truncatingIfNeeded: lengths >> 12)
            guard flags & 0x80 == 0 else {
                command = .encrypted
                descriptors = []
                return
            }
            let type = try reader.readUInt8()
            let length = Int(lengths & 0xFFF)
            // Old senders do not say how long the command is.
            let isKnown = length != 0xFFF
            let start = reader.offset
            if isKnown { try reader.skip(length) }
            var inside = ByteReader(bytes.span.extracting(0..<(isKnown ? start + length : end)))
            try inside.skip(start)
            command = try SpliceCommand(type: type, from: &inside)
            if !isKnown {
                guard command.hasKnownEnd else {
                    descriptors = []
                    return
                }
                try reader.skip(inside.offset - start)
            }
            descriptors = try Self.descriptors(from: &reader, of: bytes)
        } catch {
            throw .unexpectedEnd(offset: error.offset)
        }
    }

    /// The bytes of the section at the beginning of `chunk`, when they are as they were sent.
    private static func whole(_ chunk: ByteChunk) throws(BitstreamError) -> ByteChunk {
        guard chunk.count >= 3 else { throw .unexpectedEnd(offset: chunk.count) }
        guard chunk.span[0] == 0xFC else { throw .invalid("table_id", offset: 0) }
        let count = 3 + (Int(chunk.span[1] & 0xF) << 8 | Int(chunk.span[2]))
        // The fields that all have: eleven bytes, the length of no descriptors, the CRC.
        guard count >= 20 else { throw .invalid("section_length", offset: 1) }
        guard count <= chunk.count else { throw .unexpectedEnd(offset: chunk.count) }
        let bytes = chunk[0..<count]
        guard SectionChecksum.value(of: bytes.span) == 0 else { throw .invalid("CRC_32", offset: count - 4) }
        guard bytes.span[3] == 0 else { throw .unsupported("SCTE 35 protocol_version \(bytes.span[3])") }
        return bytes
    }

    private static func descriptors(
        from reader: inout ByteReader, of bytes: ByteChunk
    ) throws(UnexpectedEnd) -> [SpliceDescriptor] {
        let length = Int(try reader.readUInt16())
        let end = reader.offset + length
        guard length <= reader.remaining else { throw UnexpectedEnd(offset: reader.offset) }
        var descriptors: [SpliceDescriptor] = []
        while reader.offset < end {
            let tag = try reader.readUInt8()
            let length = Int(try reader.readUInt8())
            let start = reader.offset
            guard length <= end - start else { throw UnexpectedEnd(offset: start) }
            var inside = ByteReader(bytes.span.extracting(0..<(start + length)))
            try inside.skip(start)
            descriptors.append(try SpliceDescriptor(tag: tag, from: &inside, of: bytes))
            try reader.skip(length)
        }
        return descriptors
    }
}
