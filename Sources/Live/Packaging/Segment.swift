public import Bytes
internal import ISOBMFF
public import Media
public import Time

/// A part: the smallest piece of a rendition that is published.
public struct Part: Sendable {
    /// The part's place in its rendition; the count runs on across segments, so that a hint names the next part
    /// wherever the segment ends.
    public let number: Int64
    /// Its length.
    public let duration: MediaTime
    /// True when its first sample needs no other.
    public let isIndependent: Bool
    /// The size of its media; 0 where there are none for this time.
    public let byteCount: Int
    /// The media, one CMAF chunk; nothing where there are none, or where they are kept elsewhere by now.
    public internal(set) var data: ByteChunk?
    /// The picture that the part begins with, when it is a key frame.
    public let keyFrame: KeyFrame?

    /// True while the process has the media, if there are any.
    var isInMemory: Bool { isGap || data != nil }

    /// True where there are no media for this time.
    public var isGap: Bool { byteCount == 0 }
}

/// A picture that can be decoded by itself.
public struct KeyFrame: Sendable, Hashable {
    /// The bytes of its part that show it.
    public let range: Range<Int>
    /// How much later than the part's start it is shown: behind the first picture of an open group come some that are shown
    /// before it.
    public let delay: MediaTime
}

/// What a player needs before the first sample: a CMAF header and the track it was made from.
public struct Initialization: Sendable {
    /// 1 for the first of a rendition, one more at every change.
    public let version: Int
    /// The track that the header describes.
    public let track: Track
    /// The header's bytes.
    public let data: ByteChunk

    init(version: Int, track: Track) {
        self.version = version
        self.track = track
        data = CMAFHeader.bytes(for: track)
    }
}

/// A media segment and the parts it is made of; its bytes are theirs, one after the other.
public struct Segment: Sendable {
    /// The media sequence number.
    public let sequenceNumber: Int64
    /// The number of its first part.
    public let firstPart: Int64
    /// The start on the presentation's timeline.
    public let start: MediaTime
    /// The wall time of the start.
    public let programDateTime: WallTime
    /// The version of the initialization that it needs.
    public let initializationVersion: Int
    /// True when it does not continue the segment before it.
    public let isDiscontinuous: Bool
    /// The parts, oldest first.
    public internal(set) var parts: [Part] = []
    /// The end on the presentation's timeline.
    public internal(set) var end: MediaTime
    /// False while more parts may come.
    public internal(set) var isComplete = false
    /// How much later than this one ends the key frame is shown that the next one begins with.
    var nextKeyFrameDelay = MediaTime.zero
    /// Where the live edge must be before the segment may be forgotten, once it has left the playlist.
    var fetchableUntil: MediaTime?

    init(
        sequenceNumber: Int64, firstPart: Int64, start: MediaTime, programDateTime: WallTime,
        initializationVersion: Int, isDiscontinuous: Bool
    ) {
        self.sequenceNumber = sequenceNumber
        self.firstPart = firstPart
        self.start = start
        self.end = start
        self.programDateTime = programDateTime
        self.initializationVersion = initializationVersion
        self.isDiscontinuous = isDiscontinuous
    }

    /// Its length.
    public var duration: MediaTime { end - start }

    /// True when none of its parts has media.
    public var isGap: Bool { parts.allSatisfy(\.isGap) }

    /// The size of its media.
    public var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

    /// The media, without copying; nothing where they are kept elsewhere by now.
    public var data: [ByteChunk]? { isInMemory ? parts.compactMap(\.data) : nil }

    /// True while the process has all of the media.
    var isInMemory: Bool { parts.allSatisfy(\.isInMemory) }

    /// What an I-frame playlist lists of the segment: each key frame that begins a part, until the next; and the time
    /// before the first, as one that has no picture.
    var keyFrames: [ListedKeyFrame] {
        var frames: [ListedKeyFrame] = []
        var (time, offset) = (start, 0)
        for part in parts {
            if let frame = part.keyFrame {
                let range = offset + frame.range.lowerBound..<offset + frame.range.upperBound
                frames.append(ListedKeyFrame(start: time + frame.delay, end: end + nextKeyFrameDelay, range: range))
            } else if frames.isEmpty {
                frames.append(ListedKeyFrame(start: time, end: end + nextKeyFrameDelay, range: nil))
            }
            if frames.count > 1 { frames[frames.count - 2].end = frames[frames.count - 1].start }
            time += part.duration
            offset += part.byteCount
        }
        return frames
    }
}

/// A key frame and the time that it stands for.
struct ListedKeyFrame {
    /// When it is shown.
    let start: MediaTime
    /// When the next one is.
    var end: MediaTime
    /// Where in the segment it is; nothing when there is no picture for that time.
    let range: Range<Int>?
}
