/// `opus_control_header()`, of the ETSI draft "Opus in MPEG-2 transport streams", §4.3.
struct OpusControlHeader {
    /// More is no access unit: eight channels for 120 ms at the highest bit rate have fewer.
    private static let maxPayloadSize = 64 << 10

    /// Bytes of the header itself.
    let size: Int
    /// `au_size`: bytes of the access unit behind it.
    let payloadSize: Int

    init(_ bytes: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(bytes)
        guard try reader.u(11) == 0x3FF else { throw .invalid("control_header_prefix", offset: 0) }
        let hasStartTrim = try reader.flag()
        let hasEndTrim = try reader.flag()
        let hasExtension = try reader.flag()
        try reader.skip(2)
        var size = 0
        var part: UInt32
        repeat {
            part = try reader.u(8)
            size += Int(part)
        } while part == 255 && size <= Self.maxPayloadSize
        guard (1...Self.maxPayloadSize).contains(size) else { throw .invalid("au_size", offset: 2) }
        payloadSize = size
        // reserved, start_trim, end_trim
        if hasStartTrim { try reader.skip(16) }
        if hasEndTrim { try reader.skip(16) }
        if hasExtension { try reader.skip(8 * Int(try reader.u(8))) }
        self.size = reader.offset
    }
}
