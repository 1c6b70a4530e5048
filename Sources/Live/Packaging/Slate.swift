public import Media

/// A picture that stands still, coded as the pictures of a track are: a key frame and those behind it, which can be shown
/// again and again.
public struct StillGroup: Sendable {
    /// The track of its samples.
    public let track: Track
    /// The samples, the first of which is the key frame, at zero. They are decoded in the order in which they are shown.
    public let samples: [Sample]
    /// How long all of them are shown.
    public let duration: MediaTime

    /// A group of those samples.
    public init(track: Track, samples: [Sample], duration: MediaTime) {
        (self.track, self.samples, self.duration) = (track, samples, duration)
    }
}

/// What viewers see while nothing comes in.
public struct Slate: Sendable {
    /// A group for each video rendition, the largest first, with samples at the same times.
    public let groups: [StillGroup]
    /// How long nothing comes before it is shown.
    public let patience: MediaTime

    /// Those groups, after so long.
    public init(_ groups: [StillGroup], after patience: MediaTime) { (self.groups, self.patience) = (groups, patience) }

    /// True where the `renditions` can show it.
    func fits(_ renditions: [RenditionWindow]) -> Bool {
        !groups.isEmpty && groups.count == renditions.count
            && zip(groups, renditions).allSatisfy { group, rendition in
                group.track.codec == rendition.initializations.last?.track.codec && !group.samples.isEmpty
                    && group.samples.count == groups[0].samples.count && group.duration > .zero
            }
    }
}

/// A slate that is being shown.
struct SlateShow {
    /// Where it began on the presentation's timeline.
    let start: MediaTime
    /// A group for each rendition: one slate is shown to its end, whichever there may be by then.
    private let groups: [StillGroup]
    /// How many of its pictures have been shown.
    private var count = 0

    init(_ slate: Slate, start: MediaTime) { (groups, self.start) = (slate.groups, start) }

    /// The next picture of each rendition, its times counted from the beginning, if it is due before `horizon`.
    mutating func next(before horizon: MediaTime) -> [Sample]? {
        let (round, position) = count.quotientAndRemainder(dividingBy: groups[0].samples.count)
        let shift = groups[0].duration * Int64(round)
        guard start + shift + groups[0].samples[position].presentationTime < horizon else { return nil }
        count += 1
        return groups.map { $0.samples[position].moved(by: shift) }
    }
}
