public import Bytes
internal import Media
public import Time

/// A presentation that is put together from what another process remembered of it.
public struct PresentationReplay: Sendable {
    private var presentation: Presentation
    /// True when the other process told all that it announced.
    private let isWhole: Bool

    /// Begins with the records that are about no single rendition. Nothing when they do not begin with a presentation, or
    /// tell of one that has ended.
    public init?(_ records: [PresentationRecord]) {
        guard case .presentation(let id, let profile, let wallStart)? = records.first, !records.contains(.ended) else {
            return nil
        }
        presentation = Presentation(id: id, profile: profile, wallStart: wallStart, start: Instant(nanoseconds: 0))
        isWhole = records.last == .stopped
        for record in records { take(record) }
    }

    /// Does again what `record` tells of. Those of one rendition come in their order, and video comes before audio.
    public mutating func take(_ record: PresentationRecord) { presentation.replay(record) }

    /// The presentation as the other process left it, and how much of each rendition the records tell. What was published
    /// keeps its numbers and its dates, what was growing is complete, and the time since then is still to pass
    /// (`passSilence`). What was `announced` and is not recorded is missing media under its numbers; where nobody knows how
    /// much that was, so much that no name is given twice. The clocks show `wallTime` and `now`; a wall clock that stands
    /// before the newest media counts as standing there.
    ///
    /// Nothing when the records tell of no presentation that can go on, because a rendition cannot be brought in step with the
    /// others, when nobody knows what was announced nor what time it is, or when it fell silent so long ago that nothing is
    /// left that a client could go on with.
    public consuming func goOn(
        at wallTime: WallTime, _ now: Instant, announced: AnnouncedCounts?
    ) -> (presentation: Presentation, marks: [String: RenditionMark])? {
        let marks = Dictionary(uniqueKeysWithValues: presentation.windows.map { ($0.name, $0.mark) })
        guard presentation.goOn(at: wallTime, now, announced: announced, isWhole: isWhole) else { return nil }
        return (presentation, marks)
    }
}

extension Presentation {
    /// No presentation has more video renditions.
    private static let renditionLimit = 16

    /// Gives a complete segment its media again.
    public mutating func restore(_ media: ByteChunk, segment: Int64, rendition: String) {
        if let index = videoWindows.firstIndex(where: { $0.name == rendition }) {
            videoWindows[index].restore(media, segment: segment)
        } else if let index = audioWindows.firstIndex(where: { $0.name == rendition }) {
            audioWindows[index].restore(media, segment: segment)
        }
    }

    fileprivate mutating func replay(_ record: PresentationRecord) {
        switch record {
        case .presentation, .ended, .stopped: break
        case .frameRate(let rate, let rung):
            // Records that contradict each other must not keep a server from starting.
            guard rung < Self.renditionLimit else { break }
            while frameRates.count <= rung { frameRates.append(nil) }
            frameRates[rung] = rate
        case .dependentSegments: hasIndependentSegments = false
        case .splice(let splice):
            dateRanges.replay(splice, wallStart: start.wall, reach: profile.window + profile.target * 2)
        case .track(let name, _, _), .part(let name, _), .segmentEnd(let name), .standing(let name, _),
            .lost(let name, _), .gap(let name, _), .shift(let name, _):
            if let index = videoIndex(of: name) {
                videoWindows[index].replay(record)
            } else if let index = audioIndex(of: name) {
                audioWindows[index].replay(record)
            }
        }
    }

    /// The video rendition of that name, made when it is the next one.
    private mutating func videoIndex(of name: String) -> Int? {
        if let known = videoWindows.firstIndex(where: { $0.name == name }) { return known }
        guard name == Self.video(videoWindows.count) else { return nil }
        add(video: window(name, isVideo: true))
        return videoWindows.count - 1
    }

    /// The audio rendition of that name, made when it is the next one.
    private mutating func audioIndex(of name: String) -> Int? {
        if let known = audioWindows.firstIndex(where: { $0.name == name }) { return known }
        guard name == Self.audio(audioWindows.count) else { return nil }
        audioWindows.append(window(name, isVideo: false))
        audioSequenceNumbers.append(0)
        return audioWindows.count - 1
    }

    /// Completes what was growing, lets renditions that were behind catch up without media, so that all go on with the
    /// same segment, and places the timeline's zero on the clock.
    fileprivate mutating func goOn(
        at wallTime: WallTime, _ now: Instant, announced: AnnouncedCounts?, isWhole: Bool
    ) -> Bool {
        func place(_ window: RenditionWindow) -> (Int64, MediaTime) { (window.nextSegmentNumber, window.edge ?? .zero) }
        guard windows.contains(where: { !$0.segments.isEmpty }),
            var leading = windows.max(by: { place($0) < place($1) })
        else { return false }
        if let newest = leading.segments.last {
            anchor = WallAnchor(shift: leading.shift(of: newest.programDateTime, at: newest.start))
        }
        // A clock that was never set shows a date before all others.
        let apart = min(max(wallTime - start.wall, .zero), .seconds(1_000_000_000))
        let passed = anchor.place(at: apart)
        guard passed - edge < max(profile.window, profile.dvrWindow ?? .zero) + profile.target * 2 else { return false }
        var announced = announced
        if announced == nil, !isWhole {
            // The newest media may end a little after now.
            guard passed > edge - .milliseconds(1000) else { return false }
            announced = .most(of: windows, until: passed)
        }
        leading.endSegment()
        for index in videoWindows.indices {
            guard videoWindows[index].follow(leading) else { return false }
        }
        for index in audioWindows.indices {
            guard audioWindows[index].follow(leading) else { return false }
        }
        if let announced, !passUnrecorded(announced) { return false }
        // A removal is told of until the Skip Boundary has passed it.
        dateRanges.settle(before: windowStarts, margin: profile.target * 8, edge: anchor.dated(edge))
        // Fragments go on to be numbered behind those that there were (ISO/IEC 14496-12 §8.8.5): no part has two.
        videoSequenceNumbers = videoWindows.map { UInt32(truncatingIfNeeded: $0.nextPartNumber) }
        audioSequenceNumbers = audioWindows.map { UInt32(truncatingIfNeeded: $0.nextPartNumber) }
        let elapsed = anchor.dated(max(passed, edge)).ticks(in: .milliseconds, rounding: .up)
        start.instant = now - .milliseconds(elapsed)
        return true
    }

