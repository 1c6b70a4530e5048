public import Bytes

/// A walk over boxes that follow each other, ISO/IEC 14496-12 §4.2.
///
/// Every size is checked against what is left, so a walk ends after at most one step for each eight bytes.
public struct BoxReader: Sendable {
    private let bytes: ByteChunk
    private var offset = 0

    /// A walk that starts at the first box in `bytes`.
    public init(_ bytes: ByteChunk) { self.bytes = bytes }

    /// All boxes that follow each other in `bytes`.
    public static func boxes(in bytes: ByteChunk) throws(BoxError) -> [Box] {
        var reader = BoxReader(bytes)
        var boxes: [Box] = []
        while let box = try reader.next() { boxes.append(box) }
        return boxes
    }

    /// The next box, or nothing at the end.
    public mutating func next() throws(BoxError) -> Box? {
        guard offset < bytes.count else { return nil }
        let start = offset
        let (type, header, size) = try header(at: start)
        guard size >= UInt64(header) else { throw .invalidSize(offset: start) }
        guard size <= UInt64(bytes.count - start) else { throw .unexpectedEnd(offset: start) }
        offset = start + Int(size)
        return Box(type: type, offset: start, payload: bytes[(start + header)..<offset])
    }

    /// The box at `start`: its type, the size of its header, and its own size.
    private func header(at start: Int) throws(BoxError) -> (type: FourCC, header: Int, size: UInt64) {
        var reader = ByteReader(bytes.span.extracting(start..<bytes.count))
        do throws(UnexpectedEnd) {
            let size = UInt64(try reader.readUInt32())
            let type = FourCC(rawValue: try reader.readUInt32())
            switch size {
            case 0: return (type, 8, UInt64(bytes.count - start))
            case 1: return (type, 16, try reader.readUInt64())
            default: return (type, 8, size)
            }
        } catch {
            throw .unexpectedEnd(offset: start)
        }
    }
}
