public import HLS
public import Media
public import Time

/// A segment that has left the live playlist, as the playlist of the whole DVR window lists it.
public struct PastSegment: Sendable {
    /// The start on the presentation's timeline.
    public let start: MediaTime
    /// The end on the presentation's timeline.
    public let end: MediaTime
    /// The wall time of the start.
    public let programDateTime: WallTime
    /// The version of the initialization that it needs.
    public let initializationVersion: Int
    /// True when it does not continue the segment before it.
    public let isDiscontinuous: Bool
    /// The size of its media; 0 where there are none for its time.
    public let byteCount: Int
    /// The number behind that of its last part.
    let nextPart: Int64

    init(_ segment: Segment) {
        start = segment.start
        end = segment.end
        programDateTime = segment.programDateTime
        initializationVersion = segment.initializationVersion
        isDiscontinuous = segment.isDiscontinuous
        byteCount = segment.byteCount
        nextPart = segment.firstPart + Int64(segment.parts.count)
    }
}

/// A row of past segments that stays as it is, from a multiple of its length on: a text made of it can be kept.
public final class PastSegments: Sendable {
    /// How many segments each has.
    public static let length: Int64 = 128

    /// The number of the first segment.
    public let first: Int64
    /// The segments, oldest first.
    public let segments: [PastSegment]

    init(first: Int64, segments: [PastSegment]) {
        self.first = first
        self.segments = segments
    }
}

/// The segments that have left the live playlist: those that the DVR playlist lists, and before them those that have left
/// that one too and must still be fetchable.
///
/// A value; copies share the rows.
public struct SegmentHistory: Sendable {
    /// How much the DVR playlist lists, the live window included.
    private let depth: MediaTime
    /// Rows of 128, but the first, which may begin later.
    public private(set) var rows: [PastSegments] = []
    /// The segments behind them.
    public private(set) var rest: [PastSegment] = []
    /// The number of the first segment that can be fetched.
    public private(set) var first: Int64 = 0
    /// The number behind that of the last segment.
    public private(set) var end: Int64 = 0
    /// The number of the first segment in the DVR playlist.
    public private(set) var mediaSequence: Int64 = 0
    /// How many discontinuities have left the DVR playlist.
    public private(set) var discontinuitySequence: Int64 = 0
    /// The number behind that of the last segment whose media were lost.
    private(set) var lossEnd: Int64 = 0

    init(depth: MediaTime) { self.depth = depth }

    /// Begins anew behind what is not known any more.
    mutating func begin(at number: Int64, discontinuities: Int64) {
        (rows, rest) = ([], [])
        (first, end, mediaSequence) = (number, number, number)
        discontinuitySequence = discontinuities
    }

    /// Takes the segment that leaves the live playlist, and lets old ones go; the live edge is at `edge`.
    mutating func append(_ segment: Segment, edge: MediaTime) {
        rest.append(PastSegment(segment))
        end += 1
        if end.isMultiple(of: PastSegments.length) {
            rows.append(PastSegments(first: end - Int64(rest.count), segments: rest))
            rest = []
        }
        while mediaSequence < end, let oldest = self[mediaSequence], edge - oldest.end >= depth { unlist(oldest) }
        // For its own length and that of the longest playlist that named it (§6.2.2), with room for both.
        while first < mediaSequence, let oldest = self[first], edge - oldest.end >= depth * 2 + oldest.room {
            first += 1
        }
        while let row = rows.first, row.first + Int64(row.segments.count) <= first { rows.removeFirst() }
    }

    /// Takes note that the media of the segment before `number` can be fetched nowhere: the DVR playlist begins behind it, as
    /// segments leave a playlist in order (§6.2.1). What it listed before that can be fetched for as long as always.
    mutating func lose(before number: Int64) {
        lossEnd = max(lossEnd, number)
        while mediaSequence < min(number, end), let oldest = self[mediaSequence] { unlist(oldest) }
    }

    /// Removes `oldest`, the first one, from the DVR playlist.
    private mutating func unlist(_ oldest: PastSegment) {
        mediaSequence += 1
        if oldest.isDiscontinuous { discontinuitySequence += 1 }
    }

    /// The segment of that number; nothing when it cannot be fetched any more, or has not left the live playlist.
    public subscript(number: Int64) -> PastSegment? {
        guard number >= first, number < end else { return nil }
        let restFirst = end - Int64(rest.count)
        if number >= restFirst { return rest[Int(number - restFirst)] }
        guard let oldest = rows.first else { return nil }
        // All but the first begin at multiples of the length.
        let index = Int(number / PastSegments.length - oldest.first / PastSegments.length)
        guard rows.indices.contains(index) else { return nil }
        return rows[index].segments[Int(number - rows[index].first)]
    }
}

extension PastSegment {
    /// How much longer than the playlist it must be kept.
    fileprivate var room: MediaTime { (end - start) * 4 }
}

/// A row of segments in the DVR playlist.
public struct PastPiece: Sendable {
    /// The number of its first segment.
    public let first: Int64
    /// True when it stays as it is until it leaves the playlist: its text can be kept.
    public let isConstant: Bool
    private let segments: ArraySlice<PastSegment>

    init(first: Int64, isConstant: Bool, segments: ArraySlice<PastSegment>) {
        self.first = first
        self.isConstant = isConstant
        self.segments = segments
    }

    /// The segments as the playlist lists them.
    public var listed: [MediaPlaylist.Segment] {
        segments.enumerated().map { offset, segment in
            MediaPlaylist.Segment(
                uri: MediaResource.segment(first + Int64(offset)).fileName, start: segment.start, end: segment.end,
                programDateTime: segment.programDateTime,
                initializationURI: MediaResource.initialization(segment.initializationVersion).fileName,
                isDiscontinuous: segment.isDiscontinuous, isGap: segment.byteCount == 0)
        }
    }
}

extension SegmentHistory {
    /// What the DVR playlist lists of the history, oldest first.
    public var pieces: [PastPiece] {
        var pieces: [PastPiece] = []
        for row in rows where row.first + Int64(row.segments.count) > mediaSequence {
            let gone = max(0, mediaSequence - row.first)
            pieces.append(
                PastPiece(
                    first: row.first + gone, isConstant: gone == 0 && row.segments.count == Int(PastSegments.length),
                    segments: row.segments[Int(gone)...]))
        }
        let restFirst = end - Int64(rest.count)
        let gone = max(0, mediaSequence - restFirst)
        if gone < rest.count {
            pieces.append(PastPiece(first: restFirst + gone, isConstant: false, segments: rest[Int(gone)...]))
        }
        return pieces
    }
}
