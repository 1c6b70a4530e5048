internal import ISOBMFF
internal import Media

/// A video rendition that follows the leading one: its chunks and segments end at the instants at which those of the leading
/// one do, whatever frame rate and order it has of its own.
///
/// A chunk has the pictures whose turn comes before its end. Where that lies between two of them the next one is decoded as
/// much earlier, and shown in its time; only where the next one is a key frame, with which a segment begins, the one before
/// it is decoded as much later: no part is without a picture. An instant that would make a part too short is left out, one that would make it too
/// long comes in steps. What no picture comes for is missing media: from a segment on that has none to begin with, and from
/// where it was waited for in vain, up to a segment that begins with a key frame. Where clients cannot be told of parts a
/// segment is one chunk, whole or missing.
struct VideoFollower {
    /// How far ahead of what was cut frames may be: as far as tracks may be apart, and as long as one waits for another.
    private static let limit = MediaTime.milliseconds(13_000)

    private let profile: LatencyProfile
    private let timescale = Timescale.video
    private var timing: PictureTiming
    private var timeline: DecodeTimeline

    /// Frames that have their turn and are not cut yet.
    private var frames: [TimedFrame] = []
    /// Where the open chunk and the open segment begin.
    private var chunkStart: Int64
    private var segmentStart: Int64
    /// The last instant that was reached, up to which what is left goes with the segment.
    private var reached: Int64
    private var isOpen = false
    /// True until a segment begins with a key frame.
    private var isMissing = true
    /// True while no frame can be taken but a key frame.
    private var needsKeyFrame = true
    /// True while frames lack what they need because it came before the key frame that we began with.
    private var dropsLeading = false
    /// What was cut and may be published.
    private var ready: [Cut] = []

    /// True while the others go on without it: nothing has come since then.
    private(set) var hasStopped = false
    private(set) var lateness: Lateness
    /// Where its frames ended when one of the leading rendition came last.
    private var heardFrom: MediaTime?
    /// Where it is still to be cut.
    var targets: [CutTarget] = []

    /// A follower in a run that begins at `start`, of a source whose times are in ticks of `sourceTimescale`.
    init(profile: LatencyProfile, sourceTimescale: Timescale, reordersPictures: Bool, start: MediaTime) {
        self.profile = profile
        timing = PictureTiming(sourceTimescale: sourceTimescale, reordersPictures: reordersPictures)
        timeline = timing.timeline
        chunkStart = start.ticks(in: .video)
        (segmentStart, reached) = (chunkStart, chunkStart)
        lateness = Lateness(start: start)
    }

    /// The end of everything that was cut or taken, as far as it is known.
    var end: MediaTime { MediaTime(frames.last.map { max(chunkStart, $0.decodeTime) } ?? chunkStart, timescale) }

    /// The frames that are not cut yet.
    var waiting: [OtherFrame] { frames.map { OtherFrame(time: $0.decodeTime, isSync: $0.isSync) } }

    /// Frames per second, once they are known.
    var frameRate: Double? { timing.frameRate }

    // MARK: Taking frames

    /// Takes the next frame in decode order, when what leads has come to `leading`; false when nothing can be shown from it.
    mutating func append(_ frame: TimedFrame, leading: MediaTime) -> Bool {
        let time = MediaTime(frame.presentationTime, timescale)
        guard leading - time <= Lateness.most else {
            needsKeyFrame = true
            return false
        }
        lateness.note(time, leading: leading)
        guard frame.isSync || !needsKeyFrame else { return false }
        if frame.access == .leading, dropsLeading { return false }
        let begins = needsKeyFrame
        if frame.isSync { dropsLeading = begins && frame.access == .openSync }
        (needsKeyFrame, hasStopped) = (false, false)
        timing.observe(frame)
        frames += timeline.take(frame, begins: begins || frame.access == .sync)
        if end - MediaTime(chunkStart, timescale) > Self.limit { stop() }
        return true
    }

    /// A frame of the leading rendition came.
    mutating func noteLeading() { heardFrom = end }

    /// How much has come since then.
    var heard: MediaTime { heardFrom.map { end - $0 } ?? .zero }

    /// No frame comes any more: those that wait for their turn have it.
    mutating func flush() { frames += timeline.flush() }

    /// Nothing comes any more, until a key frame does: nobody waits for it.
    mutating func withdraw() {
        flush()
        (needsKeyFrame, hasStopped) = (true, true)
    }

    /// What was taken and not cut is lost.
    private mutating func stop() {
        _ = timeline.flush()
        frames = []
        (isMissing, needsKeyFrame, hasStopped) = (true, true, true)
    }

    // MARK: Cutting

    /// The leading rendition begins there.
    mutating func open(at start: Int64) {
        if isOpen { return }
        isOpen = true
        (chunkStart, segmentStart, reached) = (start, start, start)
    }

