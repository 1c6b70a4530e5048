/// A media playlist as it was read (RFC 8216bis §4.4.3-4.4.5).
public struct MediaPlaylist: Equatable, Sendable {
    /// A range of bytes of a resource.
    public struct ByteRange: Hashable, Sendable {
        /// The first byte.
        public var start: Int
        /// How many bytes.
        public var length: Int

        /// `length` bytes from `start` on.
        public init(start: Int, length: Int) {
            self.start = start
            self.length = length
        }
    }

    /// EXT-X-MAP: where the media initialization lies.
    public struct Map: Hashable, Sendable {
        /// The URI as written.
        public var uri: String
        /// The range, when it is not the whole resource.
        public var range: ByteRange?
    }

    /// EXT-X-PART.
    public struct Part: Equatable, Sendable {
        /// The URI as written.
        public var uri: String
        /// The duration in seconds.
        public var duration: Double
        /// INDEPENDENT=YES.
        public var isIndependent: Bool
        /// GAP=YES.
        public var isGap: Bool
        /// The range, when it is not the whole resource.
        public var range: ByteRange?
        /// The line of the tag.
        public var line: Int
    }

    /// A segment, or the one in progress at the live edge, of which only parts are listed.
    public struct Segment: Equatable, Sendable {
        /// The media sequence number.
        public var number: Int
        /// The URI as written; nothing while the segment is in progress.
        public var uri: String?
        /// EXTINF in seconds; 0 while the segment is in progress.
        public var duration: Double = 0
        /// The range, when it is not the whole resource.
        public var range: ByteRange?
        /// The media initialization in force.
        public var map: Map?
        /// True when EXT-X-DISCONTINUITY stands before it.
        public var isDiscontinuity = false
        /// The discontinuity sequence number.
        public var discontinuitySequence: Int
        /// EXT-X-PROGRAM-DATE-TIME.
        public var date: DateAndTime?
        /// True when EXT-X-GAP stands before it.
        public var isGap = false
        /// METHOD of the EXT-X-KEY in force.
        public var keyMethod: String?
        /// The listed parts.
        public var parts: [Part] = []
        /// The line of the URI, or of the first tag.
        public var line: Int

        /// True when an EXT-X-KEY with a method other than NONE is in force.
        public var isEncrypted: Bool { keyMethod != nil && keyMethod != "NONE" }
    }

    /// EXT-X-PRELOAD-HINT.
    public struct Hint: Equatable, Sendable {
        /// PART or MAP.
        public var type: String
        /// The URI as written.
        public var uri: String
        /// BYTERANGE-START.
        public var start: Int?
        /// BYTERANGE-LENGTH.
        public var length: Int?
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-RENDITION-REPORT.
    public struct Report: Equatable, Sendable {
        /// The URI as written, relative to this playlist.
        public var uri: String
        /// LAST-MSN.
        public var lastNumber: Int?
        /// LAST-PART.
        public var lastPart: Int?
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-SERVER-CONTROL.
    public struct ServerControl: Equatable, Sendable {
        /// CAN-BLOCK-RELOAD.
        public var canBlockReload = false
        /// CAN-SKIP-UNTIL.
        public var canSkipUntil: Double?
        /// CAN-SKIP-DATERANGES.
        public var canSkipDateRanges = false
        /// HOLD-BACK.
        public var holdBack: Double?
        /// PART-HOLD-BACK.
        public var partHoldBack: Double?
    }

    /// EXT-X-SKIP.
    public struct Skip: Equatable, Sendable {
        /// SKIPPED-SEGMENTS.
        public var segments: Int
        /// RECENTLY-REMOVED-DATERANGES; nothing when the attribute is not there.
        public var removedDateRanges: [String]?
    }

    /// EXT-X-DATERANGE.
    public struct DateRange: Equatable, Sendable {
        /// ID.
        public var id: String
        /// All attributes as written, without quotes.
        public var attributes: [String: String]
        /// The names of the SCTE35 attributes that are no hexadecimal-sequence of whole bytes.
        public var malformedSplices: [String]
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-VERSION; 1 when the tag is not there.
    public var version = 1
    /// EXT-X-TARGETDURATION in seconds.
    public var targetDuration = 0
    /// EXT-X-MEDIA-SEQUENCE.
    public var mediaSequence = 0
    /// EXT-X-DISCONTINUITY-SEQUENCE.
    public var discontinuitySequence = 0
    /// True when EXT-X-DISCONTINUITY-SEQUENCE stands in the playlist.
    public var hasDiscontinuitySequence = false
    /// EXT-X-SERVER-CONTROL.
    public var serverControl: ServerControl?
    /// EXT-X-PART-INF's PART-TARGET in seconds.
    public var partTarget: Double?
    /// EXT-X-PLAYLIST-TYPE.
    public var type: String?
    /// EXT-X-ENDLIST.
    public var isEnded = false
    /// EXT-X-I-FRAMES-ONLY.
    public var isIFramesOnly = false
    /// EXT-X-INDEPENDENT-SEGMENTS.
    public var hasIndependentSegments = false
    /// EXT-X-START's TIME-OFFSET in seconds.
    public var startOffset: Double?
    /// The complete segments, also those that a delta update skips when they are known.
    public var segments: [Segment] = []
    /// The segment in progress, when parts of one are listed.
    public var open: Segment?
    /// Preload hints.
    public var hints: [Hint] = []
    /// Rendition reports.
    public var reports: [Report] = []
    /// Date ranges.
    public var dateRanges: [DateRange] = []
    /// EXT-X-SKIP.
    public var skip: Skip?
    /// False when segments are skipped that are not known.
    public var isWhole = true

    /// The duration of all complete segments.
    public var duration: Double { segments.reduce(0) { $0 + $1.duration } }

    /// The complete segments and the one in progress.
    public var allSegments: [Segment] { open.map { segments + [$0] } ?? segments }

    /// The number of the last complete segment, or one less than the first when there is none.
    public var lastNumber: Int { segments.last?.number ?? mediaSequence + (skip?.segments ?? 0) - 1 }

    /// How far the playlist reaches.
    public var position: Position { Position(number: lastNumber + 1, parts: open?.parts.count ?? 0) }
}

/// How far a media playlist reaches: all segments before `number`, and `parts` parts of that one.
public struct Position: Comparable, Hashable, Sendable {
    /// The number of the segment in progress.
    public var number: Int
    /// How many of its parts are listed.
    public var parts: Int

    /// A position within segment `number`.
    public init(number: Int, parts: Int) {
        self.number = number
        self.parts = parts
    }

    /// Orders by segment, then by part.
    public static func < (left: Position, right: Position) -> Bool {
        (left.number, left.parts) < (right.number, right.parts)
    }
}
