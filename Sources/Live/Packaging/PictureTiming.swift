internal import ISOBMFF
internal import Media
internal import Timeline

/// How the pictures of a track lie in time: the beat in which they come, and the chunks that they make up.
struct PictureTiming {
    private let timescale = Timescale.video
    private let sourceTicksPerSecond: Int64
    /// Samples of codings that do not are to have no composition offsets: each is shown when it is decoded.
    private let reordersPictures: Bool
    private var cadence: Cadence

    /// The pictures of a source whose times are in ticks of `sourceTimescale`.
    init(sourceTimescale: Timescale, reordersPictures: Bool) {
        self.reordersPictures = reordersPictures
        sourceTicksPerSecond = Int64(sourceTimescale.ticksPerSecond)
        cadence = Cadence(ticksPerSecond: sourceTicksPerSecond)
    }

    /// What gives pictures of this source their decode times. Each time is rounded to a tick of the source's.
    var timeline: DecodeTimeline { DecodeTimeline(tolerance: max(2 * 90_000 / sourceTicksPerSecond, 90)) }

    // MARK: The beat

    /// Takes note of the next frame in decode order.
    mutating func observe(_ frame: TimedFrame) { _ = cadence.observe(frame.sourceDecodeTime) }

    /// What comes next has nothing to do with what came before.
    mutating func restart() { cadence = Cadence(ticksPerSecond: sourceTicksPerSecond) }

    /// True while it holds.
    var hasBeat: Bool { cadence.frameDuration != nil }

    /// Frames per second, once they are known.
    var frameRate: Double? { cadence.frameRate }

    /// When the frame after `frame`, the last one taken, will be decoded, while the beat holds.
    func predictedTime(after frame: TimedFrame) -> Int64? {
        cadence.predicted().map { frame.decodeTime + ($0 - frame.sourceDecodeTime) * ticksPerSourceTick }
    }

    /// A frame's length: by the cadence, else the distance of the last two of `frames`.
    func typicalDuration(of frames: [TimedFrame]) -> Int64 {
        if let duration = cadence.frameDuration { return ticks(frames: 1, of: duration) }
        guard frames.count >= 2 else { return Int64(timescale.ticksPerSecond) / 30 }
        let (last, before) = (frames[frames.count - 1], frames[frames.count - 2])
        return max((last.sourceDecodeTime - before.sourceDecodeTime) * ticksPerSourceTick, 1)
    }

    /// Times of a coarse clock lie up to two of its ticks from the truth.
    var tolerance: Int64 { 2 * ticksPerSourceTick }

    /// A key frame may be shown so much beside its time, for the end of what is before it.
    var slack: Int64 { max(tolerance, Int64(timescale.ticksPerSecond) / 1000) }

    private var ticksPerSourceTick: Int64 { Int64(timescale.ticksPerSecond) / sourceTicksPerSecond }

    private func ticks(frames: Int64, of duration: Cadence.FrameDuration) -> Int64 {
        let (ticks, divisor) = (
            frames * duration.numerator * Int64(timescale.ticksPerSecond), sourceTicksPerSecond * duration.denominator
        )
        return (ticks + divisor / 2) / divisor
    }

    // MARK: Chunks

    /// The chunk of `frames` between two instants; one without samples where there are none. What a segment begins with is
    /// shown when that begins where it is no farther from there than `reach`, and so is a key frame within the slack.
    func chunk(
        of frames: [TimedFrame], from start: Int64, to end: Int64, beginsSegment: Bool, reach: Int64
    ) -> Chunk {
        let starts = decodeTimes(of: frames, from: start, to: end)
        var samples: [ChunkSample] = []
        samples.reserveCapacity(frames.count)
        let earliest = frames.map(\.presentationTime).min()
        for (position, frame) in frames.enumerated() {
            let next = position + 1 < starts.count ? starts[position + 1] : end
            // Times that are rounded put it beside the start.
            let distance = abs(frame.presentationTime - start)
            let isRounded =
                position == 0 && frame.access == .sync && distance <= slack
                || beginsSegment && frame.presentationTime == earliest && distance <= reach
            let shown = !reordersPictures ? starts[position] : isRounded ? start : frame.presentationTime
            samples.append(
                ChunkSample(
                    data: frame.data, duration: UInt32(clamping: next - starts[position]),
                    compositionOffset: Int32(clamping: shown - starts[position]), isSync: frame.isSync))
        }
        return Chunk(start: start, end: end, samples: samples)
    }

    /// When each frame is decoded: regularly where no frame is missing, else as the source says.
    private func decodeTimes(of frames: [TimedFrame], from start: Int64, to end: Int64) -> [Int64] {
        if let duration = cadence.frameDuration {
            let regular = (0...Int64(frames.count)).map { start + ticks(frames: $0, of: duration) }
            if abs(regular[frames.count] - end) <= tolerance { return Array(regular.dropLast()) }
        }
        var times: [Int64] = []
        for (position, frame) in frames.enumerated() {
            let earliest = (times.last ?? start - 1) + 1
            let latest = end - Int64(frames.count - position)
            times.append(position == 0 ? start : min(max(frame.decodeTime, earliest), latest))
        }
        return times
    }
}
