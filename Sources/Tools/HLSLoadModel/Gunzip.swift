internal import Bytes
internal import CZlib

/// The reader of the gzip content coding (RFC 1952), which players ask playlists in.
enum Gunzip {
    /// What `body` holds, at most `limit` bytes of it; nothing when it is no gzip member, or holds more.
    static func decompress(_ body: Span<UInt8>, limit: Int = ResponseReader.longestBody) -> ByteChunk? {
        guard let length = UInt32(exactly: body.count) else { return nil }
        var stream = z_stream()
        guard zlib_gunzip_init(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var result: [UInt8] = []
        let isWhole = body.withUnsafeBytes { source in
            // zlib's input pointer is not const by default, but it is only read.
            stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = length
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65_536) { piece in
                while result.count <= limit {
                    stream.next_out = piece.baseAddress
                    stream.avail_out = UInt32(piece.count)
                    let code = inflate(&stream, Z_NO_FLUSH)
                    result.append(contentsOf: piece[..<(piece.count - Int(stream.avail_out))])
                    if code == Z_STREAM_END { return result.count <= limit }
                    // A member that is cut short would ask for more for ever.
                    guard code == Z_OK, stream.avail_out == 0 else { return false }
                }
                return false
            }
        }
        return isWhole ? ByteChunk(result) : nil
    }
}
