import Bytes

/// Frames that belong together: those that are not shown, and the one that is. VP9 Bitstream & Decoding Process
/// Specification annex B.
enum VP9Superframe {
    /// As many as an index can count.
    static let frameLimit = 8

    /// The frames in `packet`, in their order. Without an index it is one.
    static func frames(in packet: ByteChunk) throws(BitstreamError) -> [ByteChunk] {
        let bytes = packet.span
        guard let last = bytes.indices.last.map({ bytes[$0] }), last & 0xE0 == 0xC0 else { return [packet] }
        let (count, width) = (Int(last & 7) + 1, Int(last >> 3 & 3) + 1)
        let indexSize = 2 + count * width
        guard bytes.count >= indexSize, bytes[bytes.count - indexSize] == last else { return [packet] }
        let end = bytes.count - indexSize
        var (frames, start): ([ByteChunk], Int) = ([], 0)
        for frame in 0..<count {
            let place = end + 1 + frame * width
            let size = (0..<width).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
            guard size <= end - start else { throw .unexpectedEnd(offset: end) }
            // A frame without bytes is none.
            if size > 0 { frames.append(packet[start..<(start + size)]) }
            start += size
        }
        return frames
    }

    /// `frames`, at most so many as an index can count, and the index behind them.
    static func joined(_ frames: [ByteChunk]) -> ByteChunk {
        let width = frames.map { ($0.count.bitWidth - $0.count.leadingZeroBitCount + 7) / 8 }.max() ?? 1
        let marker = 0xC0 | UInt8(width - 1) << 3 | UInt8(frames.count - 1)
        var index: [UInt8] = [marker]
        for frame in frames {
            for byte in 0..<width { index.append(UInt8(truncatingIfNeeded: frame.count >> (8 * byte))) }
        }
        return ByteChunk(joining: frames + [ByteChunk(index + [marker])])
    }
}
