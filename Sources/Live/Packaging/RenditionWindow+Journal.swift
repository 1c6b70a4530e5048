public import Bytes
internal import Media

/// How much of a rendition is kept elsewhere.
public struct RenditionMark: Sendable, Equatable {
    /// The version of the last initialization that is.
    var initialization = 0
    /// The number of the first part that is not.
    var part: Int64 = 0
    /// The number of the first segment whose end is not.
    public internal(set) var segment: Int64 = 0

    /// Nothing is kept.
    public init() {}
}

/// Something to keep of a rendition: a record, and the media that it speaks of.
public struct JournalEntry: Sendable {
    /// What happened.
    public let record: PresentationRecord
    /// A part's media, and the number of the segment that they belong to.
    public let media: (segment: Int64, data: ByteChunk)?
}

extension RenditionWindow {
    /// What happened since `mark`, in order; `mark` is moved there. What nobody kept in time, and has left the process, is
    /// gone: then the first entry tells where the rest stands.
    public func entries(since mark: inout RenditionMark) -> [JournalEntry] {
        var entries: [JournalEntry] = []
        func note(_ record: PresentationRecord, _ media: (Int64, ByteChunk)? = nil) {
            entries.append(JournalEntry(record: record, media: media))
        }
        let unkept = segments.drop {
            $0.firstPart + Int64($0.parts.count) <= mark.part && $0.sequenceNumber < mark.segment
        }
        if let first = unkept.first(where: \.isInMemory), first.firstPart > mark.part {
            note(.standing(rendition: name, standing(before: first)))
            mark.part = first.firstPart
            mark.segment = first.sequenceNumber
            mark.initialization = 0
        }
        for segment in unkept where segment.sequenceNumber >= mark.segment {
            noteInitializations(upTo: segment.initializationVersion, &mark, note)
            for part in segment.parts where part.number >= mark.part {
                guard part.isGap || part.data != nil else { return entries }
                note(
                    .part(rendition: name, segment.record(of: part)),
                    part.data.map { (segment.sequenceNumber, $0) })
                mark.part = part.number + 1
            }
            guard segment.isComplete else { break }
            note(.segmentEnd(rendition: name))
            mark.segment = segment.sequenceNumber + 1
        }
        noteInitializations(upTo: initializations.last?.version ?? 0, &mark, note)
        return entries
    }

    private func noteInitializations(
        upTo version: Int, _ mark: inout RenditionMark, _ note: (PresentationRecord, (Int64, ByteChunk)?) -> Void
    ) {
        for initialization in initializations
        where initialization.version > mark.initialization && initialization.version <= version {
            note(.track(rendition: name, version: initialization.version, initialization.track), nil)
            mark.initialization = initialization.version
        }
    }

    /// The counts at the beginning of `segment`, which can be fetched.
    private func standing(before segment: Segment) -> RenditionStanding {
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
