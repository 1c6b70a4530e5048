internal import Media

/// What a rendition that follows another has to do next.
enum CutTarget {
    /// End chunks up to that instant: sound with the first frame at or after it, and only those before the one that reaches
    /// it, when that may not be cut yet.
    case chunkEnd(MediaTime, mayReach: Bool = true)
    /// End the segment.
    case segmentEnd(SegmentEnd)
}
