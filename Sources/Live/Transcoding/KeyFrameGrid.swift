public import Media

/// Decides which frames are key frames, the same in all rungs.
///
/// Times at which one is due are multiples of an interval, counted from the timeline's zero or the last splice point. The
/// first frame at or behind such a time that all rungs have is one: where a rung takes every second frame, and another
/// every fourth, that is every fourth. So each rung keeps its pace, and all of them begin a segment with the same picture,
/// however frames are spaced. What an encoder takes for a change of scene moves nothing.
///
///     var grid = KeyFrameGrid(.every(.milliseconds(2000)), part: latency.partTarget, divisors: ladder.divisors)
///     let turn = grid.take(frame.presentationTime, isSync: false)
///     for rung in ladder.rungs where turn.isTaken(byEvery: rung.divisor) { encode(frame, isKey: turn.isKey) }
///
/// Where the source's own pictures are the top rung its key frames are the grid: no others can be made of it. A frame of it
/// that is a key frame and no turn for one (`isKey` is false: it follows another one too closely) has to be published as if
/// it were none, or it would be where segments end.
public struct KeyFrameGrid: Sendable {
    /// What the grid is made of.
    public enum Source: Sendable, Hashable {
        /// Multiples of an interval.
        case every(MediaTime)
        /// The source's key frames.
        case keyFrames
    }

    /// What becomes of one frame.
    public struct Turn: Sendable, Hashable {
        /// True where it is a key frame in all rungs.
        public let isKey: Bool
        /// Frames since the last one that all rungs have; nothing before the first key frame.
        let position: Int?

        /// True where a rung that takes every so manieth frame takes this one.
        public func isTaken(byEvery divisor: Int) -> Bool { position.map { $0 % max(divisor, 1) == 0 } ?? false }
    }

    private let source: Source
    /// No two key frames are closer together, but where a splice wants them.
    private let part: MediaTime
    /// Every so manieth frame is one that all rungs have.
    private let beat: Int
    /// What multiples are counted from.
    private var anchor: MediaTime
    /// When the next key frame is due.
    private var due: MediaTime
    private var lastKey: MediaTime?
    private var last: MediaTime?
    /// The frame before the last key frame.
    private var beforeKey: MediaTime?
    /// The distance of the last two frames.
    private var stride = MediaTime.zero
    private var position = 0
    private var wantsKey = true
    private var splices: [MediaTime] = []
    /// The splice that had its key frame last.
    private var lastSplice: MediaTime?

    /// The source's key frames may be a fifth of a second apart, and a little closer where times are uneven.
    private static let shortestGroup = MediaTime.milliseconds(190)
    /// More are not kept: they are lies.
    private static let spliceLimit = 64

    /// A grid for parts of up to `part` and rungs that take every so manieth frame each. Multiples are counted from `origin`.
    public init(_ source: Source, part: MediaTime, divisors: [Int] = [], origin: MediaTime = .zero) {
        self.source = source
        self.part = part
        beat = divisors.reduce(1) { Self.leastCommonMultiple($0, min(max($1, 1), Rendition.divisors.upperBound)) }
        (anchor, due) = (origin, origin)
    }

    /// A key frame begins what follows `time`. Told ahead, as splices are, none comes shortly before it; told too late it is
    /// the next frame. What is told twice counts once. The source's key frames are where they are.
    public mutating func splice(at time: MediaTime) {
        guard splices.count < Self.spliceLimit, !splices.contains(time) else { return }
        if let lastSplice, time <= lastSplice { return }
        // Where a key frame is the first frame behind it there is nothing left to do.
        if let lastKey, time <= lastKey, beforeKey.map({ $0 < time }) ?? true {
            lastSplice = time
            return
        }
        splices.insert(time, at: splices.firstIndex { time < $0 } ?? splices.endIndex)
    }

    /// Frames are missing, and whoever follows has to begin anew: the next frame is a key frame, or, of the source's own, the
    /// next that is one.
    public mutating func interrupt() { wantsKey = true }

    /// The next frame in the order in which frames are shown, and whether it is a key frame of the source.
    public mutating func take(_ time: MediaTime, isSync: Bool) -> Turn {
        if let last, time > last { stride = time - last }
        // Time goes forward, unless something is wrong with it: then everything begins anew.
        if let lastKey, time < lastKey { (wantsKey, self.lastKey) = (true, nil) }
        let isKey = isKey(time, isSync: isSync)
        if isKey { begin(at: time) } else if lastKey != nil { position += 1 }
        last = time
        return Turn(isKey: isKey, position: lastKey == nil ? nil : position)
    }

    private func isKey(_ time: MediaTime, isSync: Bool) -> Bool {
        switch source {
        case .keyFrames: return isSync && (wantsKey || lastKey.map { time - $0 >= Self.shortestGroup } ?? true)
        case .every:
            if wantsKey || splices.first.map({ $0 <= time }) ?? false { return true }
            return (position + 1) % beat == 0 && isDue(at: time)
        }
    }

    /// A segment is as long as a part at least: after the last key frame, and before the next splice.
    private func isDue(at time: MediaTime) -> Bool {
        guard let lastKey, time - lastKey >= part else { return false }
        guard let splice = splices.first else { return time >= due }
        if splice - time < part { return false }
        // What would come too close to the splice comes earlier, if it is not too close to the last one then.
        let step = stride * Int64(beat)
        let latest = splice - part - step
        return time >= (due > latest && due < splice ? latest : due)
    }

    private mutating func begin(at time: MediaTime) {
        while let splice = splices.first, splice <= time {
            splices.removeFirst()
            (anchor, lastSplice) = (splice, splice)
        }
        (lastKey, beforeKey, wantsKey, position) = (time, last, false, 0)
        if case .every(let interval) = source { due = Self.multiple(of: interval, from: anchor, after: time) }
    }

    /// The first multiple of `interval`, counted from `anchor`, that lies behind `time`.
    private static func multiple(of interval: MediaTime, from anchor: MediaTime, after time: MediaTime) -> MediaTime {
        guard interval > .zero else { return time }
        let passed = time - anchor
        let (ticks, length) = (
            Int128(passed.value) * Int128(interval.timescale.ticksPerSecond),
            Int128(interval.value) * Int128(passed.timescale.ticksPerSecond)
        )
        let (quotient, rest) = ticks.quotientAndRemainder(dividingBy: length)
        return anchor + interval * (Int64(clamping: rest < 0 ? quotient - 1 : quotient) + 1)
    }

    private static func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
        var (x, y) = (a, b)
        while y != 0 { (x, y) = (y, x % y) }
        return a / x * b
    }
}
