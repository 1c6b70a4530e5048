public import Bytes

/// A CMAF chunk, ISO/IEC 23000-19 §7.3.2.3: one `moof` and the `mdat` with exactly its samples, after the event messages
/// that fall into its time.
///
/// A part is one chunk, and a segment is the chunks of its parts one after the other, byte for byte; so there is no
/// `styp`, which would stand only at a segment's start. The track's id is 1, as in `CMAFHeader`. Every `traf` repeats its
/// defaults, so a chunk needs nothing of the `trex`.
public enum CMAFChunk {
    /// The chunk of `samples`, of which there must be at least one, in memory of exactly its size. The samples' bytes are
    /// copied once.
    ///
    /// - Parameters:
    ///   - sequenceNumber: The number of the `mfhd`, one more than that of the chunk before.
    ///   - baseMediaDecodeTime: The decode time of the first sample, in ticks: the sum of all durations before.
    ///   - samples: The samples in decoding order, together below 2 GiB.
    ///   - events: What goes before the `moof`.
    public static func bytes(
        sequenceNumber: UInt32, baseMediaDecodeTime: UInt64, samples: [ChunkSample], events: [EventMessage] = []
    ) -> ByteChunk {
        let layout = ChunkLayout(samples)
        let messages = events.map(\.bytes)
        return ByteChunk(count: messages.reduce(layout.size) { $0 + $1.count }) { target in
            var chunk = ChunkCursor(target)
            for message in messages { chunk.write(message) }
            chunk.write(UInt32(layout.movieFragmentSize), type: "moof")
            chunk.write(UInt32(16), type: "mfhd")
            chunk.write(UInt32(0), sequenceNumber)
            chunk.write(UInt32(layout.trackFragmentSize), type: "traf")

            chunk.write(UInt32(ChunkLayout.trackHeaderSize), type: "tfhd")
            chunk.write(ChunkLayout.trackHeaderFlags, CMAFHeader.trackID)
            chunk.write(layout.defaultDuration, layout.defaultFlags.rawValue)

            chunk.write(UInt32(ChunkLayout.decodeTimeSize), type: "tfdt")
            chunk.write(UInt32(0x0100_0000))
            chunk.write(UInt32(truncatingIfNeeded: baseMediaDecodeTime >> 32))
            chunk.write(UInt32(truncatingIfNeeded: baseMediaDecodeTime))

            chunk.write(UInt32(layout.runSize), type: "trun")
            // Version 1: composition offsets have a sign.
            chunk.write(0x0100_0000 | layout.run.rawValue, UInt32(samples.count))
            chunk.write(UInt32(layout.movieFragmentSize + 8))
            if layout.run.contains(.firstSampleFlags) { chunk.write(SampleFlags.sync.rawValue) }
            for sample in samples {
                if layout.run.contains(.duration) { chunk.write(sample.duration) }
                chunk.write(UInt32(sample.data.count))
                if layout.run.contains(.flags) { chunk.write(SampleFlags(isSync: sample.isSync).rawValue) }
                if layout.run.contains(.compositionOffset) {
                    chunk.write(UInt32(bitPattern: sample.compositionOffset))
                }
            }
            chunk.write(UInt32(8 + layout.mediaSize), type: "mdat")
            for sample in samples { chunk.write(sample.data) }
            chunk.finish()
        }
    }
}
