public import Bytes

/// One sample as a chunk carries it: times in ticks of the track's timescale.
public struct ChunkSample: Sendable {
    /// The coded bytes, as a `Sample` has them.
    public let data: ByteChunk
    /// The time to the next sample's decoding.
    public let duration: UInt32
    /// Presentation time less decode time; below zero where decode times run ahead.
    public let compositionOffset: Int32
    /// True where decoding can begin.
    public let isSync: Bool

    /// A sample with those times.
    public init(data: ByteChunk, duration: UInt32, compositionOffset: Int32, isSync: Bool) {
        self.data = data
        self.duration = duration
        self.compositionOffset = compositionOffset
        self.isSync = isSync
    }
}
