internal import HLSRules

/// How a media playlist is asked for next: as a player does, and now and then otherwise, so that more rules show.
struct ReloadPlan {
    private var count = 0
    private var deltas = 0
    private var edges = 0
    private var playlist: MediaPlaylist?
    private var readAt = 0.0
    private var last = Observation.Reload.plain

    /// The reload to send at the time `now`, in seconds of a clock that only goes forward.
    mutating func next(at now: Double) -> Observation.Reload {
        count += 1
        last = reload(at: now)
        return last
    }

    private mutating func reload(at now: Double) -> Observation.Reload {
        guard let playlist, playlist.serverControl?.canBlockReload == true else { return .plain }
        // Every fourth delta update is compared with the full playlist of the same moment.
        if playlist.skip != nil, deltas % 4 == 1, case .blocking(let number, let part, _) = last {
            return .blocking(number: number, part: part)
        }
        if count % 16 == 0 { return .plain }
        // Without parts a client waits for whole segments.
        let position = playlist.position
        // One beyond the last part of a complete segment is the first of the next.
        if position.parts == 0, let last = playlist.segments.last, !last.parts.isEmpty {
            edges += 1
            if edges % 2 == 1 { return .blocking(number: last.number, part: last.parts.count) }
        }
        let part = playlist.partTarget == nil ? nil : position.parts
        return .blocking(number: position.number, part: part, skip: count % 2 == 0 ? skip(playlist, now) : nil)
    }

    /// A delta update continues only a playlist that is younger than half the Skip Boundary (RFC 8216bis §6.3.7).
    private func skip(_ playlist: MediaPlaylist, _ now: Double) -> Observation.Skip? {
        guard let control = playlist.serverControl, let boundary = control.canSkipUntil, now - readAt < boundary / 2
        else { return nil }
        return control.canSkipDateRanges ? .segmentsAndDateRanges : .segments
    }

    /// Takes the answer to the last reload, sent at `sentAt`.
    mutating func received(_ playlist: MediaPlaylist, sentAt: Double) {
        if playlist.skip != nil { deltas += 1 }
        self.playlist = playlist
        readAt = sentAt
    }
}
