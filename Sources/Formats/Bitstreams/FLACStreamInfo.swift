public import Bytes

/// What the metadata block STREAMINFO says of a FLAC stream, RFC 9639 §8.2.
public struct FLACStreamInfo: Sendable, Hashable {
    /// Audio samples in the smallest block, but for the last.
    public let minimumBlockSize: Int
    /// Audio samples in the largest block.
    public let maximumBlockSize: Int
    /// Audio samples in one second.
    public let sampleRate: UInt32
    /// Channels, 1 to 8.
    public let channelCount: Int
    /// Bits in an audio sample, 4 to 32.
    public let bitsPerSample: UInt8
    /// The bytes in the smallest and in the largest frame, three each; zeros where they are not known.
    private let frameSizes: [UInt8]

    private static let size = 34
    private static let signature = Array("fLaC".utf8)

    /// The block at the start of `header`, which is what begins a FLAC file and a FLAC stream in Enhanced RTMP: the
    /// signature `fLaC` and metadata blocks, the first of which it is. The signature may be left out, and so may its
    /// header, where it is alone.
    public init(header: ByteChunk) throws(BitstreamError) {
        let bytes = header.span
        if bytes.count == Self.size {
            try self.init(bytes)
            return
        }
        let start = header.count >= 4 && header[0..<4].array == Self.signature ? 4 : 0
        try self.init(block: bytes, at: start)
    }

    /// The block in the payload of a `dfLa` box.
    public init(specificBox payload: ByteChunk) throws(BitstreamError) {
        // version, flags
        try self.init(block: payload.span, at: 4)
    }

    /// The block at `start`, behind the header of a metadata block, RFC 9639 §8.1.
    private init(block bytes: Span<UInt8>, at start: Int) throws(BitstreamError) {
        guard bytes.count >= start + 4 + Self.size else { throw .unexpectedEnd(offset: bytes.count) }
        guard bytes[start] & 0x7F == 0 else { throw .missing("STREAMINFO") }
        guard (bytes[start + 1], bytes[start + 2], bytes[start + 3]) == (0, 0, UInt8(Self.size)) else {
            throw .invalid("metadata block size", offset: start + 1)
        }
        try self.init(bytes.extracting((start + 4)..<(start + 4 + Self.size)))
    }

    private init(_ bytes: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(bytes)
        (minimumBlockSize, maximumBlockSize) = (Int(try reader.u(16)), Int(try reader.u(16)))
        guard minimumBlockSize >= 16, maximumBlockSize >= minimumBlockSize else {
            throw .invalid("block size", offset: 0)
        }
        frameSizes = [
            try reader.byte(), try reader.byte(), try reader.byte(), try reader.byte(), try reader.byte(),
            try reader.byte(),
        ]
        sampleRate = try reader.u(20)
        guard sampleRate > 0 else { throw .unsupported("FLAC that is no sound") }
        channelCount = Int(try reader.u(3)) + 1
        bitsPerSample = UInt8(try reader.u(5)) + 1
        guard bitsPerSample >= 4 else { throw .invalid("bits per sample", offset: 12) }
    }

    /// The payload of `dfLa`, "Encapsulation of FLAC in ISO Base Media File Format" §3.3.2, with this block alone. How
    /// many samples there are, and what they add up to, nobody knows of a stream that goes on.
    public var record: ByteChunk {
        var bits = BitWriter()
        bits.u(16, UInt32(minimumBlockSize))
        bits.u(16, UInt32(maximumBlockSize))
        for byte in frameSizes { bits.u(8, UInt32(byte)) }
        bits.u(20, sampleRate)
        bits.u(3, UInt32(channelCount - 1))
        bits.u(5, UInt32(bitsPerSample - 1))
        // version, flags; the last block, of type 0
        return ByteChunk(
            [0, 0, 0, 0, 0x80, 0, 0, UInt8(Self.size)] + bits.bytes
                + [UInt8](repeating: 0, count: Self.size - bits.bytes.count))
    }
}
