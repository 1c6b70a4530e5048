import Bytes

/// Rules of delta updates (RFC 8216bis §4.4.5.2, §6.2.5.1).
extension PresentationHistory {
    /// Judges what an answer skips. False when it cannot be merged, so that nothing else can be said of it.
    mutating func checkDelta(
        _ playlist: MediaPlaylist, _ reload: Observation.Reload, _ record: RenditionRecord
    ) -> Bool {
        let boundary = (record.latest ?? playlist).serverControl?.canSkipUntil
        let isExpected = reload.skip != nil && boundary != nil && !playlist.isEnded
        guard let skip = playlist.skip else {
            check(.deltaUnasked, record.url, true, "")
            guard isExpected, let boundary else { return true }
            let far = Self.segments(of: playlist, beyond: boundary)
            check(.deltaAnswered, record.url, far.isEmpty, "a full playlist, \(far.count) segments could be skipped")
            return true
        }
        check(.deltaUnasked, record.url, isExpected, "an EXT-X-SKIP that was not asked for, or not offered")
        if isExpected { check(.deltaAnswered, record.url, true, "") }
        let wantsRanges = reload.skip == .segmentsAndDateRanges
        check(
            .deltaTags, record.url, !isExpected || wantsRanges == (skip.removedDateRanges != nil),
            wantsRanges
                ? "no RECENTLY-REMOVED-DATERANGES" : "RECENTLY-REMOVED-DATERANGES, but date ranges may not be skipped")
        check(
            .deltaMergeable, record.url, playlist.isWhole,
            "skips \(skip.segments) segments from \(playlist.mediaSequence) on, known are "
                + (record.latest.map { "\($0.mediaSequence) to \($0.lastNumber)" } ?? "none"))
        guard playlist.isWhole else { return false }
        if let boundary { checkBoundary(playlist, skip, boundary, record.url) }
        return true
    }

    /// A segment that the Skip Boundary cuts may be skipped or not.
    private mutating func checkBoundary(
        _ playlist: MediaPlaylist, _ skip: MediaPlaylist.Skip, _ boundary: Double, _ place: String
    ) {
        let firstKept = playlist.mediaSequence + skip.segments
        let listed = Self.segments(of: playlist, beyond: boundary).filter { $0.number >= firstKept }
        check(
            .deltaBoundary, place, listed.isEmpty,
            "segment \(listed.first?.number ?? 0) is listed, \(seconds(boundary)) or more before the end")
        var distance = 0.0
        for segment in playlist.segments.reversed() {
            distance += segment.duration
            guard segment.number < firstKept else { continue }
            check(
                .deltaBoundary, place, distance > boundary + 1e-6,
                "segment \(segment.number) is skipped, it begins \(seconds(distance)) before the end")
            return
        }
    }

    /// The segments that end more than `boundary` seconds before the last one does.
    private static func segments(of playlist: MediaPlaylist, beyond boundary: Double) -> [MediaPlaylist.Segment] {
        var rest = playlist.duration
        return Array(
            playlist.segments.prefix { segment in
                rest -= segment.duration
                return rest > boundary + 1e-6
            })
    }

    /// Compares a full playlist with the merged delta update before it, when both reach equally far.
    mutating func checkFull(_ playlist: MediaPlaylist, _ record: RenditionRecord) {
        guard let merged = record.latest, merged.skip != nil, playlist.skip == nil,
            playlist.position == merged.position, playlist.mediaSequence == merged.mediaSequence,
            playlist.isEnded == merged.isEnded
        else { return }
        let differences = merged.differences(from: playlist)
        check(.deltaFull, record.url, differences.isEmpty, "not the same: \(differences.joined(separator: ", "))")
    }
}
