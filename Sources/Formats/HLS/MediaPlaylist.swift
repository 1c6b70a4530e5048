public import Media
public import Time

/// One version of a live media playlist, as a value that renders itself (draft-pantos-hls-rfc8216bis §4.4.3).
public struct MediaPlaylist: Sendable {
    /// What a server promises to low-latency clients (§4.4.3.8).
    public struct ServerControl: Sendable, Hashable {
        /// HOLD-BACK: how far from the end a client that does not use parts should stay.
        public var holdBack: MediaTime
        /// PART-HOLD-BACK: the same for a client that uses parts.
        public var partHoldBack: MediaTime?

        /// Those two distances; blocking reload is always offered.
        public init(holdBack: MediaTime, partHoldBack: MediaTime? = nil) {
            self.holdBack = holdBack
            self.partHoldBack = partHoldBack
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
            uri: String, start: MediaTime, end: MediaTime, programDateTime: WallTime, initializationURI: String,
            isDiscontinuous: Bool, isGap: Bool, parts: [Part], isComplete: Bool
        ) {
            self.uri = uri
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
    /// Where the next part will be.
    public var preloadHint: String?
    /// True when nothing will be added any more.
    public var isEnded: Bool

    /// A playlist of those segments.
    public init(
        targetDuration: Int, partTarget: MediaTime?, serverControl: ServerControl, mediaSequence: Int64,
        discontinuitySequence: Int64, segments: [Segment], preloadHint: String?, isEnded: Bool
    ) {
        self.targetDuration = targetDuration
        self.partTarget = partTarget
        self.serverControl = serverControl
        self.mediaSequence = mediaSequence
        self.discontinuitySequence = discontinuitySequence
        self.segments = segments
        self.preloadHint = preloadHint
        self.isEnded = isEnded
    }
}
