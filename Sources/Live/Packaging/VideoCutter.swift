internal import Bytes
internal import ISOBMFF
internal import Media

/// A frame on the presentation's own timeline, in ticks of its track.
struct TimedFrame {
    let data: ByteChunk
    /// The source's decode time on the source's own clock, for measuring the beat.
    let sourceDecodeTime: Int64
    /// That of the source, until the frame has its turn.
    private(set) var decodeTime: Int64
    let presentationTime: Int64
    let access: SampleAccess

    var isSync: Bool { access == .sync || access == .openSync }

    /// The frame with its turn.
    func decoded(at time: Int64) -> TimedFrame {
        var frame = self
        frame.decodeTime = time
        return frame
    }
}

/// When a rendition that goes on has a picture that is not cut yet.
struct OtherFrame {
    let time: Int64
    let isSync: Bool
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
    /// The next one begins with a key frame, and frames follow that need what came before it too. It is shown behind those:
    /// so many ticks later than it is decoded.
    case openKeyFrame(delay: Int64)
    /// No key frame had come by the target duration.
    case withoutKeyFrame
    /// Frames are missing from here on, as far as the next key frame.
    case hole
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
/// Cuts lie in presentation time: `DecodeTimeline` gives each frame its turn, so that a chunk's `tfdt` is the sum of all
/// durations before it and every key frame is decoded when it is shown; composition offsets carry what is left, and so
/// presentation times stay exactly the source's. While the cadence holds a chunk closes on its own last frame, because the
/// time of the next is known; else on the next frame.
struct VideoCutter {
    /// What is left of a segment at an interruption must be that long to be published.
    private static let shortestSegment = MediaTime.milliseconds(100)
    /// How much earlier than they should key frames come at most.
    private static let keyFrameSlack = MediaTime.milliseconds(250)
    /// An AAC frame of 1,024 samples at 44.1 kHz, rounded up.
    private static let audioFrame = MediaTime.milliseconds(24)

    private let profile: LatencyProfile
    private let timescale = Timescale.video
    private var timing: PictureTiming

    private var frames: [TimedFrame] = []
    /// Where the open chunk begins.
    private var chunkStart: Int64 = 0
    private var segmentStart: Int64 = 0
    /// Where the grid of chunk ends is counted from.
    private var gridOrigin: Int64 = 0
    /// When frames are decoded.
    private var timeline: DecodeTimeline
    /// True while frames lack what they need because it came before the key frame that we began with.
    private var dropsLeading = false
    /// The latest time at which a frame taken so far is shown.
    private var latestPresentation = Int64.min
    private var segmentsEnded = 0
    private var isOpen = false
    /// True while frames are missing, until a key frame comes.
    private(set) var needsKeyFrame = false
    /// True while the segment has no frames, because they are missing.
    private var isMissing = false
    /// Where segments are to end, if key frames come.
    private var wantedEnds: [Int64] = []

    init(profile: LatencyProfile, sourceTimescale: Timescale, reordersPictures: Bool) {
        self.profile = profile
        timing = PictureTiming(sourceTimescale: sourceTimescale, reordersPictures: reordersPictures)
        timeline = timing.timeline
    }

    /// The end of everything that was cut or taken, as far as it is known.
    var end: Int64 { frames.last.map { max(chunkStart, $0.decodeTime) } ?? chunkStart }

    /// The same on the presentation's timeline.
    var endTime: MediaTime { MediaTime(end, timescale) }

    /// Frames per second, once they are known.
    var frameRate: Double? { timing.frameRate }

    /// True between the first key frame and an interruption.
    var isRunning: Bool { isOpen }

    // MARK: Taking frames

    /// Takes the next frame in decode order. Frames before the first key frame are refused.
    mutating func append(_ frame: TimedFrame, cuts: inout [Cut]) -> Bool {
        guard frame.isSync || (isOpen && !needsKeyFrame) else { return false }
        if frame.access == .leading, dropsLeading { return false }
        let begins = !isOpen || needsKeyFrame
        if frame.isSync { dropsLeading = begins && frame.access == .openSync }
        needsKeyFrame = false
        timing.observe(frame)
        for frame in timeline.take(frame, begins: begins || frame.access == .sync) { place(frame, cuts: &cuts) }
        // The next one is expected behind the newest.
        if let newest = frames.last, let next = predictedTime(after: newest), isChunkDue(at: next) {
            close(at: next, cuts: &cuts)
        }
        return true
    }

    /// Takes a frame whose decode time is known.
    private mutating func place(_ frame: TimedFrame, cuts: inout [Cut]) {
        let time = frame.decodeTime
        if !isOpen { open(at: time) }
        if time > chunkStart { closeBefore(frame, at: time, cuts: &cuts) }
        endSegmentIfDue(before: frame, at: time, cuts: &cuts)
        if frames.isEmpty, frame.isSync { gridOrigin = chunkStart }
        latestPresentation = max(latestPresentation, frame.presentationTime)
        isMissing = false
        frames.append(frame)
    }

