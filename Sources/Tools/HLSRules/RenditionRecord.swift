import Bytes

/// A resource: a URL, and the bytes of it when not all.
struct ResourceKey: Hashable {
    var url: String
    var range: MediaPlaylist.ByteRange?

    init(url: String, range: MediaPlaylist.ByteRange? = nil) {
        self.url = url
        self.range = range
    }
}

/// Where a resource belongs.
struct ResourcePlace: Hashable {
    var rendition: String
    var number: Int
    /// The part's index; nothing for the segment itself.
    var part: Int?
}

/// What tells whether bytes are the same as before.
struct Fingerprint: Equatable {
    var count: Int
    var hash: Int

    init(_ bytes: ByteChunk) { (count, hash) = (bytes.count, bytes.hashValue) }
}

/// What is known of a part.
struct PartRecord {
    var part: MediaPlaylist.Part
    var key: ResourceKey
    var lastListed: Double
    var removed = false
    var bytes: ByteChunk?
    var fingerprint: Fingerprint?
    var facts: FragmentFacts?
    var isMinimumChecked = false
    var isChained = false
}

/// What is left of a segment's media when it was checked.
struct SegmentSummary {
    /// In ticks, with the gaps at its beginning and at its end.
    var decodeTime: Int64
    var end: Int64
    /// How many ticks those gaps may be off.
    var slack: Int64
    var firstSequence: UInt32
    var lastSequence: UInt32
    /// Seconds.
    var presentation: Double
    var frame: Double
    var byteCount: Int
}

/// What is known of a segment.
struct SegmentRecord {
    var segment: MediaPlaylist.Segment
    var key: ResourceKey?
    var mapKey: ResourceKey?
    /// Counts the continuities: it grows with every discontinuity.
    var run: Int
    var firstListed: Double
    var lastListed: Double
    var longestPlaylist = 0.0
    var sawItOpen = false
    var parts: [PartRecord] = []
    var bytes: ByteChunk?
    var fingerprint: Fingerprint?
    var summary: SegmentSummary?
    /// What the range of an I-frame holds; nothing in other playlists.
    var iFrame: (presentation: Double, frame: Double)?
    var isDateFaulty = false
    var isJoined = false
    var isChained = false
    var isMapChecked = false
    var isSettled: Bool { summary != nil && isJoined && isChained }
    /// Where its media have no samples.
    var gaps: [MediaGap] { MediaGap.gaps(in: parts.map(\.part)) }
}

/// The differences between date and media time in one continuity, which may drift.
struct DateMapping {
    /// How much they may drift in a second.
    private let slew: Double
    /// Bounds of the difference at media time zero, which grow apart with media time.
    private var low: Double
    private var high: Double
    private var latest: Double

    init(offset: Double, at time: Double, slew: Double) {
        self.slew = slew
        low = offset - slew * time
        high = offset + slew * time
        latest = time
    }

    /// How far `offset` at media time `time` is from what all others and the drift allow; at most 0 where it is not.
    func error(of offset: Double, at time: Double) -> Double {
        // A segment that is judged after later ones has their time for drifting too.
        let late = 2 * slew * max(latest - time, 0)
        return max(offset - slew * time - low, high - offset - slew * time) - late
    }

    mutating func add(_ offset: Double, at time: Double) {
        low = min(low, offset - slew * time)
        high = max(high, offset + slew * time)
        latest = max(latest, time)
    }
}

/// What is known of one media playlist and its media.
struct RenditionRecord {
    let url: String
    /// True for an I-frame playlist.
    var isIFrames = false
    var latest: MediaPlaylist?
    var first: MediaPlaylist?
    var latestMadeAfter = 0.0
    var latestArrived = 0.0
    var segments: [Int: SegmentRecord] = [:]
    var hint: MediaPlaylist.Hint?
    /// The hinted initialization, and the last segment that was listed at all when it was hinted.
    var mapHint: (hint: MediaPlaylist.Hint, after: Int)?
    /// When the date ranges that are listed now were listed first, and at what date the playlist ended then.
    var dateRangesShown: [String: (at: Double, end: Double)] = [:]
    var lastPartSeen: Double?
    var lastSegmentSeen: Double?
    /// How dates and media time go together, by continuity.
    var mappings: [Int: DateMapping] = [:]
    /// The peak bit rate of any run of segments so far.
    var peak = 0.0
    /// When the playlist came that lists the last segment of that run.
    var peakSeen = 0.0
    var facts: InitializationFacts?
    /// Frames in one second, on average and at the highest, which are the same where the rate is constant.
    var frameRates: ClosedRange<Double>?
    /// Since when a variant says a wider range than that of all its media.
    var widerSince: [VideoRange: Double] = [:]
    /// True once a fragment of it was read.
    var hasJudgedMedia = false

    init(url: String) { self.url = url }

    /// True when parts are listed.
    var isLowLatency: Bool { latest?.partTarget != nil && !isIFrames }
    /// The target duration in seconds.
    var target: Double { Double(latest?.targetDuration ?? 0) }
}
