internal import Bytes
internal import ISOBMFF
internal import Media

/// Cuts audio where video was cut: a chunk ends with the first frame that reaches the same instant.
///
/// Audio frames have one length, so decode times are counted in samples from the first frame on. Frames that are
/// missing are silence where there are frames of it, else they leave a hole. Frames that come for a time already published
/// are dropped: sound never moves against the picture by more than half a frame, and on average by no more than 8 ms,
/// where samples and times disagree.
struct AudioCutter {
    /// A stretch of the track: one frame, or a hole where frames are missing.
    private struct Piece {
        let start: Int64
        var end: Int64
        /// Nothing for a hole.
        let data: ByteChunk?
    }

    /// Instants come from clocks of milliseconds: a frame that ends less than that before one has reached it.
    private static let clockResolution = MediaTime.milliseconds(1)
    /// How far ahead of what was cut frames may be: as far as tracks may be apart.
    private static let limit = MediaTime.milliseconds(10_000)

    /// How far frames may be put from their times for long.
    private static let largestOffset = MediaTime.milliseconds(8)
    /// Over how many frames that is averaged: times may be uneven.
    private static let memory: Int64 = 8

    private let timescale: Timescale
    private let frameDuration: Int64
    private let largestOffset: Int64
    private let limit: Int64
    private var pieces: [Piece] = []
    /// Where the next chunk begins.
    private var chunkStart: Int64
    private var hasBegun = false
    /// True when the last that was taken is a frame, which the next one follows.
    private var follows = false
    /// How much later than they are put frames should be, on average.
    private var offset: Int64 = 0

    /// A cutter for frames of `format`, whose first chunk begins at `start`.
    init(format: AudioFormat, start: MediaTime) {
        timescale = Timescale(format.sampleRate)
        frameDuration = Int64(format.samplesPerFrame)
        largestOffset = min(Self.largestOffset.ticks(in: timescale), frameDuration / 2)
        chunkStart = start.ticks(in: timescale)
        limit = Self.limit.ticks(in: timescale)
    }

    /// The end of what has been taken.
    var end: MediaTime { MediaTime(position, timescale) }

    /// How long a frame lasts.
    var frameLength: MediaTime { MediaTime(frameDuration, timescale) }

    /// True when a frame was taken that is not cut yet.
    var hasFrames: Bool { pieces.contains { $0.data != nil } }

    private var position: Int64 { pieces.last?.end ?? chunkStart }

    // MARK: Taking frames

    /// Takes the next frame, shown at `time` on the presentation's timeline; false when it comes too late. What is too
    /// far ahead is dropped, and will be a hole: false too, unless frames before it wait. Frames that are missing between
    /// others will be so many of `silence`: a hole could end between the places of frames, and make a part too long.
    mutating func append(_ data: ByteChunk, at time: MediaTime, silence: ByteChunk? = nil) -> Bool {
        let wanted = time.ticks(in: timescale)
        if !hasBegun { begin(at: wanted) }
        var error = wanted - position
        let tolerance = follows ? frameDuration / 2 : largestOffset
        if error < -tolerance { return false }
        guard wanted - chunkStart < limit else { return hasFrames }
        if let silence, error > tolerance {
            fill(upTo: wanted - (follows ? tolerance : frameDuration - 1), with: silence)
            error = wanted - position
        }
        offset = follows ? offset + (error - offset) / Self.memory : error
        if offset < -largestOffset {
            // The next one will have its place, behind a hole.
            (offset, follows) = (0, false)
            return false
        }
        if error > tolerance || offset > largestOffset {
            leaveHole(upTo: wanted)
            offset = 0
        }
        pieces.append(Piece(start: position, end: position + frameDuration, data: data))
        follows = true
        return true
    }

    /// Gives up waiting for frames before `time`: they will be so many frames of `silence`, or a hole where there is none.
    mutating func giveUp(before time: MediaTime, silence: ByteChunk?) {
        (hasBegun, follows) = (true, false)
        let end = time.ticks(in: timescale, rounding: .up)
        guard let silence else { return leaveHole(upTo: end) }
        fill(upTo: end, with: silence)
    }

    /// The first frame of a run may begin a little after the video: the track then begins there, without a hole.
    private mutating func begin(at time: Int64) {
        guard time >= chunkStart - largestOffset else { return }
        hasBegun = true
        let slack = Int64(timescale.ticksPerSecond) / 10
        if pieces.isEmpty, time - chunkStart < slack { chunkStart = max(time, chunkStart) }
    }

    private mutating func fill(upTo time: Int64, with silence: ByteChunk) {
        while position < time {
            pieces.append(Piece(start: position, end: position + frameDuration, data: silence))
        }
    }

    private mutating func leaveHole(upTo time: Int64) {
        guard time > position else { return }
        pieces.append(Piece(start: position, end: time, data: nil))
    }

    // MARK: Cutting

    /// The chunk that ends with the first frame at or after `instant`, once that frame is there. It is nothing too
    /// when such a chunk would be empty, because the one before it already reached the instant.
    mutating func cut(at instant: MediaTime) -> AudioCut {
        let target = (instant - Self.clockResolution).ticks(in: timescale, rounding: .up)
        if chunkStart >= target { return .nothing }
        guard position >= target else { return .wait }
        var taken: [Piece] = []
        while let first = pieces.first, first.start < target {
            pieces.removeFirst()
            if first.data == nil, first.end > target {
                taken.append(Piece(start: first.start, end: target, data: nil))
                pieces.insert(Piece(start: target, end: first.end, data: nil), at: 0)
            } else {
                taken.append(first)
            }
        }
        return .chunk(close(taken))
    }

    /// Everything that is left, as a last chunk; nothing when nothing is left.
    mutating func flush() -> Chunk? {
        let taken = pieces.filter { $0.data != nil }
        guard let last = taken.last else {
            pieces = []
            return nil
        }
        let rest = pieces.filter { $0.start < last.end }
        pieces = []
        return close(rest)
    }

    /// A hole before the first frame delays that frame; a later hole makes the frame before it last longer.
    private mutating func close(_ pieces: [Piece]) -> Chunk {
        let start = chunkStart
        let end = pieces.last?.end ?? start
        var samples: [ChunkSample] = []
        let frames = pieces.filter { $0.data != nil }
        for (position, frame) in frames.enumerated() {
            let decodeTime = position == 0 ? start : frame.start
            let next = position + 1 < frames.count ? frames[position + 1].start : end
            samples.append(
                ChunkSample(
                    data: frame.data ?? ByteChunk(), duration: UInt32(clamping: next - decodeTime),
                    compositionOffset: Int32(clamping: frame.start - decodeTime), isSync: true))
        }
        chunkStart = end
        return Chunk(start: start, end: end, samples: samples)
    }
}

/// What came of a wish to cut audio.
enum AudioCut {
    /// A chunk, ended at the instant or by the frame that crosses it.
    case chunk(Chunk)
    /// The instant was reached by the chunk before.
    case nothing
    /// The frames are not there yet.
    case wait
}
