internal import Media

/// An audio track of a run: it is cut where it is told to be, as far as its frames reach.
struct AudioFollower {
    /// How much earlier than video audio may end; what lacks beyond that is a hole.
    private static let largestLag = MediaTime.milliseconds(250)

    var cutter: AudioCutter
    /// True when the renditions include the track and the source has none.
    let isAbsent: Bool
    /// Where it is still to be cut.
    var targets: [AudioTarget] = []

    init(cutter: AudioCutter, isAbsent: Bool) {
        self.cutter = cutter
        self.isAbsent = isAbsent
    }

    /// The next chunk or segment end, as far as the frames reach; all of them when the run `isEnding`.
    mutating func next(isEnding: Bool) -> Cut? {
        while let target = targets.first {
            switch target {
            case .segmentEnd(let reason):
                targets.removeFirst()
                return .segmentEnd(reason)
            case .chunkEnd(let instant):
                if isAbsent { cutter.giveUp(before: instant) }
                switch cutter.cut(at: instant) {
                case .chunk(let chunk):
                    targets.removeFirst()
                    return .chunk(chunk)
                case .nothing: targets.removeFirst()
                case .wait:
                    guard isEnding else { return nil }
                    if instant - cutter.end > Self.largestLag || !cutter.hasFrames {
                        cutter.giveUp(before: instant)
                        continue
                    }
                    targets.removeFirst()
                    if let rest = cutter.flush() { return .chunk(rest) }
                }
            }
        }
        return nil
    }
}
