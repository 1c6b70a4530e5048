public import Bytes
internal import CZlib

/// A text that is compressed by itself and put together with others into one gzip member: what stays the same in a long
/// text is compressed once, though what stands before and behind it changes.
public struct GzipPiece: Sendable {
    /// Deflate blocks, none of them the last, up to the end of a byte; they refer to nothing before them.
    private let blocks: ByteChunk
    private let checkSum: UInt
    private let length: Int

    /// `text`, compressed; nothing when zlib is out of memory or `text` is over 4 GiB.
    /// - Parameter level: 1 (fast) to 9 (small).
    public init?(_ text: ByteChunk, level: Int = 6) {
        guard let length = UInt32(exactly: text.count) else { return nil }
        var stream = z_stream()
        guard zlib_deflate_init(&stream, Int32(min(max(level, 1), 9))) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        // The flush adds an empty block.
        let bound = Int(deflateBound(&stream, UInt(length))) + 16
        guard let room = UInt32(exactly: bound) else { return nil }
        let blocks = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bound) { target -> ByteChunk? in
            let result = text.withUnsafeBytes { source -> Int32 in
                // zlib's input pointer is not const by default, but it is only read.
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
                stream.avail_in = length
                stream.next_out = target.baseAddress
                stream.avail_out = room
                return deflate(&stream, Z_SYNC_FLUSH)
            }
            guard result == Z_OK || result == Z_BUF_ERROR, stream.avail_in == 0, stream.avail_out > 0 else {
                return nil
            }
            let written = UnsafeRawBufferPointer(start: target.baseAddress, count: bound - Int(stream.avail_out))
            return ByteChunk(count: written.count) { $0.copyMemory(from: written) }
        }
        guard let blocks else { return nil }
        self.blocks = blocks
        self.length = text.count
        checkSum = text.withUnsafeBytes {
            crc32_z(0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
    }

    /// The gzip member whose text is that of `pieces` one after the other, RFC 1952.
    public static func member(of pieces: [GzipPiece]) -> [ByteChunk] {
        var (checkSum, length) = (UInt(0), 0)
        for piece in pieces {
            checkSum = crc32_combine(checkSum, piece.checkSum, piece.length)
            length += piece.length
        }
        // No name, no time, Unix; at the end an empty block that is the last, the check sum and the length.
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        var trailer = ByteWriter(capacity: 10)
        trailer.write([3, 0])
        trailer.writeLittleEndian(UInt32(truncatingIfNeeded: checkSum))
        trailer.writeLittleEndian(UInt32(truncatingIfNeeded: length))
        return [ByteChunk(header)] + pieces.map(\.blocks) + [ByteChunk(trailer.bytes)]
    }
}
