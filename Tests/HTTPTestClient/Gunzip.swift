import CZlib

/// What `packed`, one gzip member of up to 4 MB, was made from; nothing when it is not whole.
package func gunzip(_ packed: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    guard zlib_gunzip_init(&stream) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var input = packed
    var output = [UInt8](repeating: 0, count: 4 << 20)
    let capacity = output.count
    let written = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output -> Int? in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(capacity)
            return inflate(&stream, Z_FINISH) == Z_STREAM_END ? capacity - Int(stream.avail_out) : nil
        }
    }
    return written.map { Array(output[..<$0]) }
}
