internal import Bytes
internal import HLS
internal import Media
internal import Time

/// The date ranges of a presentation: when each of their tags was added, and when a range was removed, so that a delta
/// update can leave out what its client has known for long (§6.2.5.1).
///
/// Pure: all times are places on the presentation's timeline, `edge` that of the newest media.
struct DateRangeBook: Sendable {
    private struct Entry {
        var tag: DateRange
        var addedAt: MediaTime
    }

    /// A break that has begun.
    private struct Opening {
        var id: String
        var start: MediaTime
    }

    /// How many ranges are remembered, those that were removed lately among them. A range is listed for a window and
    /// remembered for two more, so that a window of a minute takes more than one each second; segments could not end as
    /// often. Of breaks that nobody ends it takes one a minute.
    private static let limit = (ranges: 256, bytes: 256 << 10)
    /// A break of which nobody says when it ends, or one that is said to last longer, is over then: no programme that a
    /// region is left out of is as long.
    private static let longestBreak = MediaTime.milliseconds(4 * 3_600_000)

    private var entries: [Entry] = []
    /// Where each range that is listed ends.
    private var ends: [String: MediaTime] = [:]
    private var removed: [(id: String, at: MediaTime)] = []
    private var openings: [UInt32: Opening] = [:]
    private var cues = 0
    private var edge = MediaTime.zero
    /// Grows with every change.
    private(set) var version: Int64 = 0

    /// True when there is nothing to remember.
    var isEmpty: Bool { entries.isEmpty && removed.isEmpty }

    // MARK: Adding

    /// Adds the tag of a splice at `time`, which is `wallTime` for clients. The end of a break adds to its beginning's
    /// range what was not known before, and repeats nothing.
    ///
    /// False when the splice was dropped because too much is remembered: what clients were told of may not go for what is
    /// new (§6.2.1). The end of a listed break is always taken; there is no more than one of each.
    mutating func append(_ cue: SpliceCue, at time: MediaTime, wallTime: WallTime, edge: MediaTime) -> Bool {
        self.edge = edge
        if cue.kind == .in, let opening = openings.removeValue(forKey: cue.eventID), ends[opening.id] != nil {
            let duration = max(time - opening.start, .zero)
            ends[opening.id] = opening.start + duration
            add(DateRange(id: opening.id, start: nil, duration: duration, splice: .in(cue.section)))
            return true
        }
        // Splices are repeated until they happen.
        if cue.kind == .out, let opening = openings[cue.eventID], let end = ends[opening.id], time <= end {
            return true
        }
        guard ends.count + removed.count < Self.limit.ranges, bytes + cue.section.count <= Self.limit.bytes else {
            return false
        }
        cues += 1
        // Event ids come again; a range's id does not.
        let id = "splice-\(cue.eventID)-\(cues)"
        ends[id] = time + min(cue.duration ?? (cue.kind == .out ? Self.longestBreak : .zero), Self.longestBreak)
        switch cue.kind {
        case .out:
            openings[cue.eventID] = Opening(id: id, start: time)
            add(
                DateRange(
                    id: id, start: wallTime,
                    plannedDuration: cue.duration.flatMap { $0 <= Self.longestBreak ? $0 : nil },
                    splice: .out(cue.section)))
        case .in: add(DateRange(id: id, start: wallTime, splice: .in(cue.section)))
        case .command: add(DateRange(id: id, start: wallTime, splice: .command(cue.section)))
        }
        return true
    }

    /// The size of all listed sections.
    private var bytes: Int { entries.reduce(0) { $0 + ($1.tag.splice?.section.count ?? 0) } }

    private mutating func add(_ tag: DateRange) {
        entries.append(Entry(tag: tag, addedAt: edge))
        version += 1
    }

    // MARK: Removing

    /// Removes the ranges that end before the playlists begin; never while any moment of theirs is listed (§6.2.1).
    mutating func forget(before windowStart: MediaTime, edge: MediaTime) {
        self.edge = edge
        for (id, end) in ends where end < windowStart { remove(id) }
        // Nobody asks how far back a playlist was that left its window twice over.
        removed.removeAll { edge - $0.at > (edge - windowStart) * 2 }
    }

    private mutating func remove(_ id: String) {
        entries.removeAll { $0.tag.id == id }
        ends[id] = nil
        openings = openings.filter { $0.value.id != id }
        removed.append((id, edge))
        version += 1
    }

    // MARK: Reading

    /// The tags of this moment, where `skipUntil` is the Skip Boundary.
    func tags(skipUntil: MediaTime) -> MediaPlaylist.DateRanges {
        let boundary = edge - skipUntil
        return MediaPlaylist.DateRanges(
            listed: entries.map(\.tag), oldCount: entries.prefix { $0.addedAt < boundary }.count,
            recentlyRemoved: removed.filter { $0.at >= boundary }.map(\.id).sorted())
    }
}
