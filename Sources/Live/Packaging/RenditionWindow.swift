internal import Bytes
public import Media
internal import Time

/// The rolling window of one rendition: the segments in the playlist, those that have left it and must still be
/// fetchable, and the one that is growing.
///
/// A value: a copy is a snapshot, and shares the media with the original.
public struct RenditionWindow: Sendable {
    /// The rendition's name, which is its folder in URIs: `video` or `audio`, or either with a number.
    public private(set) var name: String
    /// True for pictures, false for sound.
    public let isVideo: Bool
    /// The profile that the presentation was started with.
    public let profile: LatencyProfile
    /// The initializations of all segments that can be fetched and of the next, oldest first.
    public private(set) var initializations: [Initialization] = []
    /// All segments that can be fetched, oldest first; the last one may be growing.
    public private(set) var segments: [Segment] = []
    /// The segments that have left the playlist, when there is a DVR playlist.
    public private(set) var history: SegmentHistory?
    /// The number of the first segment in the playlist.
    public private(set) var mediaSequence: Int64 = 0
    /// How many discontinuities have left the playlist.
    public private(set) var discontinuitySequence: Int64 = 0
    /// The number that the next segment will have.
    private(set) var nextSegmentNumber: Int64 = 0
    /// The number that the next part will have.
    public private(set) var nextPartNumber: Int64 = 0
    /// Grows with every change that a client can see.
    public private(set) var version: Int64 = 0
    /// True when nothing will be added any more.
    public private(set) var isEnded = false
    /// What has been measured of the bit rate.
    public private(set) var bandwidth: BandwidthMeter
    /// The number of the first key frame in the I-frame playlist.
    public private(set) var keyFrameSequence: Int64 = 0
    /// The bit rate of the key frames alone.
    public private(set) var keyFrameBandwidth: BandwidthMeter

    /// The date of the timeline's zero.
    private let wallStart: WallTime
    /// How much later than their places the dates of the segments are that are read back.
    private(set) var recordedShift = Duration.zero
    private var isDiscontinuityPending = false
    /// The first segment whose media may be in memory.
    private var firstInMemory: Int64 = 0
    /// The first segment of which nobody has said that it is kept elsewhere.
    private var firstUnkept: Int64 = 0

    init(name: String, profile: LatencyProfile, wallStart: WallTime, isVideo: Bool) {
        self.name = name
        self.isVideo = isVideo
        self.profile = profile
        self.wallStart = wallStart
        history = profile.dvrWindow.map { SegmentHistory(depth: max($0, profile.window)) }
        bandwidth = BandwidthMeter(targetDuration: profile.target)
        keyFrameBandwidth = bandwidth
    }

    /// The same under another name.
    func renamed(_ name: String) -> RenditionWindow {
        var window = self
        window.name = name
        return window
    }

    // MARK: Growing

    /// Makes `track` the one that segments begin with from now on. What a rendition is to clients stays as it was when
    /// they came: its language and its name, and its index.
    mutating func begin(_ track: Track) {
        var track = track
        if let known = initializations.last?.track {
            (track.index, track.language, track.name) = (known.index, known.language, known.name)
            if known == track { return }
        }
        begin(Initialization(version: (initializations.last?.version ?? 0) + 1, track: track))
    }

    private mutating func begin(_ initialization: Initialization) {
        initializations.append(initialization)
        // The playlist hints at it.
        version += 1
    }

    /// The next segment will not continue the one before it.
    mutating func discontinue() { isDiscontinuityPending = !segments.isEmpty || mediaSequence > 0 }

    /// Adds a part that begins at `start`, to the growing segment or as the first of a new one, whose date is `shift` later
    /// than its place.
    mutating func append(_ media: PartMedia, from start: MediaTime, shift: Duration) {
        if segments.last.map(\.isComplete) ?? true {
            segments.append(
                Segment(
                    sequenceNumber: nextSegmentNumber, firstPart: nextPartNumber, start: start,
                    programDateTime: date(of: start) + shift,
                    initializationVersion: initializations.last?.version ?? 1,
                    isDiscontinuous: isDiscontinuityPending))
            nextSegmentNumber += 1
            isDiscontinuityPending = false
        }
        let position = segments.count - 1
        segments[position].parts.append(
            Part(
                number: nextPartNumber, duration: media.end - start, isIndependent: media.isIndependent,
                byteCount: media.byteCount, data: media.data, keyFrame: media.keyFrame))
        segments[position].end = media.end
        nextPartNumber += 1
        if profile.offersParts { version += 1 }
    }

    private func date(of place: MediaTime) -> WallTime {
        wallStart + .microseconds(place.ticks(in: Timescale(1_000_000), rounding: .down))
    }

