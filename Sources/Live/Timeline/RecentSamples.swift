/// The samples of a track that were placed last, by which one that comes again is known.
struct RecentSamples {
    private struct Entry: Equatable {
        let time: Int64
        let fingerprint: UInt64
    }

    /// More than a second of any track has.
    private static let limit = 128

    private var entries: [Entry] = []
    /// Where the next one goes.
    private var next = 0

    /// Takes note of a sample of that time.
    mutating func insert(_ time: Int64, _ fingerprint: UInt64) {
        let entry = Entry(time: time, fingerprint: fingerprint)
        if entries.count < Self.limit { entries.append(entry) } else { entries[next] = entry }
        next = (next + 1) % Self.limit
    }

    /// True when a sample of that time had that fingerprint.
    func contains(_ time: Int64, _ fingerprint: UInt64) -> Bool {
        entries.contains(Entry(time: time, fingerprint: fingerprint))
    }
}
