internal import Bytes
internal import ISOBMFF
internal import Media
internal import Timeline

/// A frame on the presentation's own timeline, in ticks of its track.
struct TimedFrame {
    let data: ByteChunk
    /// The source's decode time on the source's own clock, for measuring the beat.
    let sourceDecodeTime: Int64
    let decodeTime: Int64
    let presentationTime: Int64
    let access: SampleAccess

    var isSync: Bool { access == .sync || access == .openSync }
}

/// What a cutter has decided, in order.
enum Cut {
    /// A chunk is whole.
    case chunk(Chunk)
    /// The segment ends where the last chunk did.
    case segmentEnd(SegmentEnd)
}

/// Why a segment ended.
enum SegmentEnd: Equatable {
    /// The next one begins with a key frame.
    case keyFrame
    /// The next one begins with a key frame, and frames follow that need what came before it too.
    case openKeyFrame
    /// No key frame had come by the target duration.
    case withoutKeyFrame
    /// The source went away, or its timeline broke.
    case interruption
}

/// The samples between two cuts, or a stretch of time without any.
struct Chunk {
    /// Ticks of the track at which the chunk begins, which is where the one before it ended.
    let start: Int64
    let end: Int64
    let samples: [ChunkSample]

    var isIndependent: Bool { samples.first?.isSync ?? false }
}

/// Decides where video is cut: the chunks, and the segments that they make up.
///
/// Cuts lie in presentation time. Decode times begin with each key frame's presentation time and go on at the measured
/// cadence, so that a chunk's `tfdt` is the sum of all durations before it and every key frame is decoded when it is
/// shown; composition offsets carry what is left, and so presentation times stay exactly the source's. While the
/// cadence holds, a chunk closes on its own last frame, because the time of the next is known; else on the next frame.
struct VideoCutter {
    /// What is left of a segment at an interruption must be that long to be published.
    private static let shortestSegment = MediaTime.milliseconds(100)
    /// An AAC frame of 1,024 samples at 44.1 kHz, rounded up.
    private static let audioFrame = MediaTime.milliseconds(24)

    private let profile: LatencyProfile
    private let timescale = Timescale.video
    private let sourceTicksPerSecond: Int64
    private(set) var cadence: Cadence
    /// How many frames were taken since the last interruption, and where the first one was.
    private var frameCount: Int64 = 0
    private var firstFrame: Int64 = 0

    private var frames: [TimedFrame] = []
    /// Where the open chunk begins.
    private var chunkStart: Int64 = 0
    private var segmentStart: Int64 = 0
    /// Where the grid of chunk ends is counted from.
    private var gridOrigin: Int64 = 0
    /// What turns a frame's decode time into ours: the distance from decoding to showing of the last key frame that no
    /// frame is shown before.
    private var reorderDelay: Int64 = 0
    /// True while frames lack what they need because it came before the key frame that we began with.
    private var dropsLeading = false
    /// The latest time at which a frame taken so far is shown.
    private var latestPresentation = Int64.min
    private var segmentsEnded = 0
    private var isOpen = false
    private var needsKeyFrame = false
    /// Where segments are to end, if key frames come.
    private var wantedEnds: [Int64] = []

    init(profile: LatencyProfile, sourceTimescale: Timescale) {
        self.profile = profile
        sourceTicksPerSecond = Int64(sourceTimescale.ticksPerSecond)
        cadence = Cadence(ticksPerSecond: sourceTicksPerSecond)
    }

    /// The end of everything that was cut or taken, as far as it is known.
    var end: Int64 { frames.last.map { max(chunkStart, decodeTime($0)) } ?? chunkStart }

    /// The same on the presentation's timeline.
    var endTime: MediaTime { MediaTime(end, timescale) }

    /// Frames per second: of the cadence, else on average, once there has been a second of them.
    var frameRate: Double? {
        if let rate = cadence.frameRate { return rate }
        let seconds = Double(end - firstFrame) / Double(timescale.ticksPerSecond)
        return isOpen && seconds >= 1 ? Double(frameCount) / seconds : nil
    }

    /// True between the first key frame and an interruption.
    var isRunning: Bool { isOpen }

    // MARK: Taking frames

    /// Takes the next frame in decode order. Frames before the first key frame are refused.
    mutating func append(_ frame: TimedFrame, cuts: inout [Cut]) -> Bool {
        guard frame.isSync || (isOpen && !needsKeyFrame) else { return false }
        if frame.access == .leading, dropsLeading { return false }
        if frame.isSync {
            let begins = !isOpen || needsKeyFrame
            dropsLeading = begins && frame.access == .openSync
            // Behind a key frame of an open group come frames that are shown before it: they say nothing of the delay.
            if begins || frame.access == .sync { reorderDelay = frame.presentationTime - frame.decodeTime }
        }
        needsKeyFrame = false
        _ = cadence.observe(frame.sourceDecodeTime)
        var time = decodeTime(frame)
        // Where frames come at uneven distances, those before a key frame may seem to be decoded after it: they make way.
        if frame.isSync, !frames.isEmpty { time = max(time, chunkStart + Int64(frames.count)) }
        if !isOpen { open(at: time) }
        if time > chunkStart { closeBefore(frame, at: time, cuts: &cuts) }
        endSegmentIfDue(before: frame, at: time, cuts: &cuts)
        if frames.isEmpty, frame.isSync { gridOrigin = chunkStart }
        latestPresentation = max(latestPresentation, frame.presentationTime)
        frames.append(frame)
        frameCount += 1
        if let next = predictedTime(after: frame), isChunkDue(at: next) { close(at: next, cuts: &cuts) }
        return true
    }

