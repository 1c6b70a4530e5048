import Bytes

/// How far a frame of sound reaches.
enum AudioFrameExtent: Equatable {
    /// No frame begins here.
    case none
    /// A frame may begin here, but more bytes are needed to tell where it ends.
    case unknown
    /// A frame of so many bytes begins here; they need not all be there.
    case bytes(Int)
}

/// How the frames of one kind of sound lie in a stream, and what is in them: what `AudioFramer` needs to know.
protocol AudioFraming: Sendable {
    /// The byte that each frame begins with.
    static var firstByte: UInt8 { get }

    /// How far the frame reaches that begins with `bytes`, of which there is at least one. After the last packet
    /// `isLast` is true.
    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent

    /// Puts out the samples in `frame`, which is whole, and before them their track where it is another.
    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError)
}
