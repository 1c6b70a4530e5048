internal import Bytes
internal import HLS
internal import Media
internal import Time

/// The date ranges of a presentation, which its splices are to clients: those of the live playlists, and where there is a
/// DVR window those of its playlists, which are listed for longer.
///
/// Pure: all times are dates, counted from that of the timeline's zero; `edge` is that at which the newest media end.
struct DateRangeBook: Sendable {
    /// A break that has begun, and nobody has ended.
    private struct Opening {
        let number: Int64
        let start: MediaTime
        /// True where nobody said how long it will be.
        let isOpenEnded: Bool
        let section: ByteChunk
        /// The time of the last of the commands that told of it.
        var lastTold: MediaTime
    }

    /// How many ranges are remembered, those that were removed lately among them. A range is listed for a window and
    /// remembered for two more, so that a window of a minute takes more than one each second; segments could not end as
    /// often. Of breaks that nobody ends it takes one a minute.
    private static let limit = (ranges: 256, bytes: 256 << 10)
    /// How many ranges the DVR playlist lists: one each minute and a half for a whole day, and the text is still less than
    /// that of the segments.
    private static let dvrLimit = (ranges: 1024, bytes: 256 << 10)
    /// A break of which nobody says when it ends, or one that is said to last longer, is over then: no programme that a
    /// region is left out of is as long.
    private static let longestBreak = MediaTime.milliseconds(4 * 3_600_000)

    /// Among how many of the last tags a repetition is looked for, and how much later one may happen, by its time: the
    /// time of one that happens at once is that of its arrival.
    private static let repetitionLimit = (entries: 32, time: MediaTime.milliseconds(2000))
    /// How far apart two times of the same break are at most: some frames.
    private static let breakTolerance = MediaTime.milliseconds(200)

    private var live = DateRangeList()
    private var dvr: DateRangeList?
    private var openings: [UInt32: Opening] = [:]
    /// The greatest number in an id.
    private var lastNumber: Int64 = 0
    /// How many tags this process has added.
    private var tagCount = 0
    private var edge = MediaTime.zero

    /// A book without ranges.
    init(hasDVRWindow: Bool) { dvr = hasDVRWindow ? DateRangeList() : nil }

    /// Grows with every change.
    var version: Int64 { live.version + (dvr?.version ?? 0) }

    /// True when there is nothing to remember.
    var isEmpty: Bool { all.entries.isEmpty && all.removed.isEmpty && live.removed.isEmpty }

    /// The ranges of the longest playlists.
    private var all: DateRangeList { dvr ?? live }

    // MARK: Adding

    /// Adds the tag of a splice at `cue.time`. The end of a break adds to its beginning's range what was not known before,
    /// and repeats nothing.
    ///
    /// False when the splice was dropped because too much is remembered: what clients were told of may not go for what is
    /// new (§6.2.1). The end of a listed break is always taken; there is no more than one of each.
    mutating func append(_ cue: SpliceCue, wallStart: WallTime, edge: MediaTime) -> Bool {
        self.edge = edge
        var number = lastNumber + 1
        if cue.kind == .out && isBreakRepeated(cue) || isRepeated(cue) { return true }
        if cue.kind == .in || cue.kind == .cancelled, let opening = opening(endedBy: cue) {
            number = opening.number
        } else {
            // Nobody was told of what is taken back.
            if cue.kind == .cancelled { return true }
            guard live.count + live.removed.count < Self.limit.ranges,
                live.byteCount + cue.section.count <= Self.limit.bytes
            else { return false }
        }
        tagCount += 1
        add(SpliceRecord(cue: cue, number: number, addedAt: edge), wallStart: wallStart, place: tagCount)
        trim(at: edge)
        return true
    }

    /// True for what was told a moment ago: a splice is sent several times, so that one is received.
    private func isRepeated(_ cue: SpliceCue) -> Bool {
        all.entries.suffix(Self.repetitionLimit.entries).contains { entry in
            let other = entry.splice.cue
            return other.kind == cue.kind && other.eventID == cue.eventID && other.section == cue.section
                && Self.distance(other.time, cue.time) <= Self.repetitionLimit.time
        }
    }

