/// Rules of a multivariant playlist that is read again: what it says holds for all that is listed by then (RFC 8216bis
/// §4.4.6.2).
extension PresentationHistory {
    /// Compares VIDEO-RANGE of every variant with the initializations that came since the first one.
    mutating func checkRanges(_ playlist: MultivariantPlaylist, _ observation: Observation) {
        let wider = renditions.mapValues(\.widerSince)
        for url in wider.keys { renditions[url]?.widerSince = [:] }
        for variant in playlist.variants {
            checkRange(variant.videoRange, resolved(variant.uri), variant.line, observation, wider)
        }
        for variant in playlist.iFrameVariants {
            checkRange(variant.videoRange, resolved(variant.uri), variant.line, observation, wider)
        }
    }

    private mutating func checkRange(
        _ claimed: String?, _ rendition: String, _ line: Int, _ observation: Observation,
        _ wider: [String: [VideoRange: Double]]
    ) {
        guard let said = VideoRange(claimed), let record = renditions[rendition] else { return }
        let place = "\(multivariantURL) line \(line)"
        if let listed = initializations(listedIn: record, at: observation).compactMap(VideoRange.init).max() {
            check(.streamVideoRange, place, said >= listed, "\(claimed ?? "none"), media \(listed)")
        }
        // A wider one may be that of what comes next, which is listed within the time of a blocking reload.
        let known = Set(record.segments.values.compactMap(\.mapKey)).map { headers[$0].flatMap(VideoRange.init) }
        guard let widest = known.compactMap(\.self).max(), !known.contains(nil), said > widest else { return }
        let since = wider[rendition]?[said] ?? observation.arrivedAt
        renditions[rendition]?.widerSince[said] = since
        check(
            .streamVideoRange, place, observation.madeAfter - since <= 3 * record.target,
            "\(claimed ?? "none"), media \(widest)")
    }

    /// The initializations of segments that were listed when the multivariant playlist of `observation` was made: they were
    /// before it, and as three target durations must follow one that is removed (§6.2.2), they cannot have gone since.
    private func initializations(
        listedIn record: RenditionRecord, at observation: Observation
    ) -> [InitializationFacts] {
        guard let latest = record.latest else { return [] }
        let isComplete = latest.isEnded || latest.type != nil
        // Since then as much may have come as time has passed, and one segment.
        let elapsed = observation.arrivedAt - record.latestMadeAfter
        var following = latest.open?.parts.reduce(0) { $0 + $1.duration } ?? 0
        var keys: Set<ResourceKey> = []
        for segment in latest.allSegments.reversed() {
            guard isComplete || following + elapsed < 2 * record.target else { break }
            following += segment.duration
            guard let known = record.segments[segment.number], known.firstListed <= observation.madeAfter else {
                continue
            }
            if let key = known.mapKey { keys.insert(key) }
        }
        return keys.compactMap { headers[$0] }
    }
}
