public import Bitstreams
public import Bytes

extension TimedMetadataPacket {
    /// Reads the payload of a PES packet of KLV. Asynchronous KLV stands there as it is (SMPTE RP 217); synchronous KLV in
    /// cells of access units, ISO/IEC 13818-1 §2.12.4. Throws when anything in it is no KLV, and when an access unit goes on
    /// in another PES packet. In an access unit of several cells, offsets count from its beginning.
    public static func packets(inKLV payload: ByteChunk) throws(BitstreamError) -> [TimedMetadataPacket] {
        guard !isLabel(payload.span, at: 0) else {
            try checkItems(of: payload, in: 0..<payload.count)
            return [.klv(payload)]
        }
        var packets: [TimedMetadataPacket] = []
        var cells: [ByteChunk] = []
        var service: UInt8 = 0
        var start = 0
        repeat {
            guard payload.count - start >= 5 else { throw .unexpectedEnd(offset: payload.count) }
            let header = payload.span.extracting(start..<(start + 5))
            let (isFirst, isLast) = (header[2] & 0x80 != 0, header[2] & 0x40 != 0)
            if isFirst { service = header[0] }
            // Cells of one unit follow one another.
            guard isFirst == cells.isEmpty, header[0] == service else {
                throw .invalid("cell_fragment_indication", offset: start + 2)
            }
            let data = (start + 5)..<(start + 5 + Int(header[3]) << 8 + Int(header[4]))
            guard data.upperBound <= payload.count else { throw .unexpectedEnd(offset: payload.count) }
            start = data.upperBound
            cells.append(payload[data])
            guard isLast else { continue }
            let isWhole = cells.count == 1
            let unit = isWhole ? payload[data] : ByteChunk(joining: cells)
            try checkItems(of: isWhole ? payload : unit, in: isWhole ? data : 0..<unit.count)
            packets.append(.klv(unit))
            cells = []
        } while start < payload.count
        guard cells.isEmpty else { throw .unsupported("a metadata access unit in several PES packets") }
        return packets
    }

    /// Throws when `range` holds anything but items: a universal label of 16 bytes, a length in BER, a value.
    private static func checkItems(of unit: ByteChunk, in range: Range<Int>) throws(BitstreamError) {
        let bytes = unit.span.extracting(0..<range.upperBound)
        var start = range.lowerBound
        repeat {
            guard bytes.count - start >= 17 else { throw .unexpectedEnd(offset: bytes.count) }
            guard isLabel(bytes, at: start) else { throw .invalid("KLV key", offset: start) }
            start += 16
            let first = bytes[start]
            start += 1
            // Up to 127, or in how many bytes it stands.
            let width = first < 0x80 ? 0 : Int(first & 0x7F)
            guard first != 0x80, width <= 4 else { throw .invalid("KLV length", offset: start - 1) }
            guard width <= bytes.count - start else { throw .unexpectedEnd(offset: bytes.count) }
            var count = width == 0 ? Int(first) : 0
            for index in start..<(start + width) { count = count << 8 | Int(bytes[index]) }
            start += width
            guard count <= bytes.count - start else { throw .unexpectedEnd(offset: bytes.count) }
            start += count
        } while start < bytes.count
    }

    /// True when a universal label of SMPTE begins at `start`. No cell begins so: its reserved bits would not be set.
    private static func isLabel(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        bytes.count - start >= 4 && bytes[start] == 0x06 && bytes[start + 1] == 0x0E && bytes[start + 2] == 0x2B
            && bytes[start + 3] == 0x34
    }
}