    /// Gives up waiting for frames before `time`, so that other tracks can go on: what is missing becomes chunks
    /// without samples, and the next frame taken must be a key frame.
    mutating func giveUp(before time: MediaTime, cuts: inout [Cut]) {
        guard isOpen else { return }
        fillHole(upTo: ticks(time), leaving: ticks(profile.gapPart), cuts: &cuts)
        needsKeyFrame = true
    }

    /// Ends the segment with the first key frame at or after `time`, however short it is then. Only so many such times are
    /// kept.
    mutating func endSegment(at time: MediaTime) {
        if wantedEnds.count < 64 { wantedEnds.append(ticks(time)) }
    }

    /// Closes everything that is open: the source has gone, or its timeline breaks here. A few frames are not made a
    /// segment of their own, for which there may be no sound.
    mutating func interrupt(cuts: inout [Cut]) {
        guard isOpen else { return }
        if let last = frames.last {
            let end = predictedTime(after: last) ?? decodeTime(last) + typicalDuration
            if chunkStart > segmentStart || end - segmentStart >= ticks(Self.shortestSegment) {
                close(at: end, cuts: &cuts)
            }
            frames = []
        }
        cuts.append(.segmentEnd(.interruption))
        isOpen = false
        cadence = Cadence(ticksPerSecond: sourceTicksPerSecond)
    }

    private mutating func open(at time: Int64) {
        isOpen = true
        (frameCount, firstFrame, latestPresentation) = (0, time, .min)
        (chunkStart, segmentStart, gridOrigin) = (time, time, time)
    }

    // MARK: Deciding

    /// Ends the open chunk before a frame that must not be in it, and fills a hole in front of the frame. A key frame
    /// inside a segment begins a chunk, and a grid, of its own when the chunk before it is long enough.
    private mutating func closeBefore(_ frame: TimedFrame, at time: Int64, cuts: inout [Cut]) {
        if !frames.isEmpty {
            let isNewGrid = frame.isSync && isLongEnough(upTo: time)
            guard isNewGrid || isSegmentDue(before: frame, at: time) || isChunkDue(at: time) else { return }
        }
        let limit = ticks(profile.partTarget)
        fillHole(upTo: time, leaving: limit, cuts: &cuts)
        if !frames.isEmpty { close(at: time, cuts: &cuts) }
        fillHole(upTo: time, leaving: limit - typicalDuration, cuts: &cuts)
    }

    /// A chunk is never longer than the part target: when frames are missing for longer, the frame before the hole
    /// lasts to the next grid instant, and what is still missing is cut into chunks without samples.
    private mutating func fillHole(upTo time: Int64, leaving limit: Int64, cuts: inout [Cut]) {
        let step = ticks(profile.gapPart)
        while time - chunkStart > limit {
            if frames.isEmpty, chunkStart - segmentStart + tolerance >= ticks(profile.target) {
                endSegment(.withoutKeyFrame, cuts: &cuts)
            }
            let stop = max(chunkStart + step, frames.last.map { decodeTime($0) + 1 } ?? 0)
            close(at: min(stop, time), cuts: &cuts)
        }
    }

    private mutating func endSegmentIfDue(before frame: TimedFrame, at time: Int64, cuts: inout [Cut]) {
        guard frames.isEmpty, isSegmentDue(before: frame, at: time) else { return }
        switch frame.access {
        case .sync: endSegment(.keyFrame, cuts: &cuts)
        case .openSync: endSegment(.openKeyFrame, cuts: &cuts)
        case .leading, .dependent: endSegment(.withoutKeyFrame, cuts: &cuts)
        }
    }

    private mutating func endSegment(_ reason: SegmentEnd, cuts: inout [Cut]) {
        cuts.append(.segmentEnd(reason))
        let end = chunkStart + tolerance
        wantedEnds.removeAll { $0 <= end }
        segmentsEnded += 1
        (segmentStart, gridOrigin) = (chunkStart, chunkStart)
    }

    /// A segment ends at the first key frame after half the target duration, at every key frame while the
    /// presentation is young, and at the target duration whatever comes; only that no frame after the end may be
    /// shown before one that was taken, or the next segment would begin earlier than this one ends.
    private func isSegmentDue(before frame: TimedFrame, at time: Int64) -> Bool {
        let length = time - segmentStart + tolerance
        if length - tolerance <= 0 { return false }
        if length >= ticks(profile.target), frame.isSync || frame.presentationTime > latestPresentation { return true }
        // Sound must have a part in every segment too.
        guard frame.isSync, length >= ticks(profile.gapPart) else { return false }
        if wantedEnds.contains(where: { $0 <= time + tolerance }) { return true }
        return segmentsEnded < LatencyProfile.eagerSegments || length >= ticks(profile.target) / 2
    }

