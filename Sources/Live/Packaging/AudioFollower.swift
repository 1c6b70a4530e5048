internal import Bytes
internal import Media

/// An audio track of a run: it is cut where it is told to be, as far as its frames reach.
struct AudioFollower {
    /// How much earlier than video audio may end; what lacks beyond that is a hole.
    private static let largestLag = MediaTime.milliseconds(250)

    private(set) var cutter: AudioCutter
    /// A frame that nothing is heard of, where there is one: it stands for sound that is missing.
    private let silence: ByteChunk?
    /// True when the renditions include the track and the source has none.
    private(set) var isAbsent: Bool
    /// How much sound has come since the last picture.
    var heard = MediaTime.zero
    /// True while the others go on without it: nothing has come since then.
    private(set) var hasStopped: Bool
    private(set) var lateness: Lateness
    /// Where it is still to be cut.
    var targets: [CutTarget] = []

    /// A follower whose sound is known to come `delay` behind.
    init(cutter: AudioCutter, silence: ByteChunk?, isAbsent: Bool, delay: MediaTime) {
        self.cutter = cutter
        self.silence = silence
        self.isAbsent = isAbsent
        hasStopped = isAbsent
        lateness = Lateness(start: cutter.end, delay: delay)
    }

    /// Takes the next frame, shown at `time` on the presentation's timeline, when what leads has come to `leading`. One that
    /// is dropped because it is late tells how late those behind it will be: they are in time, if they are waited for.
    mutating func append(_ data: ByteChunk, at time: MediaTime, leading: MediaTime) {
        if cutter.append(data, at: time, silence: silence) {
            heard += cutter.frameLength
            hasStopped = false
        } else if time >= cutter.end || leading - time > Lateness.most {
            return
        }
        lateness.note(time, leading: leading)
    }

    /// The source has no such track any more.
    mutating func withdraw() {
        isAbsent = true
        hasStopped = true
    }

    /// Gives up waiting for frames before `time`: they will be silence, or a hole.
    mutating func giveUp(before time: MediaTime) {
        cutter.giveUp(before: time, silence: silence)
        hasStopped = true
    }

    /// True when it ends the parts that come before the next instant, and has not ended them all.
    var isApproaching: Bool { if case .chunkEnd(_, mayReach: false)? = targets.first { true } else { false } }

    /// The next chunk or segment end, as far as the frames reach; all of them when the run `isEnding`.
    mutating func next(isEnding: Bool) -> Cut? {
        while let target = targets.first {
            switch target {
            case .segmentEnd(let reason):
                if let rest = cutter.endSegment() { return .chunk(rest) }
                targets.removeFirst()
                return .segmentEnd(reason)
            case .chunkEnd(let instant, let mayReach):
                if isAbsent { cutter.giveUp(before: instant, silence: silence) }
                switch cutter.cut(at: instant, mayReach: mayReach) {
                case .chunk(let chunk): return .chunk(chunk)
                case .nothing: targets.removeFirst()
                case .wait:
                    guard isEnding else { return nil }
                    if cutter.hasFrames, instant - cutter.end <= Self.largestLag {
                        targets[0] = .chunkEnd(cutter.end, mayReach: mayReach)
                    } else {
                        cutter.giveUp(before: instant, silence: silence)
                    }
                }
            }
        }
        return nil
    }
}
