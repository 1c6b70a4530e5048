import Bytes

/// The types of open bitstream units that matter here, AV1 §6.2.2.
enum AV1OBUType {
    static let sequenceHeader: UInt8 = 1
    static let temporalDelimiter: UInt8 = 2
    static let frameHeader: UInt8 = 3
    static let metadata: UInt8 = 5
    static let frame: UInt8 = 6
    static let redundantFrameHeader: UInt8 = 7
    static let tileList: UInt8 = 8
    static let padding: UInt8 = 15
}

/// An open bitstream unit in the low-overhead format, AV1 §5.3.1: where it lies in what was read.
struct AV1OBU {
    let type: UInt8
    /// All of it, with its header.
    let range: Range<Int>
    /// What stands behind its header and its size.
    let payload: Range<Int>

    /// A unit of `type` that states its size and belongs to no layer of its own.
    static func bytes(_ type: UInt8, payload: Span<UInt8>) -> [UInt8] {
        var writer = ByteWriter(capacity: payload.count + 6)
        // obu_has_size_field
        writer.write(type << 3 | 0x02)
        var size = payload.count
        repeat {
            let more: UInt8 = size > 0x7F ? 0x80 : 0
            writer.write(UInt8(size & 0x7F) | more)
            size >>= 7
        } while size > 0
        writer.write(payload)
        return writer.bytes
    }
}

/// A walk over the open bitstream units of a temporal unit or of a configuration.
struct AV1OBUReader: ~Escapable {
    private var reader: ByteReader

    /// A reader of `bytes`, which it borrows.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { reader = ByteReader(bytes) }

    /// The next unit; nothing at the end. One that does not state its size is the last.
    @_lifetime(self: copy self)
    mutating func next() throws(BitstreamError) -> AV1OBU? {
        guard !reader.isAtEnd else { return nil }
        let start = reader.offset
        let header = try byte()
        guard header & 0x80 == 0 else { throw .invalid("obu_forbidden_bit", offset: start) }
        // obu_extension_flag
        if header & 0x04 != 0 { _ = try byte() }
        let size = header & 0x02 == 0 ? reader.remaining : try leb128()
        let payload = reader.offset
        guard size <= reader.remaining else { throw .unexpectedEnd(offset: payload) }
        _ = try? reader.skip(size)
        return AV1OBU(type: header >> 3 & 0x0F, range: start..<reader.offset, payload: payload..<reader.offset)
    }

    @_lifetime(self: copy self)
    private mutating func byte() throws(BitstreamError) -> UInt8 {
        do throws(UnexpectedEnd) { return try reader.readUInt8() } catch { throw .unexpectedEnd(offset: error.offset) }
    }

    /// §4.10.5: up to eight bytes of seven bits, the least significant first, for a number of 32 bits.
    @_lifetime(self: copy self)
    private mutating func leb128() throws(BitstreamError) -> Int {
        let start = reader.offset
        var value = 0
        for index in 0..<8 {
            let next = try byte()
            value |= Int(next & 0x7F) << (7 * index)
            if next & 0x80 == 0 { break }
            guard index < 7 else { throw .invalid("obu_size", offset: start) }
        }
        guard value <= UInt32.max else { throw .invalid("obu_size", offset: start) }
        return value
    }
}