    /// Gives up waiting for frames before `time`, so that other tracks can go on: what is missing becomes chunks
    /// without samples, in segments of their own, and the next frame taken must be a key frame. Where another rendition has
    /// pictures, chunks end with them, and segments where it has a key frame, as they would here.
    mutating func giveUp(before time: MediaTime, others: [OtherFrame], cuts: inout [Cut]) {
        guard isOpen else { return }
        for frame in timeline.flush() { place(frame, cuts: &cuts) }
        let (time, step) = (ticks(time), ticks(profile.gapPart))
        guard time - chunkStart > step else { return }
        if let last = frames.last { close(at: max(missingEnd(others), last.decodeTime + 1), cuts: &cuts) }
        // Where clients cannot be told of parts, a segment has no hole.
        let isWhole = others.isEmpty || !profile.offersParts
        if !needsKeyFrame, isWhole, chunkStart - segmentStart >= step { endSegment(.hole, cuts: &cuts) }
        needsKeyFrame = true
        while time - chunkStart > step {
            let begins = others.contains { $0.isSync && abs($0.time - chunkStart) <= tolerance }
            if begins, isKeyFrameDue(at: chunkStart) { endSegment(.hole, cuts: &cuts) }
            leaveOut(upTo: missingEnd(others), cuts: &cuts)
        }
    }

    /// Where a part of missing media ends that begins here.
    private func missingEnd(_ others: [OtherFrame]) -> Int64 {
        let latest = chunkStart + ticks(profile.partTarget)
        let begin = others.first { $0.isSync && $0.time > chunkStart + tolerance && isKeyFrameDue(at: $0.time) }
        if let begin, begin.time <= latest { return begin.time }
        let earliest = chunkStart + profile.shortestPart.ticks(in: timescale, rounding: .up)
        return others.last { (earliest...latest).contains($0.time) }?.time ?? chunkStart + ticks(profile.gapPart)
    }

    /// True where a segment ends if there is a key frame, and no other reason. Key frames that should be half a target
    /// duration apart may come a little early: the one after that would be too late.
    private func isKeyFrameDue(at time: Int64) -> Bool {
        time - segmentStart + tolerance >= ticks(profile.target) / 2 - ticks(Self.keyFrameSlack)
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
        for frame in timeline.flush() { place(frame, cuts: &cuts) }
        if let last = frames.last {
            let limit = profile.offersParts ? chunkStart + ticks(profile.partTarget) : segmentStart + longestSegment
            let expected = predictedTime(after: last) ?? last.decodeTime + typicalDuration
            let end = max(last.decodeTime + 1, min(expected, limit))
            if chunkStart > segmentStart || end - segmentStart >= ticks(Self.shortestSegment) {
                close(at: end, cuts: &cuts)
            }
            frames = []
        }
        cuts.append(.segmentEnd(.interruption))
        (isOpen, needsKeyFrame) = (false, false)
        timing.restart()
        timeline = timing.timeline
    }

    private mutating func open(at time: Int64) {
        isOpen = true
        latestPresentation = .min
        (chunkStart, segmentStart, gridOrigin) = (time, time, time)
    }

    // MARK: Deciding

    /// Ends the open chunk before a frame that must not be in it, and fills a hole in front of the frame. A key frame
    /// inside a segment begins a chunk, and a grid, of its own when the chunk before it is long enough.
    private mutating func closeBefore(_ frame: TimedFrame, at time: Int64, cuts: inout [Cut]) {
        let beginsSegment = isSegmentDue(before: frame, at: time)
        if !frames.isEmpty {
            let isNewGrid = frame.isSync && isLongEnough(upTo: time)
            guard isNewGrid || beginsSegment || isChunkDue(at: time) else { return }
        }
        if beginsSegment { leaveOutLast(upTo: time, cuts: &cuts) }
        if !frames.isEmpty { closeFrames(before: time, cuts: &cuts) }
        // Where less than a part is missing the frame is decoded as much earlier, but not where a segment begins with it.
        let rest = beginsSegment ? slack : max(slack, ticks(profile.partTarget) - typicalDuration)
        guard time - chunkStart > rest else { return }
        // Where clients cannot be told of parts, or the segment would be too long, what is missing is one of its own.
        if !profile.offersParts || beginsSegment && time - segmentStart > longestSegment,
            chunkStart - segmentStart >= ticks(profile.gapPart)
        {
            endSegment(.hole, cuts: &cuts)
        }
        // A part without frames may be as short as it is.
        while time > chunkStart {
            let isLast = time - chunkStart <= ticks(profile.partTarget)
            leaveOut(upTo: isLast ? time : chunkStart + ticks(profile.gapPart), cuts: &cuts)
        }
    }

    /// A chunk without samples. No segment grows longer than all may be by it.
    private mutating func leaveOut(upTo end: Int64, cuts: inout [Cut]) {
        if chunkStart - segmentStart + tolerance >= ticks(profile.target) {
            endSegment(isMissing ? .hole : .withoutKeyFrame, cuts: &cuts)
        }
        close(at: end, cuts: &cuts)
    }