    private static func distance(_ one: MediaTime, _ other: MediaTime) -> MediaTime {
        max(one, other) - min(one, other)
    }

    /// True for the beginning of a break that was told of before: splices are repeated until they happen, and some that
    /// happen at once a little longer. With another time, the same event is another break.
    private mutating func isBreakRepeated(_ cue: SpliceCue) -> Bool {
        guard var opening = openings[cue.eventID], isListed(opening, of: cue.eventID, at: cue.time) else {
            return false
        }
        guard
            edge <= opening.start || Self.distance(cue.time, opening.start) <= Self.breakTolerance
                || cue.section == opening.section && cue.time - opening.lastTold <= Self.repetitionLimit.time
        else { return false }
        opening.lastTold = max(opening.lastTold, cue.time)
        openings[cue.eventID] = opening
        return true
    }

    /// The break that ends with `cue`: that of the same event (ANSI/SCTE 35 §9.7.3). Some splicers number the return by
    /// itself: where no break of that event is known, it ends the only one of which nobody has said how long it will be.
    private func opening(endedBy cue: SpliceCue) -> Opening? {
        if let opening = openings[cue.eventID] { return opening }
        let isKnown = live.entries.contains { $0.splice.cue.eventID == cue.eventID && $0.splice.cue.kind == .out }
        guard cue.kind == .in, !isKnown else { return nil }
        let open = openings.filter { event, opening in
            opening.isOpenEnded && opening.start < cue.time && isListed(opening, of: event, at: cue.time)
                // The end of a segment is none of a splice.
                && opening.section.spliceCommandType == cue.section.spliceCommandType
        }
        return open.count == 1 ? open.first?.value : nil
    }

    /// True when a break of that event is still under way at `time`.
    private func isListed(_ opening: Opening, of event: UInt32, at time: MediaTime) -> Bool {
        live.end(of: Self.id(event, opening.number)).map { time <= $0 } ?? false
    }

    /// Event ids come again; a range's id does not.
    private static func id(_ event: UInt32, _ number: Int64) -> String { "splice-\(event)-\(number)" }

    private mutating func add(_ record: SpliceRecord, wallStart: WallTime, place: Int) {
        let cue = record.cue
        lastNumber = max(lastNumber, record.number)
        // A break may end with the splice of another event.
        let event = openings.first { $0.value.number == record.number }?.key ?? cue.eventID
        var tag = DateRange(id: Self.id(event, record.number), start: wallStart + cue.time.duration)
        var length = min(cue.duration ?? (cue.kind == .out ? Self.longestBreak : .zero), Self.longestBreak)
        var start = cue.time
        switch cue.kind {
        case .out:
            endBefore(record)
            openings[event] = Opening(
                number: record.number, start: cue.time,
                isOpenEnded: cue.duration.map { $0 > Self.longestBreak } ?? true,
                section: cue.section, lastTold: cue.time)
            tag.plannedDuration = cue.duration.flatMap { $0 <= Self.longestBreak ? $0 : nil }
            tag.splice = .out(cue.section)
        case .in, .cancelled:
            if let opening = openings[event], opening.number == record.number {
                openings[event] = nil
                (start, length) = (opening.start, max(cue.time - opening.start, .zero))
                (tag.start, tag.duration) = (nil, length)
            }
            tag.splice = cue.kind == .in ? .in(cue.section) : .command(cue.section)
        case .command: tag.splice = .command(cue.section)
        }
        add(DateRangeList.Entry(tag: tag, splice: record, number: place), end: start + length)
    }

    private mutating func add(_ entry: DateRangeList.Entry, end: MediaTime) {
        live.add(entry, end: end)
        dvr?.add(entry, end: end)
    }

