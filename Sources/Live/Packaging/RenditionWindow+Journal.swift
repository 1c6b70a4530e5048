public import Bytes
internal import Media

/// How much of a rendition is kept elsewhere.
public struct RenditionMark: Sendable, Equatable {
    /// The version of the last initialization that is.
    var initialization = 0
    /// The number of the first part that is not.
    public internal(set) var part: Int64 = 0
    /// The number of the first segment whose end is not.
    public internal(set) var segment: Int64 = 0
    /// The number behind that of the last lost segment of which it is known that it was.
    var lossEnd: Int64 = 0
    /// How much later than their places dates are, as the last record that is kept tells.
    var shift = Duration.zero

    /// Nothing is kept.
    public init() {}
}

/// Something to keep of a rendition: a record, and the media that it speaks of.
public struct JournalEntry: Sendable {
    /// What happened.
    public let record: PresentationRecord
    /// The media of a part.
    public let media: Media?

    /// A part's media and their place.
    public struct Media: Sendable {
        /// The number of the segment that they belong to.
        public let segment: Int64
        /// Where in the segment they begin.
        public let offset: Int
        /// The bytes.
        public let data: ByteChunk
    }
}

extension RenditionWindow {
    /// A journal can be read from each segment whose number is a multiple of this: what is older can be let go.
    public static let journalLength: Int64 = 256

    /// What happened since `mark`, in order; `mark` is moved there. What nobody kept in time, and has left the process, is
    /// left out: then an entry tells where the rest stands.
    public func entries(since mark: inout RenditionMark) -> [JournalEntry] {
        var entries = passedEntries(since: &mark)
        let unkept = segments.drop {
            $0.firstPart + Int64($0.parts.count) <= mark.part && $0.sequenceNumber < mark.segment
        }
        for segment in unkept where segment.sequenceNumber >= mark.segment {
            let isLost = !segment.isInMemory && segment.parts.contains { $0.number >= mark.part && !$0.isInMemory }
            if isLost { continue }
            // A segment that was lost may have been kept but for its end.
            let isBehindLoss = segment.firstPart > mark.part || segment.sequenceNumber > mark.segment
            if isBehindLoss || segment.firstPart == mark.part && segment.sequenceNumber % Self.journalLength == 0 {
                note(.standing(rendition: name, standing(before: segment)), in: &entries)
                mark.shift = .zero
                mark.part = segment.firstPart
                mark.initialization = segment.initializationVersion - 1
            }
            noteInitializations(upTo: segment.initializationVersion, &mark, in: &entries)
            if mark.part == segment.firstPart {
                noteShift(shift(of: segment.programDateTime, at: segment.start), &mark, in: &entries)
            }
            var offset = 0
            for part in segment.parts {
                if part.number >= mark.part {
                    note(
                        .part(rendition: name, segment.record(of: part)),
                        part.data.map { .init(segment: segment.sequenceNumber, offset: offset, data: $0) },
                        in: &entries)
                }
                offset += part.byteCount
            }
            mark.part = segment.firstPart + Int64(segment.parts.count)
            guard segment.isComplete else { break }
            note(.segmentEnd(rendition: name), in: &entries)
            mark.segment = segment.sequenceNumber + 1
        }
        noteInitializations(upTo: initializations.last?.version ?? 0, &mark, in: &entries)
        // What was lost may have been kept after all, but too late: clients know that it has left the DVR playlist.
        if let lossEnd = history?.lossEnd, lossEnd > mark.lossEnd {
            note(.lost(rendition: name, before: lossEnd), in: &entries)
            mark.lossEnd = lossEnd
        }
        return entries
    }

    /// What has left the process since `mark`, as far as nothing is lost with it: missing media, of which thousands of
    /// segments come at once where a machine was asleep or off.
    private func passedEntries(since mark: inout RenditionMark) -> [JournalEntry] {
        var entries: [JournalEntry] = []
        while mark.segment < segments.first?.sequenceNumber ?? 0, let past = history?[mark.segment] {
            if past.nextPart == mark.part {
                note(.segmentEnd(rendition: name), in: &entries)
            } else if past.byteCount == 0 {
                noteShift(shift(of: past.programDateTime, at: past.start), &mark, in: &entries)
                let gap = GapRecord(end: past.end, nextPart: past.nextPart, isDiscontinuous: past.isDiscontinuous)
                note(.gap(rendition: name, gap), in: &entries)
            } else {
                break
            }
            mark.part = past.nextPart
            mark.segment += 1
        }
        return entries
    }

    /// What is kept of a rendition that was read from where it is kept.
    var mark: RenditionMark {
        var mark = RenditionMark()
        mark.initialization = initializations.last?.version ?? 0
        mark.part = nextPartNumber
        mark.segment = segments.last.map { $0.isComplete ? nextSegmentNumber : $0.sequenceNumber } ?? nextSegmentNumber
        mark.lossEnd = history?.lossEnd ?? 0
        mark.shift = recordedShift
        return mark
    }

    private func note(
        _ record: PresentationRecord, _ media: JournalEntry.Media? = nil, in entries: inout [JournalEntry]
    ) {
        entries.append(JournalEntry(record: record, media: media))
    }

    private func noteShift(_ shift: Duration, _ mark: inout RenditionMark, in entries: inout [JournalEntry]) {
        guard shift != mark.shift else { return }
        note(.shift(rendition: name, shift), in: &entries)
        mark.shift = shift
    }

    private func noteInitializations(
        upTo version: Int, _ mark: inout RenditionMark, in entries: inout [JournalEntry]
    ) {
        for initialization in initializations
        where initialization.version > mark.initialization && initialization.version <= version {
            note(.track(rendition: name, version: initialization.version, initialization.track), in: &entries)
            mark.initialization = initialization.version
        }
    }

    /// The counts at the beginning of `segment`, which can be fetched.
    func standing(before segment: Segment) -> RenditionStanding {
        let between = segments.filter {
            $0.sequenceNumber >= mediaSequence && $0.sequenceNumber < segment.sequenceNumber
        }
        let left = segments.filter {
            $0.sequenceNumber >= segment.sequenceNumber && $0.sequenceNumber < mediaSequence
        }
        return RenditionStanding(
            nextSegment: segment.sequenceNumber, nextPart: segment.firstPart,
            discontinuities: discontinuitySequence + Int64(between.count(where: \.isDiscontinuous))
                - Int64(left.count(where: \.isDiscontinuous)),
            keyFrames: keyFrameSequence + between.reduce(0) { $0 + Int64($1.keyFrames.count) }
                - left.reduce(0) { $0 + Int64($1.keyFrames.count) })
    }
}

extension Segment {
    fileprivate func record(of part: Part) -> PartRecord {
        var start = self.start
        for earlier in parts.prefix(while: { $0.number < part.number }) { start += earlier.duration }
        return PartRecord(
            start: start, end: start + part.duration, byteCount: part.isGap ? nil : part.byteCount,
            keyFrame: part.keyFrame, isIndependent: part.isIndependent,
            isDiscontinuous: part.number == firstPart && isDiscontinuous)
    }
}
