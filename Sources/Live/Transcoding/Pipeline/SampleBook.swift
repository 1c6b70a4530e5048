internal import Media
internal import Time

/// What is known of the samples whose pictures have not come out of the decoder yet, by the times at which they are shown.
struct SampleBook {
    private struct Entry {
        let arrival: Instant
        /// The key frame that begins here, as far as pictures are shown from it on; nothing for any other picture.
        var key: MediaTime?
    }

    /// More pictures than that no decoder holds.
    private static let limit = 128

    private var entries: [MediaTime: Entry] = [:]
    private var last = Instant(nanoseconds: 0)
    /// The key frame of an open group, and the earliest of the pictures that lead it.
    private var open: (key: MediaTime, first: MediaTime)?

    /// Takes note of the next sample.
    mutating func note(_ sample: Sample, arrival: Instant) {
        let time = sample.presentationTime
        last = arrival
        if entries.count >= Self.limit { clear() }
        switch sample.access {
        case .sync: entries[time] = Entry(arrival: arrival, key: time)
        case .openSync:
            entries[time] = Entry(arrival: arrival, key: time)
            open = (time, time)
        case .leading:
            entries[time] = Entry(arrival: arrival)
            // A segment that begins with an open group shows what leads its key frame first.
            guard let open, time < open.first else { return }
            entries[open.first]?.key = nil
            entries[time]?.key = open.key
            self.open = (open.key, time)
        case .dependent: entries[time] = Entry(arrival: arrival)
        }
    }

    /// When the sample came in whose picture is shown at `time`.
    func arrival(of time: MediaTime) -> Instant { entries[time]?.arrival ?? last }

    /// The key frame with which what is shown from `time` on can begin, if any. To be asked for once.
    mutating func key(at time: MediaTime) -> MediaTime? { entries.removeValue(forKey: time)?.key }

    /// Forgets all.
    mutating func clear() { (entries, open) = ([:], nil) }
}
