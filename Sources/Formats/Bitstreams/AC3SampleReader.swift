public import Bytes
public import Media

/// Makes samples of AC-3 or Enhanced AC-3 that comes in whole frames, one or more at a time.
///
/// A sample is what an MP4 track carries as one (ETSI TS 102 366 annex F): a frame of AC-3; of Enhanced AC-3 the frames that
/// hold six blocks of each substream. What holds fewer waits for those that follow.
public struct AC3SampleReader: Sendable {
    private var configuration: AC3Configuration?
    private var waiting: [UInt8] = []

    /// A reader that has seen nothing.
    public init() {}

    /// True when the frames that come next go on with a sample that has begun.
    public var isInsideSample: Bool { !waiting.isEmpty }

    /// Takes frames, and gives the sample that they complete; the track too where it is not the one before.
    public mutating func read(_ frames: ByteChunk) throws(BitstreamError) -> (track: Track?, sample: ByteChunk)? {
        var sample = frames
        if !waiting.isEmpty {
            sample = ByteChunk(waiting + frames.array)
            waiting = []
        }
        let next = try AC3Configuration(sample: sample.span)
        if next.isEnhanced {
            let blocks = AC3Framing.blockCount(of: sample.span)
            guard blocks >= 6 else {
                waiting = sample.array
                return nil
            }
            guard blocks == 6 else { throw .unsupported("more than six blocks at once") }
        }
        guard next != configuration else { return (nil, sample) }
        configuration = next
        return (Track(next, sample: sample), sample)
    }
}