    /// How much later than its place the date of a segment is, which begins at `start`.
    func shift(of date: WallTime, at start: MediaTime) -> Duration { date - self.date(of: start) }

    /// Completes the growing segment, if there is one, and lets old segments go. The key frame that the next one begins with
    /// is shown so much later than it is decoded.
    mutating func endSegment(nextKeyFrameDelay delay: MediaTime = .zero) {
        guard let position = segments.indices.last, !segments[position].isComplete else { return }
        segments[position].isComplete = true
        segments[position].nextKeyFrameDelay = delay
        if !segments[position].isGap {
            bandwidth.add(bytes: segments[position].byteCount, duration: segments[position].duration)
        }
        for frame in segments[position].keyFrames {
            if let range = frame.range { keyFrameBandwidth.add(bytes: range.count, duration: frame.end - frame.start) }
        }
        removeFromPlaylist()
        version += 1
    }

    /// Ends the presentation: the playlist gets its ENDLIST.
    mutating func end() {
        endSegment()
        isEnded = true
        version += 1
    }

    /// A segment leaves the playlist from its head, when the window is full without it. It stays fetchable for its
    /// own length and that of the longest playlist that named it (§6.2.2).
    private mutating func removeFromPlaylist() {
        guard let edge = segments.last?.end else { return }
        var position = Int(mediaSequence - segments[0].sequenceNumber)
        while position < segments.count - 1, edge - segments[position].end >= profile.window {
            segments[position].fetchableUntil = edge + segments[position].duration + profile.window + profile.target
            mediaSequence += 1
            keyFrameSequence += Int64(segments[position].keyFrames.count)
            history?.append(segments[position], edge: edge)
            position += 1
            if segments[position - 1].isDiscontinuous { discontinuitySequence += 1 }
        }
        let gone = segments.prefix { $0.fetchableUntil.map { $0 < edge } ?? false }
        if let lost = gone.last(where: isOnlyHere) { history?.lose(before: lost.sequenceNumber + 1) }
        segments.removeFirst(gone.count)
        let oldest = history.flatMap { $0[$0.first]?.initializationVersion }
        let needed = oldest ?? segments.first?.initializationVersion ?? 0
        initializations.removeAll { $0.version < needed }
    }

    /// True when the media of `segment` are kept nowhere else.
    private func isOnlyHere(_ segment: Segment) -> Bool {
        segment.sequenceNumber >= firstUnkept && segment.parts.contains { $0.data != nil }
    }

    // MARK: Going on where another process stopped

    /// Does again what `record` tells of this rendition.
    mutating func replay(_ record: PresentationRecord) {
        switch record {
        case .track(_, let version, let track):
            if version > initializations.last?.version ?? 0 { begin(Initialization(version: version, track: track)) }
        case .part(_, let part):
            isDiscontinuityPending = part.isDiscontinuous
            append(PartMedia(part), from: part.start, shift: recordedShift)
        case .segmentEnd: endSegment()
        case .gap(_, let gap):
            // Records that contradict each other must not keep a server from starting.
            guard let edge, gap.end > edge, gap.end - edge < profile.target * 2, gap.nextPart > nextPartNumber else {
                break
            }
            if segments.last?.isComplete ?? true { isDiscontinuityPending = gap.isDiscontinuous }
            append(PartMedia(end: gap.end, isIndependent: false, data: nil), from: edge, shift: recordedShift)
            nextPartNumber = gap.nextPart
            endSegment()
        case .shift(_, let shift): recordedShift = shift
        case .standing(_, let standing):
            endSegment()
            recordedShift = .zero
            if standing.nextSegment == nextSegmentNumber, standing.nextPart >= nextPartNumber {
                nextPartNumber = standing.nextPart
                break
            }
            (mediaSequence, nextSegmentNumber) = (standing.nextSegment, standing.nextSegment)
            nextPartNumber = standing.nextPart
            discontinuitySequence = standing.discontinuities
            keyFrameSequence = standing.keyFrames
            segments = []
            history?.begin(at: standing.nextSegment, discontinuities: standing.discontinuities)
        case .lost(_, let number): history?.lose(before: number)
        case .presentation, .frameRate, .dependentSegments, .splice, .ended, .stopped: break
        }
    }

    /// Leaves out the numbers of parts before that one; no segment is growing.
    mutating func skipParts(before number: Int64) { nextPartNumber = max(nextPartNumber, number) }

    /// True for a segment that many ask for: within six target durations from the end. Players start at three, and may fall
    /// behind.
    public func isRecent(_ segment: Segment) -> Bool { isRecent(endingAt: segment.end) }

