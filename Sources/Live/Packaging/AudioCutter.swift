internal import Bytes
internal import ISOBMFF
internal import Media

/// Cuts audio where video was cut: a chunk ends with the first frame that reaches the same instant, as long as it is then
/// neither longer nor shorter than a part may be. One that would be too long ends with the last frame that fits; what is
/// too short waits for the next instant, or for the end of the segment, where a part may be as short as it is. So frames
/// of any length make parts that may be: short ones follow the video, long ones have a row of their own that begins anew
/// with each segment. Where no number of frames makes a part of the right length, as many as fit are one.
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
    /// How far ahead of what was cut frames may be: as far as tracks may be apart, and as long as one waits for another.
    private static let limit = MediaTime.milliseconds(13_000)

    /// How far frames may be put from their times for long.
    private static let largestOffset = MediaTime.milliseconds(8)
    /// Over how many frames that is averaged: times may be uneven.
    private static let memory: Int64 = 8

    private let timescale: Timescale
    private let frameDuration: Int64
    /// No chunk is longer, but for one frame that is.
    private let longest: Int64
    /// No chunk is shorter, but for the last of a segment, and where one more frame would be too many.
    private let shortest: Int64
    private let largestOffset: Int64
    private let limit: Int64
    private var pieces: [Piece] = []
    private var chunkStart: Int64
    /// The instant that is to be reached.
    private var target: Int64
    private var hasBegun = false
    /// True when the last that was taken is a frame, which the next one follows.
    private var follows = false
    /// How much later than they are put frames should be, on average.
    private var offset: Int64 = 0

    /// A cutter for frames of `format`, whose first chunk begins at `start`.
    init(format: AudioFormat, profile: LatencyProfile, start: MediaTime) {
        timescale = Timescale(format.sampleRate)
        frameDuration = max(Int64(format.samplesPerFrame), 1)
        longest = profile.partTarget.ticks(in: timescale, rounding: .down)
        shortest = profile.shortestPart.ticks(in: timescale, rounding: .up)
        largestOffset = min(Self.largestOffset.ticks(in: timescale), frameDuration / 2)
        chunkStart = start.ticks(in: timescale)
        target = chunkStart
        limit = Self.limit.ticks(in: timescale)
    }

    /// Where the next chunk begins.
    var start: MediaTime { MediaTime(chunkStart, timescale) }

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

    /// The next chunk on the way to `instant`, once its frames are there; nothing when the chunk that reaches it was the
    /// last, or would be too short. With `mayReach` false it is nothing too for a chunk that reaches the instant: others may
    /// have to come so far first.
    mutating func cut(at instant: MediaTime, mayReach: Bool = true) -> AudioCut {
        target = (instant - Self.clockResolution).ticks(in: timescale, rounding: .up)
        if chunkStart >= target || !mayReach && isExpectedToReach { return .nothing }
        guard let end = nextEnd else { return .wait }
        if end >= target, !mayReach || end - chunkStart < shortest { return .nothing }
        return .chunk(close(takePieces(upTo: end)))
    }

    /// The segment ends at the instant that was to be reached last: what was too short for a part is its last, if there
    /// is anything.
    mutating func endSegment() -> Chunk? {
        guard chunkStart < target, let end = nextEnd else { return nil }
        return close(takePieces(upTo: end))
    }

    /// True when the frames that lack for it will make a chunk that reaches the target, if they follow each other.
    private var isExpectedToReach: Bool {
        guard position < target else { return false }
        let frames = (target - position + frameDuration - 1) / frameDuration
        return position + frames * frameDuration - chunkStart <= longest
    }

    /// Where the next chunk ends: with the first frame that reaches the target, or with the last one that fits. A hole ends
    /// anywhere. Nothing while frames lack.
    private var nextEnd: Int64? {
        let limit = chunkStart + longest
        guard position >= target || position > limit else { return nil }
        var end = chunkStart
        for piece in pieces {
            if end >= target { break }
            let next = piece.data == nil ? min(piece.end, target) : piece.end
            if next > limit { return piece.data == nil ? limit : end > chunkStart ? end : next }
            end = next
        }
        return end
    }

    private mutating func takePieces(upTo end: Int64) -> [Piece] {
        var taken: [Piece] = []
        while let first = pieces.first, first.start < end {
            pieces.removeFirst()
            if first.end > end {
                taken.append(Piece(start: first.start, end: end, data: nil))
                pieces.insert(Piece(start: end, end: first.end, data: nil), at: 0)
            } else {
                taken.append(first)
            }
        }
        return taken
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
    /// A chunk that reaches the instant, or is on the way there.
    case chunk(Chunk)
    /// There is none to be cut for now.
    case nothing
    /// The frames are not there yet.
    case wait
}