    /// Publishes missing media for what was `announced` and is not recorded: the process that died could not write it, or the
    /// machine lost it, and caches hold it by its names. False where that is more than there can have been in half a day:
    /// memory may hold anything.
    private mutating func passUnrecorded(_ announced: AnnouncedCounts) -> Bool {
        // As in the records: two times can be added on any timescale without a further look.
        guard abs(announced.edge.seconds) < 1_000_000_000 else { return false }
        let known = AnnouncedCounts(windows)
        let count = announced.nextSegment - known.nextSegment
        let lost = (announced.edge - edge).ticks(in: .milliseconds)
        // A few segments are shorter than half a second, of many none.
        guard count <= min(max(lost, 0) / 500 + 64, 1 << 15), lost / profile.gapPart.ticks(in: .milliseconds) <= 1 << 18
        else { return false }
        for (index, number) in announced.nextParts.enumerated() {
            let audio = index - videoWindows.count
            if audio < 0 { videoWindows[index].skipParts(before: number) }
            if audioWindows.indices.contains(audio) { audioWindows[audio].skipParts(before: number) }
        }
        guard count > 0 else { return true }
        // As long as those were, each; a clock may say that there was no time.
        let length = max(lost, count * 20)
        let begin = edge
        for number in 1...count {
            if number <= announced.discontinuities - known.discontinuities {
                changeAll { $0.discontinue() }
            }
            let end =
                begin + .milliseconds(min(length * number / count, profile.target.ticks(in: .milliseconds) * number))
            pass(Silence.Stretch(end: end, endsSegment: true, isWhole: true))
        }
        return true
    }
}

extension RenditionWindow {
    /// Forgets all that there is, and begins with `segment` of `leading` as missing media.
    private mutating func begin(at segment: Segment, of leading: RenditionWindow) {
        let skipped = segment.sequenceNumber - nextSegmentNumber
        let standing = RenditionStanding(
            nextSegment: segment.sequenceNumber, nextPart: nextPartNumber,
            discontinuities: leading.standing(before: segment).discontinuities,
            keyFrames: keyFrameSequence + Int64(listed.reduce(0) { $0 + $1.keyFrames.count }) + skipped)
        replay(.standing(rendition: name, standing))
        if segment.isDiscontinuous { discontinue() }
        append(
            PartMedia(end: segment.end, isIndependent: false, data: nil), from: segment.start,
            shift: leading.shift(of: segment.programDateTime, at: segment.start))
        endSegment()
    }

    /// Completes what was growing and publishes missing media for the segments that `leading` has and this rendition has
    /// not. False when they are not in step then: when it is so far behind that a segment would become longer than all may
    /// be (§4.4.3.1), or when the records contradict each other.
    fileprivate mutating func follow(_ leading: RenditionWindow) -> Bool {
        func fits(_ length: MediaTime) -> Bool { length < profile.target + .milliseconds(500) }
        if let growing = segments.last, !growing.isComplete {
            // Less than a part apart are all that were cut where another was.
            if let end = leading.segment(growing.sequenceNumber)?.end, end - growing.end >= profile.gapPart {
                guard fits(end - growing.start) else { return false }
                publish(
                    Silence.Stretch(end: end, endsSegment: false, isWhole: true), of: profile, anchor: WallAnchor())
            }
            endSegment()
        }
        // What is missing of it has left the leading one: it begins anew where that one does.
        if let first = leading.segments.first, first.sequenceNumber > nextSegmentNumber {
            begin(at: first, of: leading)
        }
        while nextSegmentNumber < leading.nextSegmentNumber {
            let start = edge ?? .zero
            guard let segment = leading.segment(nextSegmentNumber), start < segment.end, fits(segment.end - start)
            else {
                return false
            }
            // Discontinuities are the same in all renditions (§6.2.1).
            if segment.isDiscontinuous { discontinue() }
            publish(
                Silence.Stretch(end: segment.end, endsSegment: true, isWhole: true), of: profile,
                anchor: WallAnchor(shift: leading.shift(of: segment.programDateTime, at: segment.start)))
        }
        // What comes next begins where the leading one ends.
        guard let edge, let end = leading.edge else { return false }
        return max(edge - end, end - edge) < profile.gapPart
    }
}