    private func isRecent(endingAt end: MediaTime) -> Bool { (edge ?? .zero) - end < profile.target * 6 }

    /// Lets go of the media of segments before `stored`, which are kept elsewhere, but for the recent ones.
    mutating func releaseMedia(before stored: Int64) {
        firstUnkept = max(firstUnkept, stored)
        guard let first = segments.first else { return }
        firstInMemory = max(firstInMemory, first.sequenceNumber)
        while firstInMemory < stored, firstInMemory < nextSegmentNumber {
            let position = Int(firstInMemory - first.sequenceNumber)
            if isRecent(endingAt: segments[position].end) { return }
            for index in segments[position].parts.indices { segments[position].parts[index].data = nil }
            firstInMemory += 1
        }
    }

    /// Gives a segment its media again, from where they are kept.
    mutating func restore(_ media: ByteChunk, segment number: Int64) {
        guard let position = segments.firstIndex(where: { $0.sequenceNumber == number }),
            media.count == segments[position].byteCount
        else { return }
        firstUnkept = max(firstUnkept, number + 1)
        var offset = 0
        for index in segments[position].parts.indices where !segments[position].parts[index].isGap {
            let end = offset + segments[position].parts[index].byteCount
            segments[position].parts[index].data = media[offset..<end]
            offset = end
        }
    }

    // MARK: Reading

    /// The segments in the playlist.
    public var listed: ArraySlice<Segment> {
        guard let first = segments.first else { return [] }
        return segments[Int(mediaSequence - first.sequenceNumber)...]
    }

    /// The complete segment of that number, while it can be fetched.
    public func segment(_ sequenceNumber: Int64) -> Segment? {
        guard let first = segments.first, sequenceNumber >= first.sequenceNumber else { return nil }
        let position = sequenceNumber - first.sequenceNumber
        guard position < segments.count, segments[Int(position)].isComplete else { return nil }
        return segments[Int(position)]
    }

    /// The number of the oldest segment that can be fetched.
    public var oldestSegmentNumber: Int64 {
        history.flatMap { $0.first < $0.end ? $0.first : nil } ?? segments.first?.sequenceNumber ?? 0
    }

    /// The part of that number, while it can be fetched.
    public func part(_ number: Int64) -> Part? {
        guard let segment = segment(ofPart: number), number - segment.firstPart < segment.parts.count else {
            return nil
        }
        return segment.parts[Int(number - segment.firstPart)]
    }

    private func segment(ofPart number: Int64) -> Segment? {
        guard number < nextPartNumber else { return nil }
        // Segments' part numbers ascend: the wanted one is in the last segment that begins at or before it.
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].firstPart <= number { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? segments[low - 1] : nil
    }

    /// Where the media of a part are in the bytes of its segment; nothing when it has none.
    public func place(ofPart number: Int64) -> (segment: Int64, range: Range<Int>)? {
        guard let segment = segment(ofPart: number) else { return nil }
        var offset = 0
        for part in segment.parts {
            if part.number == number {
                return part.isGap ? nil : (segment.sequenceNumber, offset..<offset + part.byteCount)
            }
            offset += part.byteCount
        }
        return nil
    }

    /// The initialization of that version.
    public func initialization(_ version: Int) -> Initialization? {
        initializations.first { $0.version == version }
    }

    /// How many discontinuities there have been.
    var discontinuityCount: Int64 { discontinuitySequence + Int64(listed.count(where: \.isDiscontinuous)) }

    /// True when a client can begin to play: a part where parts are offered, else a segment.
    public var isPlayable: Bool {
        profile.offersParts ? !segments.isEmpty : segments.contains(where: \.isComplete)
    }

    /// The end of the newest media.
    public var edge: MediaTime? { segments.last?.end }

    /// The number of the oldest part that can be fetched.
    public var oldestPartNumber: Int64 { segments.first?.firstPart ?? nextPartNumber }
}

/// A part before it has its place: where it ends and what it holds.
struct PartMedia: Sendable {
    let end: MediaTime
    let isIndependent: Bool
    let byteCount: Int
    let data: ByteChunk?
    let keyFrame: KeyFrame?

    /// A part of `data`, or one without media.
    init(end: MediaTime, isIndependent: Bool, data: ByteChunk?, keyFrame: KeyFrame? = nil) {
        self.end = end
        self.isIndependent = isIndependent
        byteCount = data?.count ?? 0
        self.data = data
        self.keyFrame = keyFrame
    }

    /// A part whose media are kept elsewhere.
    init(_ record: PartRecord) {
        end = record.end
        isIndependent = record.isIndependent
        byteCount = record.byteCount ?? 0
        data = nil
        keyFrame = record.keyFrame
    }
}
