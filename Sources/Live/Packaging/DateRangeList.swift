internal import Bytes
internal import HLS
internal import Media

/// The date ranges in one kind of playlist: when each of their tags was added, and when a range was removed, so that a
/// delta update can leave out what its client has known for long (§6.2.5.1).
struct DateRangeList: Sendable {
    /// A tag, and the splice that it tells of.
    struct Entry {
        let tag: DateRange
        let splice: SpliceRecord
        /// Its place among the tags that this process added, from 1 on; 0 when another process did. Nothing for a tag that
        /// follows from the splice of another one, with which it comes again.
        let number: Int?
    }

    /// The tags, in the order in which they were added.
    private(set) var entries: [Entry] = []
    /// The ranges that went lately.
    private(set) var removed: [(id: String, at: MediaTime)] = []
    /// The size of all sections.
    private(set) var byteCount = 0
    /// Grows with every change.
    private(set) var version: Int64 = 0
    /// Where each range ends.
    private var ends: [String: MediaTime] = [:]
    /// None ends before.
    private var firstEnd: MediaTime?

    /// How many ranges there are.
    var count: Int { ends.count }

    /// Where the range ends; nothing when it is not listed.
    func end(of id: String) -> MediaTime? { ends[id] }

    /// Adds a tag of a range that ends at `end` as far as is known now.
    mutating func add(_ entry: Entry, end: MediaTime) {
        entries.append(entry)
        byteCount += entry.splice.cue.section.count
        ends[entry.tag.id] = end
        firstEnd = min(firstEnd ?? end, end)
        version += 1
    }

    /// Removes the ranges that end before `start`, where the playlists begin; what went more than `memory` before `edge` is
    /// forgotten.
    mutating func forget(before start: MediaTime, edge: MediaTime, memory: MediaTime) {
        remove(before: start, at: edge)
        if let oldest = removed.first, edge - oldest.at > memory { removed.removeAll { edge - $0.at > memory } }
    }

    /// Removes ranges that end before `start`, which left the playlists before anybody could ask for them.
    mutating func drop(before start: MediaTime) { remove(before: start, at: nil) }

    private mutating func remove(before start: MediaTime, at edge: MediaTime?) {
        guard let firstEnd, firstEnd < start else { return }
        remove(Set(ends.filter { $0.value < start }.keys), at: edge)
        self.firstEnd = ends.values.min()
    }

    /// Removes these ranges; without `edge`, nobody is told.
    mutating func remove(_ ids: Set<String>, at edge: MediaTime?) {
        guard !ids.isEmpty else { return }
        for id in ids { ends[id] = nil }
        entries.removeAll { ends[$0.tag.id] == nil }
        byteCount = entries.reduce(0) { $0 + $1.splice.cue.section.count }
        if let edge { removed += ids.map { ($0, edge) } }
        version += 1
    }

    /// The tags of this moment, where a client may leave out what was added before `boundary`.
    func tags(boundary: MediaTime) -> MediaPlaylist.DateRanges {
        MediaPlaylist.DateRanges(
            listed: entries.map(\.tag), oldCount: entries.prefix { $0.splice.addedAt < boundary }.count,
            recentlyRemoved: removed.filter { $0.at >= boundary }.map(\.id).sorted())
    }
}
