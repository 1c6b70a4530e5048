import Bytes

extension ByteChunk {
    /// The `count` bytes that begin at `bit`, all of which must be there: a slice where they are bytes of the chunk, a
    /// copy otherwise.
    func bytes(fromBit bit: Int, count: Int) -> ByteChunk {
        let (start, shift) = (bit / 8, bit % 8)
        if shift == 0 { return self[start..<(start + count)] }
        precondition(start + count < self.count, "the bits lie within the chunk")
        return withUnsafeBytes { source in
            ByteChunk(count: count) { target in
                var index = 0
                // Eight bytes at once, and the bits of the ninth that fill the gap.
                while index + 8 <= count {
                    let word = source.loadUnaligned(fromByteOffset: start + index, as: UInt64.self).bigEndian
                    let next = UInt64(source[start + index + 8])
                    let bits = word << UInt64(shift) | next >> UInt64(8 - shift)
                    target.storeBytes(of: bits.bigEndian, toByteOffset: index, as: UInt64.self)
                    index += 8
                }
                while index < count {
                    let (byte, next) = (source[start + index], source[start + index + 1])
                    target[index] = byte << UInt8(shift) | next >> UInt8(8 - shift)
                    index += 1
                }
            }
        }
    }
}