    /// The next chunk or segment end, as far as the frames reach; all of them when the run `isEnding`.
    mutating func next(isEnding: Bool) -> Cut? {
        while ready.isEmpty, let target = targets.first {
            switch target {
            case .chunkEnd(_, mayReach: false): break
            case .chunkEnd(let instant, mayReach: true):
                guard isEnding || isComplete(upTo: instant) else { return nil }
                cut(at: instant)
            case .segmentEnd(let reason): endSegment(reason)
            }
            targets.removeFirst()
        }
        return ready.isEmpty ? nil : ready.removeFirst()
    }

    /// Gives up waiting for frames before `instant`, the next target: what there is of them is all.
    mutating func giveUp(before instant: MediaTime) {
        flush()
        cut(at: instant)
        targets.removeFirst()
        stop()
    }

    /// True when no frame is to come that belongs before `instant`.
    private func isComplete(upTo instant: MediaTime) -> Bool {
        // It comes back with a segment.
        if isMissing, chunkStart != segmentStart { return true }
        let end = instant.ticks(in: timescale) - timing.tolerance
        guard let newest = frames.last else { return hasStopped }
        if newest.decodeTime >= end || needsKeyFrame { return true }
        guard timeline.isSteady, let next = timing.predictedTime(after: newest), next >= end else { return false }
        // Between two pictures it depends on the next one.
        return next <= end + 2 * timing.tolerance || endsSegment
    }

    /// True where the segment ends with the chunk that is next.
    private var endsSegment: Bool {
        guard targets.count > 1, case .segmentEnd = targets[1] else { return false }
        return true
    }

    private mutating func cut(at instant: MediaTime) {
        reached = instant.ticks(in: timescale)
        guard profile.offersParts else { return }
        let (longest, shortest) = (ticks(profile.partTarget), profile.shortestPart.ticks(in: timescale, rounding: .up))
        while reached - chunkStart > longest {
            // With a picture of its own: no part that is left is to be without one.
            let steps = chunkStart + shortest...chunkStart + longest
            close(at: frames.last { steps.contains($0.decodeTime) }?.decodeTime ?? chunkStart + ticks(profile.gapPart))
        }
        if reached - chunkStart >= shortest { close(at: reached) }
    }

    /// The last part of a segment may be as short as it is.
    private mutating func endSegment(_ reason: SegmentEnd) {
        if reached > chunkStart { close(at: reached) }
        ready.append(.segmentEnd(reason))
        segmentStart = chunkStart
    }

    /// Makes the frames whose turn comes before `end`, or the lack of any, a chunk.
    private mutating func close(at end: Int64) {
        let beginsSegment = chunkStart == segmentStart
        let count = count(before: end)
        var taken = Array(frames[..<count])
        frames.removeFirst(count)
        if isMissing {
            taken = beginsSegment ? returning(with: taken, upTo: end) : []
        } else if beginsSegment, taken.isEmpty {
            isMissing = true
        }
        // The first picture of a segment is shown when that begins, even where pictures come more seldom than in the leading
        // rendition.
        let reach = max(timing.slack, beginsSegment ? timing.typicalDuration(of: taken) : 0)
        keep(timing.chunk(of: taken, from: chunkStart, to: end, beginsSegment: beginsSegment, reach: reach))
    }

    /// How many frames are in a chunk that ends there.
    private func count(before end: Int64) -> Int {
        let earliest = end - timing.tolerance
        guard let next = frames.firstIndex(where: { $0.decodeTime >= earliest }) else { return frames.count }
        let leavesOne = next > 1 && !endsSegment && frames[next].isSync && !frames[next - 1].isSync
        return leavesOne && frames[next].decodeTime > end + timing.tolerance ? next - 1 : next
    }

    /// Those of `taken`, the frames of the first chunk of a segment, from the key frame on with which the rendition comes
    /// back. What is before it is missing.
    private mutating func returning(with taken: [TimedFrame], upTo end: Int64) -> [TimedFrame] {
        let (earliest, latest) = (chunkStart - timing.tolerance, end - timing.tolerance)
        let key = taken.firstIndex { $0.isSync && $0.decodeTime >= earliest && $0.presentationTime < latest }
        guard let key, case let begin = taken[key] else { return [] }
        let isLater = begin.presentationTime - chunkStart > timing.slack
        guard profile.offersParts || !isLater else { return [] }
        isMissing = false
        if isLater { keep(Chunk(start: chunkStart, end: begin.presentationTime, samples: [])) }
        guard begin.access == .openSync else { return Array(taken[key...]) }
        // What is shown before it needs what came before it.
        let next = frames.firstIndex(where: \.isSync)
        dropsLeading = next == nil
        let group = frames[..<(next ?? frames.endIndex)]
        frames = group.filter { $0.access != .leading } + frames[group.endIndex...]
        return taken[key...].filter { $0.access != .leading }
    }

    private mutating func keep(_ chunk: Chunk) {
        ready.append(.chunk(chunk))
        chunkStart = chunk.end
    }

    private func ticks(_ time: MediaTime) -> Int64 { time.ticks(in: timescale) }
}
