public import Bytes

/// A box, ISO/IEC 14496-12 §4.2, as it lies in a file.
public struct Box: Sendable, Hashable {
    /// What the box is.
    public let type: FourCC
    /// Where it begins, header included, in what it was read from.
    public let offset: Int
    /// What it holds, behind size and type; shares the memory of what it was read from.
    public let payload: ByteChunk

    /// The boxes inside it, behind `count` bytes of fields of its own.
    public func children(after count: Int = 0) throws(BoxError) -> [Box] {
        guard count >= 0, count <= payload.count else { throw .unexpectedEnd(offset: 0) }
        return try BoxReader.boxes(in: payload[count..<payload.count])
    }
}
