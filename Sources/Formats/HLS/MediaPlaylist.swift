public import Media
public import Time

/// One version of a media playlist, as a value that renders itself (draft-pantos-hls-rfc8216bis §4.4.3).
public struct MediaPlaylist: Sendable {
    /// What a server promises to its clients (§4.4.3.8); blocking reload is always offered.
    public struct ServerControl: Sendable, Hashable {
        /// HOLD-BACK: how far from the end a client that does not use parts should stay.
        public var holdBack: MediaTime
        /// PART-HOLD-BACK: the same for a client that uses parts.
        public var partHoldBack: MediaTime?
        /// CAN-SKIP-UNTIL, the Skip Boundary: what lies further from the end may be left out on request. Date ranges too
        /// (CAN-SKIP-DATERANGES).
        public var canSkipUntil: MediaTime

        /// Those distances.
        public init(holdBack: MediaTime, partHoldBack: MediaTime? = nil, canSkipUntil: MediaTime) {
            self.holdBack = holdBack
            self.partHoldBack = partHoldBack
            self.canSkipUntil = canSkipUntil
        }
    }

    /// A partial segment (§4.4.4.9).
    public struct Part: Sendable, Hashable {
        /// Where the part is, relative to the playlist.
        public var uri: String
        /// Its length.
        public var duration: MediaTime
        /// True when it begins with a frame that needs no other.
        public var isIndependent: Bool
        /// True when there are no media for its time.
        public var isGap: Bool

        /// A part with those attributes.
        public init(uri: String, duration: MediaTime, isIndependent: Bool, isGap: Bool = false) {
            self.uri = uri
            self.duration = duration
            self.isIndependent = isIndependent
            self.isGap = isGap
        }
    }

    /// A media segment; the last one of a playlist may still be growing.
    public struct Segment: Sendable {
        /// Where the segment is, relative to the playlist; not yet known to clients while it is growing.
        public var uri: String
        /// The bytes of it that are meant; all of them when nothing is said.
        public var byteRange: Range<Int>?
        /// Its start on the presentation's timeline: lengths are written as differences of rounded starts, so that
        /// they never drift.
        public var start: MediaTime
        /// Its end, which is the start of the next.
        public var end: MediaTime
        /// The wall time of its first frame.
        public var programDateTime: WallTime
        /// The initialization that it needs.
        public var initializationURI: String
        /// True when the segment does not continue the one before it.
        public var isDiscontinuous: Bool
        /// True when there are no media for its time.
        public var isGap: Bool
        /// The parts to list, none where they are too far from the end.
        public var parts: [Part]
        /// False while more parts may come.
        public var isComplete: Bool

        /// A segment with those attributes.
        public init(
            uri: String, byteRange: Range<Int>? = nil, start: MediaTime, end: MediaTime, programDateTime: WallTime,
            initializationURI: String, isDiscontinuous: Bool, isGap: Bool, parts: [Part] = [], isComplete: Bool = true
        ) {
            self.uri = uri
            self.byteRange = byteRange
            self.start = start
            self.end = end
            self.programDateTime = programDateTime
            self.initializationURI = initializationURI
            self.isDiscontinuous = isDiscontinuous
            self.isGap = isGap
            self.parts = parts
            self.isComplete = isComplete
        }
    }

    /// How far another rendition has got (§4.4.5.4).
    public struct RenditionReport: Sendable, Hashable {
        /// Where its playlist is, relative to this one.
        public var uri: String
        /// LAST-MSN: the last segment of which something is listed.
        public var lastSegment: Int64
        /// LAST-PART: the last part of it, where parts are offered.
        public var lastPart: Int64?

        /// A report with those attributes.
        public init(uri: String, lastSegment: Int64, lastPart: Int64?) {
            self.uri = uri
            self.lastSegment = lastSegment
            self.lastPart = lastPart
        }
    }

    /// Segments that a playlist lists before its own.
    public struct Earlier: Sendable, Hashable {
        /// How many there are. All of them lie beyond the Skip Boundary.
        public var count: Int
        /// The initialization that the last of them needs.
        public var initializationURI: String

        /// So many segments.
        public init(count: Int, initializationURI: String) {
            self.count = count
            self.initializationURI = initializationURI
        }
    }

    /// The date ranges, and what a delta update may leave of them.
    public struct DateRanges: Sendable {
        /// The tags to list.
        public var listed: [DateRange]
        /// How many of them, from the first one on, were added longer ago than the Skip Boundary.
        public var oldCount: Int
        /// The ids of those that were removed since.
        public var recentlyRemoved: [String]

        /// Those tags.
        public init(listed: [DateRange] = [], oldCount: Int = 0, recentlyRemoved: [String] = []) {
            self.listed = listed
            self.oldCount = oldCount
            self.recentlyRemoved = recentlyRemoved
        }
    }

    /// EXT-X-TARGETDURATION in seconds.
    public var targetDuration: Int
    /// PART-TARGET, where parts are offered.
    public var partTarget: MediaTime?
    /// EXT-X-SERVER-CONTROL.
    public var serverControl: ServerControl
    /// The number of the first segment.
    public var mediaSequence: Int64
    /// How many discontinuities lie before the first segment.
    public var discontinuitySequence: Int64
    /// The segments, oldest first.
    public var segments: [Segment]
    /// EXT-X-I-FRAMES-ONLY: each segment is one picture (§4.4.3.6).
    public var isIFramesOnly = false
    /// The segments before `segments` that the playlist lists too, when their text is kept elsewhere.
    public var earlier: Earlier?
    /// The date ranges.
    public var dateRanges = DateRanges()
    /// Where the initialization that the next part needs is, when it is a new one.
    public var hintedInitialization: String?
    /// Where the next part will be.
    public var preloadHint: String?
    /// How far the other renditions have got.
    public var renditionReports: [RenditionReport] = []
    /// The parameters of the playlist's own query that go with everything it names (EXT-X-DEFINE:QUERYPARAM).
    public var queryParameters: [String] = []
    /// True when nothing will be added any more.
    public var isEnded: Bool

    /// A playlist of those segments.
    public init(
        targetDuration: Int, partTarget: MediaTime?, serverControl: ServerControl, mediaSequence: Int64,
        discontinuitySequence: Int64, segments: [Segment], isEnded: Bool
    ) {
        self.targetDuration = targetDuration
        self.partTarget = partTarget
        self.serverControl = serverControl
        self.mediaSequence = mediaSequence
        self.discontinuitySequence = discontinuitySequence
        self.segments = segments
        self.isEnded = isEnded
    }
}
