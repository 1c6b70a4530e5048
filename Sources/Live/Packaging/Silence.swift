internal import Media

/// A time in which nothing comes in. It is cut as media would be: into parts, and into segments of a target duration
/// that end at the same instants in all renditions, so that these keep their sequence numbers in step.
struct Silence {
    /// A stretch of silence that may be published now.
    struct Stretch {
        let end: MediaTime
        /// True when the segment, and so the last part, ends there.
        let endsSegment: Bool
        /// True when what is shorter than a part is published too.
        let isWhole: Bool
    }

    /// Where the media ended.
    let start: MediaTime
    private let target: MediaTime
    private var segmentEnd: MediaTime

    /// Silence from `start` on.
    init(profile: LatencyProfile, start: MediaTime) {
        self.start = start
        target = profile.target
        segmentEnd = start + profile.target
    }

    /// What may be published when the clock stands at `time`; all of it, when that is where the silence ends.
    mutating func stretches(until time: MediaTime, isLast: Bool) -> [Stretch] {
        var stretches: [Stretch] = []
        while segmentEnd <= time {
            stretches.append(Stretch(end: segmentEnd, endsSegment: true, isWhole: true))
            segmentEnd += target
        }
        if segmentEnd - target < time { stretches.append(Stretch(end: time, endsSegment: false, isWhole: isLast)) }
        return stretches
    }
}

extension RenditionWindow {
    /// Publishes a stretch of silence as parts without media.
    mutating func publish(_ stretch: Silence.Stretch, of profile: LatencyProfile, anchor: WallAnchor) {
        var start = edge ?? .zero
        while start < stretch.end {
            var end = start + profile.gapPart
            if stretch.isWhole, stretch.end - start <= profile.partTarget { end = stretch.end }
            guard end <= stretch.end else { break }
            append(
                PartMedia(end: end, isIndependent: false, data: nil), from: start, shift: anchor.shift(at: start))
            start = end
        }
        if stretch.endsSegment { endSegment() }
    }
}
