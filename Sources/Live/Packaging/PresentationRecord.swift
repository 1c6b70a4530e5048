internal import Bytes
public import Media
public import Time

/// One thing to remember of a presentation, so that another process can go on with it: what was done to it, in the
/// order in which it was done. The media themselves lie elsewhere.
public enum PresentationRecord: Sendable, Equatable {
    /// The presentation began.
    case presentation(id: String, profile: LatencyProfile, wallStart: WallTime)
    /// The frame rate of the pictures of the video rendition of that index was measured.
    case frameRate(Double, rung: Int = 0)
    /// A segment began without a key frame.
    case dependentSegments
    /// A splice was announced.
    case splice(SpliceRecord)
    /// The presentation ended.
    case ended
    /// The process stopped, and nothing was announced that is not told: only as the last record.
    case stopped
    /// The segments of a rendition begin with this track from now on, whose initialization has that version.
    case track(rendition: String, version: Int, Track)
    /// The dates of a rendition's segments are so much later than their places, from the next one on.
    case shift(rendition: String, Duration)
    /// A part was published.
    case part(rendition: String, PartRecord)
    /// The growing segment of a rendition was completed.
    case segmentEnd(rendition: String)
    /// A segment of a rendition was completed without media: the growing one, or another where none grew.
    case gap(rendition: String, GapRecord)
    /// How a rendition stood. What comes behind it can be understood without what came before, where that was let go.
    case standing(rendition: String, RenditionStanding)
    /// The media of the segment before that number were lost: the DVR playlist begins behind it.
    case lost(rendition: String, before: Int64)
}

/// A part without its media.
public struct PartRecord: Sendable, Equatable {
    /// Where it begins on the presentation's timeline.
    public let start: MediaTime
    /// Where it ends.
    public let end: MediaTime
    /// The size of its media; nothing where it has none.
    public let byteCount: Int?
    /// The picture that it begins with, when that is a key frame.
    public let keyFrame: KeyFrame?
    /// True when its first sample needs no other.
    public let isIndependent: Bool
    /// True when it begins a segment that does not continue the one before.
    public let isDiscontinuous: Bool
}

/// Missing media up to the end of a segment.
public struct GapRecord: Sendable, Equatable {
    /// Where the segment ends.
    public let end: MediaTime
    /// The number of the part that follows.
    public let nextPart: Int64
    /// True when the segment does not continue the one before.
    public let isDiscontinuous: Bool
}

/// The counts of a rendition, from which everything later is numbered.
public struct RenditionStanding: Sendable, Equatable {
    /// The number of the next segment.
    public let nextSegment: Int64
    /// The number of the next part.
    public let nextPart: Int64
    /// How many discontinuities there have been.
    public let discontinuities: Int64
    /// How many key frames there have been.
    public let keyFrames: Int64
}

/// A splice as clients were told of it.
public struct SpliceRecord: Sendable, Equatable {
    /// The splice, at its date, counted from that of the timeline's zero.
    public let cue: SpliceCue
    /// The number in the id of its date range. The end of a break has that of its beginning; else no two have the same.
    public let number: Int64
    /// The date at which the newest media ended then, counted in the same way.
    public let addedAt: MediaTime
}