    /// A chunk ends at the first frame at or after the next grid instant, or where one more frame would be too many.
    /// Without a cadence nobody knows when the next frame comes: then a chunk ends as soon as it is long enough.
    private func isChunkDue(at time: Int64) -> Bool {
        let reached = time + tolerance
        // Where frames are shown in another order, the segment's end waits for one that may follow it.
        if reorderDelay == 0, reached - segmentStart >= ticks(profile.target) { return true }
        guard cadence.frameDuration != nil else { return isLongEnough(upTo: time) }
        if let grid = profile.grid.map(ticks) {
            // The first grid instant that a legal chunk can end at, and one of audio, which may be a frame shorter.
            var next = gridOrigin + ((chunkStart + tolerance - gridOrigin) / grid + 1) * grid
            if next - chunkStart + tolerance < ticks(profile.shortestPart + Self.audioFrame) { next += grid }
            if reached >= next { return true }
        }
        return time + typicalDuration - chunkStart > ticks(profile.partTarget)
    }

    /// True when a chunk that ends at `time` is legal, and the audio chunk that follows it too, which may be shorter
    /// by up to a frame.
    private func isLongEnough(upTo time: Int64) -> Bool { time - chunkStart + tolerance >= ticks(profile.gapPart) }

    // MARK: Closing

    /// Makes the frames taken so far, or the lack of any, a chunk that ends at `end`.
    private mutating func close(at end: Int64, cuts: inout [Cut]) {
        let end = max(end, chunkStart + Int64(max(frames.count, 1)))
        let starts = decodeTimes(upTo: end)
        var samples: [ChunkSample] = []
        samples.reserveCapacity(frames.count)
        for (position, frame) in frames.enumerated() {
            let next = position + 1 < starts.count ? starts[position + 1] : end
            // A key frame is shown when it is decoded, where a coarse clock put the end of the chunk before it beside that.
            let offset = frame.presentationTime - starts[position]
            let isRounded = position == 0 && frame.access == .sync && abs(offset) <= slack
            samples.append(
                ChunkSample(
                    data: frame.data, duration: UInt32(clamping: next - starts[position]),
                    compositionOffset: isRounded ? 0 : Int32(clamping: offset),
                    isSync: frame.isSync))
        }
        cuts.append(.chunk(Chunk(start: chunkStart, end: end, samples: samples)))
        frames.removeAll(keepingCapacity: true)
        chunkStart = end
    }

    /// When each frame of the open chunk is decoded: regularly where no frame is missing, else as the source says.
    private func decodeTimes(upTo end: Int64) -> [Int64] {
        if let duration = cadence.frameDuration {
            let regular = (0...Int64(frames.count)).map { chunkStart + ticks(frames: $0, of: duration) }
            if abs(regular[frames.count] - end) <= tolerance { return Array(regular.dropLast()) }
        }
        var times: [Int64] = []
        for (position, frame) in frames.enumerated() {
            let earliest = (times.last ?? chunkStart - 1) + 1
            let latest = end - Int64(frames.count - position)
            times.append(position == 0 ? chunkStart : min(max(decodeTime(frame), earliest), latest))
        }
        return times
    }

    private func decodeTime(_ frame: TimedFrame) -> Int64 { frame.decodeTime + reorderDelay }

    /// When the frame after `frame`, the last one taken, will be decoded.
    private func predictedTime(after frame: TimedFrame) -> Int64? {
        cadence.predicted().map { decodeTime(frame) + ($0 - frame.sourceDecodeTime) * ticksPerSourceTick }
    }

    // MARK: Units

    private var ticksPerSourceTick: Int64 { Int64(timescale.ticksPerSecond) / sourceTicksPerSecond }

    /// Times of a coarse clock lie up to two of its ticks from the truth.
    private var tolerance: Int64 { 2 * ticksPerSourceTick }

    /// A key frame may be shown so much beside its time, for the end of what is before it.
    private var slack: Int64 { max(tolerance, Int64(timescale.ticksPerSecond) / 1000) }

    /// A frame's length: by the cadence, else the distance of the last two frames.
    private var typicalDuration: Int64 {
        if let duration = cadence.frameDuration { return ticks(frames: 1, of: duration) }
        guard frames.count >= 2 else { return Int64(timescale.ticksPerSecond) / 30 }
        return max(decodeTime(frames[frames.count - 1]) - decodeTime(frames[frames.count - 2]), 1)
    }

    private func ticks(frames: Int64, of duration: Cadence.FrameDuration) -> Int64 {
        let (ticks, divisor) = (
            frames * duration.numerator * Int64(timescale.ticksPerSecond), sourceTicksPerSecond * duration.denominator
        )
        return (ticks + divisor / 2) / divisor
    }

    private func ticks(_ time: MediaTime) -> Int64 { time.ticks(in: timescale) }
}