    /// The break of the same event that is still under way is over where the one of `record` begins.
    private mutating func endBefore(_ record: SpliceRecord) {
        let (event, time) = (record.cue.eventID, record.cue.time)
        guard let opening = openings[event], opening.number != record.number, isListed(opening, of: event, at: time)
        else { return }
        var tag = DateRange(id: Self.id(event, opening.number), start: nil)
        tag.duration = max(time - opening.start, .zero)
        add(DateRangeList.Entry(tag: tag, splice: record, number: nil), end: max(time, opening.start))
    }

    /// Removes the oldest ranges from the DVR playlist when there are too many of them: of those that no live playlist lists.
    private mutating func trim(at edge: MediaTime?) {
        guard let dvr else { return }
        var (count, bytes) = (dvr.count, dvr.byteCount)
        var gone: Set<String> = []
        for entry in dvr.entries where count > Self.dvrLimit.ranges || bytes > Self.dvrLimit.bytes {
            let id = entry.tag.id
            guard live.end(of: id) == nil else { continue }
            if gone.insert(id).inserted { count -= 1 }
            bytes -= entry.splice.cue.section.count
        }
        self.dvr?.remove(gone, at: edge)
    }

    // MARK: Going on where another process stopped

    /// Does again what `record` tells; live playlists reach no further back than `reach`.
    mutating func replay(_ record: SpliceRecord, wallStart: WallTime, reach: MediaTime) {
        add(record, wallStart: wallStart, place: 0)
        // Not at every one: there may be a year of them.
        if live.count > Self.limit.ranges * 2 || live.byteCount > Self.limit.bytes * 2 {
            live.drop(before: record.addedAt - reach)
            closeForgotten()
            trim(at: nil)
        }
    }

    /// Removes, when all was done again, what had left the playlists before anybody could have to be told: `margin` before
    /// they begin.
    mutating func settle(before starts: (live: MediaTime, dvr: MediaTime), margin: MediaTime, edge: MediaTime) {
        live.drop(before: starts.live - margin)
        closeForgotten()
        dvr?.drop(before: starts.dvr - margin)
        trim(at: nil)
        forget(before: starts, edge: edge)
    }

    /// The tags behind the one of that number that this process has added, to be kept.
    func splices(after number: Int) -> [(number: Int, splice: SpliceRecord)] {
        var splices: [(number: Int, splice: SpliceRecord)] = []
        for entry in all.entries.reversed() {
            guard let place = entry.number else { continue }
            guard place > number else { break }
            splices.append((place, entry.splice))
        }
        return splices.reversed()
    }

    // MARK: Removing

    /// Removes from each kind of playlist the ranges that end before it begins; never while any moment of theirs is listed
    /// (§6.2.1).
    mutating func forget(before starts: (live: MediaTime, dvr: MediaTime), edge: MediaTime) {
        self.edge = edge
        // Nobody asks how far back a playlist was that left its window twice over.
        let memory = (edge - starts.live) * 2
        let count = live.count
        live.forget(before: starts.live, edge: edge, memory: memory)
        dvr?.forget(before: starts.dvr, edge: edge, memory: memory)
        if live.count < count { closeForgotten() }
    }

    /// The end of a break that is not listed any more is a range of its own.
    private mutating func closeForgotten() {
        openings = openings.filter { live.end(of: Self.id($0.key, $0.value.number)) != nil }
    }

    // MARK: Reading

    /// The tags of the live playlists at this moment, where `skipUntil` is the Skip Boundary.
    func tags(skipUntil: MediaTime) -> MediaPlaylist.DateRanges { live.tags(boundary: edge - skipUntil) }

    /// Those of the DVR playlists.
    func dvrTags(skipUntil: MediaTime) -> MediaPlaylist.DateRanges { all.tags(boundary: edge - skipUntil) }
}

extension ByteChunk {
    /// `splice_command_type` of a section. ANSI/SCTE 35 §9.6.
    fileprivate var spliceCommandType: UInt8? { count > 13 ? span[13] : nil }
}
