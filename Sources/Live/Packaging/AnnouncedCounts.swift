public import Media

/// How far a presentation has announced its media to clients: the names behind these may still be given.
public struct AnnouncedCounts: Sendable, Equatable {
    /// The number of the segment behind the newest of all renditions.
    public var nextSegment: Int64
    /// Of each rendition, in their order, the number of the part behind the newest.
    public var nextParts: [Int64]
    /// How many discontinuities there have been.
    public var discontinuities: Int64
    /// The end of the newest media.
    public var edge: MediaTime

    /// Those counts.
    public init(nextSegment: Int64, nextParts: [Int64], discontinuities: Int64, edge: MediaTime) {
        self.nextSegment = nextSegment
        self.nextParts = nextParts
        self.discontinuities = discontinuities
        self.edge = edge
    }
}

extension PresentationSnapshot {
    /// How far it is announced with this snapshot.
    public var announced: AnnouncedCounts { AnnouncedCounts(renditions) }
}

extension AnnouncedCounts {
    init(_ windows: [RenditionWindow]) {
        self.init(
            nextSegment: windows.map(\.nextSegmentNumber).max() ?? 0, nextParts: windows.map(\.nextPartNumber),
            discontinuities: windows.map(\.discontinuityCount).max() ?? 0,
            edge: windows.compactMap(\.edge).max() ?? .zero)
    }

    /// More than a machine can have announced until `time` without a record, when nobody knows how far it got: what was
    /// written less than half a minute before it went down may be lost with it.
    static func most(of windows: [RenditionWindow], until time: MediaTime) -> AnnouncedCounts {
        var counts = AnnouncedCounts(windows)
        let begin = counts.edge
        counts.edge = max(begin, min(time, begin + .milliseconds(60_000)))
        let lost = (counts.edge - begin).ticks(in: .milliseconds)
        // Segments end at the first key frame after half a target duration, and only the first few of a run earlier.
        counts.nextSegment += lost / 500 + Int64(LatencyProfile.eagerSegments) + 1
        for (index, window) in windows.enumerated() {
            let lost = max(counts.edge - (window.edge ?? .zero), .zero).ticks(in: .milliseconds)
            // But for the last of a segment, no part is half as short as this.
            let shortest = window.profile.gapPart.ticks(in: .milliseconds) / 2
            counts.nextParts[index] += lost / shortest + counts.nextSegment - window.nextSegmentNumber + 16
        }
        return counts
    }
}
