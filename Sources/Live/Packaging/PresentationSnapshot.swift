internal import Media
public import Time

/// What clients can see of a presentation at one moment. An object, because every request takes it in hand.
public final class PresentationSnapshot: Sendable {
    /// The presentation's id, which is its folder in URIs.
    public let id: String
    /// The profile of the presentation.
    public let profile: LatencyProfile
    /// The date of the timeline's zero.
    public let wallStart: WallTime
    /// The renditions, video first.
    public let renditions: [RenditionWindow]
    /// The measured frame rates of the video renditions, as far as they are known.
    public let frameRates: [Double?]
    /// True while every segment began with a key frame.
    public let hasIndependentSegments: Bool
    /// What is known of breaks and the like.
    let dateRanges: DateRangeBook
    /// Grows with every change of anything that a client can see: playlists report on each other.
    public let version: Int64

    fileprivate init(
        id: String, profile: LatencyProfile, wallStart: WallTime, renditions: [RenditionWindow], frameRates: [Double?],
        hasIndependentSegments: Bool, dateRanges: DateRangeBook, version: Int64
    ) {
        self.id = id
        self.profile = profile
        self.wallStart = wallStart
        self.renditions = renditions
        self.frameRates = frameRates
        self.hasIndependentSegments = hasIndependentSegments
        self.dateRanges = dateRanges
        self.version = version
    }

    /// The rendition of that name.
    public func rendition(_ name: String) -> RenditionWindow? { renditions.first { $0.name == name } }

    /// True when nothing will be added any more.
    public var isEnded: Bool { renditions.allSatisfy(\.isEnded) }

    /// The splices that this process took behind that of `number`, oldest first, each with its number; the first has 1.
    public func splices(after number: Int) -> [(number: Int, splice: SpliceRecord)] {
        dateRanges.splices(after: number)
    }

    /// How long the presentation must stay readable after its end: its media are fetchable for so long (§6.2.2).
    public var timeToRead: Duration {
        .seconds((max(profile.window, profile.dvrWindow ?? .zero) + profile.target * 3).seconds)
    }

    /// True when clients can begin to play every rendition that they are told of, and all is known that they must be told.
    public var isPlayable: Bool {
        !offered.isEmpty && offered.allSatisfy { $0.isPlayable && (!$0.isVideo || frameRate(of: $0) != nil) }
    }

    /// The measured frame rate of the video that leads.
    public var frameRate: Double? { frameRates.first ?? nil }

    /// The measured frame rate of `rendition`, which is one of these.
    func frameRate(of rendition: RenditionWindow) -> Double? {
        // Video comes first.
        guard let rung = renditions.firstIndex(where: { $0.name == rendition.name }), frameRates.indices.contains(rung)
        else { return nil }
        return frameRates[rung]
    }

    /// The renditions that clients are told of: not one of missing media alone, whose track nobody knows, nor one that
    /// follows another and of which nothing has come yet, when it should have.
    var offered: [RenditionWindow] {
        renditions.enumerated().filter { index, rendition in
            guard !rendition.initializations.isEmpty else { return false }
            guard index > 0, rendition.isVideo, frameRates[index] == nil else { return true }
            return rendition.segments.isEmpty || rendition.segments.contains { !$0.isGap }
        }.map(\.element)
    }
}

extension Presentation {
    /// What clients can see now.
    public var snapshot: PresentationSnapshot {
        PresentationSnapshot(
            id: id, profile: profile, wallStart: start.wall,
            renditions: windows, frameRates: frameRates,
            hasIndependentSegments: hasIndependentSegments, dateRanges: dateRanges, version: version)
    }
}
