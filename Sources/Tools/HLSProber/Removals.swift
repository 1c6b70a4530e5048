internal import HLSRules

/// What a media playlist named until lately: it must stay fetchable for a while (RFC 8216bis §6.2.2).
struct Removals {
    /// A resource that is no longer listed.
    struct Removed {
        let uri: String
        let range: MediaPlaylist.ByteRange?
        /// How long it must stay, in seconds of the clock of `received`.
        let until: Double
    }

    /// More are not remembered.
    private static let limit = 512

    private var listed: [Int: MediaPlaylist.Segment] = [:]
    private var listedAt = 0.0
    /// The duration of the longest playlist so far.
    private var longest = 0.0
    private var parts: [Removed] = []
    private var segments: [Removed] = []
    private var count = 0

    /// Takes a playlist, also a delta update that is not merged, whose answer came at the time `now`.
    mutating func received(_ playlist: MediaPlaylist, at now: Double) {
        let firstNamed = playlist.allSegments.first?.number ?? playlist.mediaSequence
        let target = Double(playlist.targetDuration)
        for (number, segment) in listed where number < firstNamed {
            removeParts(of: segment, target)
            listed[number]?.parts = []
            guard number < playlist.mediaSequence else { continue }
            listed[number] = nil
            guard let uri = segment.uri, !segment.isGap else { continue }
            segments.append(Removed(uri: uri, range: segment.range, until: listedAt + segment.duration + longest))
        }
        for segment in playlist.allSegments {
            if segment.parts.isEmpty, let before = listed[segment.number] { removeParts(of: before, target) }
            listed[segment.number] = segment
        }
        if playlist.skip == nil { longest = max(longest, playlist.duration) }
        listedAt = now
        parts = Array(parts.filter { $0.until > now }.suffix(Self.limit))
        segments = Array(segments.filter { $0.until > now }.suffix(Self.limit))
    }

    private mutating func removeParts(of segment: MediaPlaylist.Segment, _ target: Double) {
        for part in segment.parts where !part.isGap {
            parts.append(Removed(uri: part.uri, range: part.range, until: listedAt + 3 * target))
        }
    }

    /// A part and a segment to be fetched again at the time `now`: by turns those that were removed last, and those whose
    /// time is nearly over.
    mutating func next(at now: Double) -> [(kind: Observation.Kind, resource: Removed)] {
        count += 1
        let isNewest = count % 2 == 1
        return [(Observation.Kind.part, parts), (.segment, segments)].compactMap { kind, removed in
            // The answer needs some time, too.
            let left = removed.filter { $0.until > now + 0.5 }
            return (isNewest ? left.last : left.first).map { (kind, $0) }
        }
    }
}
