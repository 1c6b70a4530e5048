internal import Media

/// Where audio is cut when there is no video to follow: at the instants of the profile's grid, and a segment at every
/// target duration; at every second while the presentation is young.
struct AudioPacer {
    private let profile: LatencyProfile
    private let start: MediaTime
    private var chunks: Int64 = 0
    private var segmentStart: MediaTime
    private var segmentsEnded = 0

    /// The first instant that has not been given.
    var next: MediaTime { start + profile.gapPart * (chunks + 1) }

    init(profile: LatencyProfile, start: MediaTime) {
        self.profile = profile
        self.start = start
        segmentStart = start
    }

    /// The instants up to `end` that have not been given before.
    mutating func targets(upTo end: MediaTime) -> [CutTarget] {
        var targets: [CutTarget] = []
        while next <= end {
            let next = next
            chunks += 1
            targets.append(.chunkEnd(next))
            let eager = segmentsEnded < LatencyProfile.eagerSegments
            if next - segmentStart >= (eager ? min(profile.target, .milliseconds(1000)) : profile.target) {
                targets.append(.segmentEnd(.keyFrame))
                segmentStart = next
                segmentsEnded += 1
            }
        }
        return targets
    }
}
