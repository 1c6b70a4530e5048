import Bytes

/// A cursor over memory of a known size that big-endian words and samples are written to.
struct ChunkCursor {
    private let target: UnsafeMutableRawBufferPointer
    private var offset = 0

    init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

    mutating func write(_ word: UInt32) {
        target.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt32.self)
        offset += 4
    }

    mutating func write(_ first: UInt32, _ second: UInt32) {
        write(first)
        write(second)
    }

    /// The header of a box.
    mutating func write(_ size: UInt32, type: FourCC) { write(size, type.rawValue) }

    mutating func write(_ data: ByteChunk) {
        data.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: $0) }
        offset += data.count
    }

    /// Says that everything was written, neither more nor less.
    func finish() {
        precondition(offset == target.count, "a chunk fills its memory exactly")
    }
}