    /// Ends the chunk where the next frame comes, or where it is as long as it may be: a part as long as parts may be, else
    /// as what is left of the segment, behind which there may be one of missing media.
    private mutating func closeFrames(before time: Int64, cuts: inout [Cut]) {
        let part = ticks(profile.gapPart)
        if profile.offersParts {
            let end = time - chunkStart > ticks(profile.partTarget) ? chunkStart + part : time
            let latest = max(segmentStart + longestSegment, (frames.last?.decodeTime ?? 0) + 1)
            close(at: min(end, latest), cuts: &cuts)
        } else {
            let isShort = time - segmentStart <= longestSegment
            close(at: isShort ? time : min(segmentStart + longestSegment, time - part), cuts: &cuts)
        }
    }

    /// How long a segment may be in a playlist, whose target duration is a whole number of seconds.
    private var longestSegment: Int64 { ticks(profile.target + .milliseconds(400)) }

    /// Where the last chunk of a segment would be too long, its last frame becomes one of its own: the segment ends where
    /// the next one's first picture is shown.
    private mutating func leaveOutLast(upTo time: Int64, cuts: inout [Cut]) {
        let limit = ticks(profile.partTarget)
        guard time - chunkStart > limit, frames.count > 1, let last = frames.last else { return }
        let end = max(last.decodeTime, chunkStart + profile.shortestPart.ticks(in: timescale, rounding: .up))
        guard end <= chunkStart + limit else { return }
        frames.removeLast()
        close(at: end, cuts: &cuts)
        frames.append(last)
    }

    private mutating func endSegmentIfDue(before frame: TimedFrame, at time: Int64, cuts: inout [Cut]) {
        guard frames.isEmpty, isSegmentDue(before: frame, at: time) else { return }
        switch frame.access {
        case .sync: endSegment(.keyFrame, cuts: &cuts)
        case .openSync: endSegment(.openKeyFrame(delay: frame.presentationTime - chunkStart), cuts: &cuts)
        case .leading, .dependent: endSegment(.withoutKeyFrame, cuts: &cuts)
        }
    }

    private mutating func endSegment(_ reason: SegmentEnd, cuts: inout [Cut]) {
        cuts.append(.segmentEnd(reason))
        let end = chunkStart + tolerance
        wantedEnds.removeAll { $0 <= end }
        segmentsEnded += 1
        isMissing = reason == .hole
        (segmentStart, gridOrigin) = (chunkStart, chunkStart)
    }

    /// A segment ends at the first key frame after about half the target duration, at every key frame while the
    /// presentation is young, and at the target duration whatever comes; only that no frame after the end may be
    /// shown before one that was taken, or the next segment would begin earlier than this one ends.
    private func isSegmentDue(before frame: TimedFrame, at time: Int64) -> Bool {
        let length = time - segmentStart + tolerance
        if length - tolerance <= 0 { return false }
        if length >= ticks(profile.target) {
            // Where pictures come seldom there may be none that is shown behind all others before the segment is too long.
            let isLast = length >= ticks(profile.target + .milliseconds(200))
            if isLast || frame.isSync || frame.presentationTime > latestPresentation { return true }
        }
        // Sound must have a part in every segment too.
        guard length >= ticks(profile.gapPart), frame.isSync || isMissing else { return false }
        if isMissing { return true }
        if wantedEnds.contains(where: { $0 <= time + tolerance }) { return true }
        return segmentsEnded < LatencyProfile.eagerSegments || isKeyFrameDue(at: time)
    }

    /// A chunk ends at the first frame at or after the next grid instant, or where one more frame would be too many.
    /// Without a cadence nobody knows when the next frame comes: then a chunk ends as soon as it is long enough.
    private func isChunkDue(at time: Int64) -> Bool {
        let reached = time + tolerance
        // Where frames are shown in another order, the segment's end waits for one that may follow it.
        if !timeline.hasDelay, reached - segmentStart >= ticks(profile.target) { return true }
        guard timing.hasBeat else { return isLongEnough(upTo: time) }
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
        let chunk = timing.chunk(
            of: frames, from: chunkStart, to: end, beginsSegment: chunkStart == segmentStart, reach: slack)
        cuts.append(.chunk(chunk))
        frames.removeAll(keepingCapacity: true)
        chunkStart = end
    }

    /// When the frame after `frame`, the last one taken, will be decoded.
    private func predictedTime(after frame: TimedFrame) -> Int64? {
        timeline.isSteady ? timing.predictedTime(after: frame) : nil
    }

    // MARK: Units

    private var tolerance: Int64 { timing.tolerance }

    private var slack: Int64 { timing.slack }

    private var typicalDuration: Int64 { timing.typicalDuration(of: frames) }

    private func ticks(_ time: MediaTime) -> Int64 { time.ticks(in: timescale) }
}
