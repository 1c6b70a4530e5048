internal import Media

/// Gives every picture its decode time: its turn in the order in which pictures are shown.
///
/// Behind a key frame the picture that is decoded n-th has the time at which the n-th is shown. So key frames are decoded
/// when they are shown, the distances of decode times say how long pictures are seen, and none of them is a hole or too
/// short, however uneven the distances are; composition offsets carry what is left.
///
/// Where pictures come in a steady rhythm that is the source's own decode time and a delay, which is the same for all of
/// them: a time is known when its picture comes. Once they are found not to, a time is known when no earlier picture can
/// come any more: no picture is shown before it is decoded, and the source's decode times grow.
struct DecodeTimeline {
    /// So many more pictures must have had one delay than had others, each of which counts for `strike`, before the next is
    /// expected to have it.
    private static let proofs = 100
    private static let most = 200
    private static let strike = 20
    /// More pictures than any coding puts in another order (H.264 and HEVC: 16).
    private static let reorderLimit = 32

    /// A picture is not decoded later than so many ticks after it is shown (250 ms): not behind a pause that it is shown before,
    /// though the picture that is decoded before it is shown behind it.
    private static let largestDelay: Int64 = 22_500

    /// By how much times may be off the rhythm: a coarse clock rounds each of them.
    private let tolerance: Int64
    /// What turns the source's decode times into ours, in the rhythm.
    private var delay: Int64?
    /// How many more pictures had it than not.
    private var proven = 0
    /// True when a picture was found not to have the turn that it was given, until the next key frame.
    private var isDoubted = false
    /// By how much pictures are shown later than they are decoded, at most: those of the groups before, and of this one.
    private var longest: (known: Int64, current: Int64) = (.max, .min)
    /// Pictures in decoding order that have no decode time yet.
    private var waiting: [TimedFrame] = []
    /// When pictures are shown, in order, of which no picture is known to have that turn.
    private var shown: [Int64] = []
    /// The turns that pictures were given ahead, in order, as long as it is not known whether they are right.
    private var ahead: [Int64] = []
    /// The decode time that was given last.
    private var last: Int64?

    /// A timeline whose times may be off by `tolerance`.
    init(tolerance: Int64) { self.tolerance = tolerance }

    /// True while a picture's time is known when it comes.
    var isSteady: Bool { proven >= Self.proofs && !isDoubted }

    /// True when pictures are decoded earlier than they are shown.
    var hasDelay: Bool { delay ?? 0 > 0 }

    /// Takes the next picture in decoding order. Answers with the pictures whose times are known by that, each with its own.
    ///
    /// With `begins` no picture from this one on is shown before it. Of a key frame of an open group that is true where
    /// those that are were left out.
    mutating func take(_ frame: TimedFrame, begins: Bool) -> [TimedFrame] {
        let distance = frame.presentationTime - frame.decodeTime
        if frame.isSync { isDoubted = false }
        guard begins else {
            // It is shown behind a pause: nobody knows what comes before that.
            if distance - tolerance > longest.known { isDoubted = true }
            longest.current = max(longest.current, distance)
            let place = shown.lastIndex { $0 <= frame.presentationTime }.map { $0 + 1 } ?? 0
            shown.insert(frame.presentationTime, at: place)
            waiting.append(frame)
            return settle(upTo: frame.decodeTime)
        }
        let settled = flush(before: frame.presentationTime)
        if longest.current > .min { longest = (longest.current, .min) }
        if last == nil {
            // Of a source that has just begun the best is expected. Where pictures were left out, the next one has the delay.
            (proven, delay) = frame.access == .sync ? (Self.most, distance) : (Self.proofs - Self.strike, nil)
        } else if let known = delay, abs(distance - known) > tolerance {
            (proven, delay, longest.known) = (0, distance, .max)
        }
        return settled + [give(frame, frame.presentationTime)]
    }

    /// No picture comes any more that belongs to those before: answers with all that are left.
    mutating func flush() -> [TimedFrame] { flush(before: .max) }

    /// The pictures whose times are known when none is to come that is shown before `time`.
    private mutating func settle(upTo time: Int64) -> [TimedFrame] {
        var settled: [TimedFrame] = []
        while let turn = shown.first, turn <= time || shown.count > Self.reorderLimit {
            if let given = ahead.first {
                ahead.removeFirst()
                shown.removeFirst()
                if abs(given - turn) > tolerance { isDoubted = true }
            } else if let frame = waiting.first {
                waiting.removeFirst()
                shown.removeFirst()
                note(turn - frame.decodeTime)
                settled.append(give(frame, min(turn, frame.presentationTime + Self.largestDelay)))
            } else {
                break
            }
        }
        guard isSteady, let delay else { return settled }
        for frame in waiting {
            ahead.append(frame.decodeTime + delay)
            settled.append(give(frame, frame.decodeTime + delay))
        }
        waiting = []
        return settled
    }

    /// What is left ends before `end`, where a key frame is shown.
    private mutating func flush(before end: Int64) -> [TimedFrame] {
        var settled = settle(upTo: end)
        for (place, frame) in waiting.enumerated() {
            settled.append(give(frame, min(frame.presentationTime, end - Int64(waiting.count - place))))
        }
        (waiting, shown, ahead) = ([], [], [])
        return settled
    }

    private mutating func note(_ found: Int64) {
        let isExpected = abs(found - (delay ?? found)) <= tolerance
        proven = isExpected ? min(proven + 1, Self.most) : max(proven - Self.strike, 0)
        if proven == 0 || delay == nil { delay = found }
    }

    private mutating func give(_ frame: TimedFrame, _ turn: Int64) -> TimedFrame {
        let time = max(turn, last.map { $0 + 1 } ?? turn)
        last = time
        return frame.decoded(at: time)
    }
}
