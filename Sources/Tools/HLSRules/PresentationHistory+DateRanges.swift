import Bytes

/// Rules of date ranges (RFC 8216bis §4.4.5.1).
extension PresentationHistory {
    mutating func checkDateRanges(
        _ playlist: MediaPlaylist, _ observation: Observation, _ record: inout RenditionRecord
    ) {
        checkForm(playlist, record.url)
        for range in playlist.dateRanges { learn(range, "\(record.url) line \(range.line)") }
        checkRemoval(playlist, record)
        checkShared(playlist, observation, record)
        let end = Self.end(of: playlist) ?? 0
        let listed = Set(playlist.dateRanges.map(\.id))
        record.dateRangesShown = record.dateRangesShown.filter { listed.contains($0.key) }
        for id in listed where record.dateRangesShown[id] == nil {
            record.dateRangesShown[id] = (at: observation.arrivedAt, end: end)
        }
    }

    private mutating func checkForm(_ playlist: MediaPlaylist, _ place: String) {
        guard !playlist.dateRanges.isEmpty else { return }
        let hasDate = playlist.allSegments.contains { $0.date != nil }
        check(.dateRange, place, hasDate, "date ranges without a program date")
        var started: Set<String> = []
        for range in playlist.dateRanges {
            let here = "\(place) line \(range.line)"
            let start = range.attributes["START-DATE"]
            if start != nil { started.insert(range.id) }
            check(.dateRange, here, started.contains(range.id), "'\(range.id)' has no START-DATE")
            check(.dateRange, here, start.map { DateAndTime($0) != nil } ?? true, "START-DATE is \(start ?? "")")
            if range.attributes["END-ON-NEXT"] == "YES" {
                let isAlone = range.attributes["DURATION"] == nil && range.attributes["END-DATE"] == nil
                check(.dateRange, here, range.attributes["CLASS"] != nil && isAlone, "END-ON-NEXT without CLASS alone")
            }
        }
    }

    /// Adds what a tag says of a date range to what others said of it, which it may not contradict.
    private mutating func learn(_ range: MediaPlaylist.DateRange, _ place: String) {
        if range.attributes.keys.contains(where: { $0.hasPrefix("SCTE35-") }) {
            check(
                .dateRangeSplice, place, range.malformedSplices.isEmpty,
                "'\(range.id)' has a malformed \(range.malformedSplices.joined(separator: ", "))")
        }
        guard let before = dateRanges[range.id] else {
            // A bound on memory; no presentation has that many breaks while anybody looks.
            if dateRanges.count < 100_000 { dateRanges[range.id] = range.attributes }
            checkEnd(of: range.id, place)
            return
        }
        let changed = range.attributes.filter { before[$0.key] ?? $0.value != $0.value }.keys.sorted()
        check(
            .dateRangeConstant, place, changed.isEmpty, "'\(range.id)' has another \(changed.joined(separator: ", "))")
        guard range.attributes.contains(where: { before[$0.key] == nil }) else { return }
        dateRanges[range.id]?.merge(range.attributes) { old, _ in old }
        checkEnd(of: range.id, place)
    }

    private mutating func checkEnd(of id: String, _ place: String) {
        guard let attributes = dateRanges[id], let start = attributes["START-DATE"].flatMap(DateAndTime.init)?.seconds,
            let end = attributes["END-DATE"].flatMap(DateAndTime.init)?.seconds
        else { return }
        check(.dateRangeEnd, place, end >= start, "'\(id)' ends before it starts")
        guard let duration = attributes["DURATION"].flatMap({ DecimalNumber.real($0) }) else { return }
        let error = end - start - duration
        check(.dateRangeEnd, place, abs(error) <= 0.001 + 1e-6, "'\(id)' ends \(seconds(error)) beside its duration")
    }

    /// The date at which a date range surely ends or ended; one without a known end is only a point in time.
    private func end(ofRange id: String) -> Double? {
        guard let attributes = dateRanges[id] else { return nil }
        if let end = attributes["END-DATE"].flatMap(DateAndTime.init) { return end.seconds }
        guard let start = attributes["START-DATE"].flatMap(DateAndTime.init) else { return nil }
        return start.seconds + (attributes["DURATION"].flatMap { DecimalNumber.real($0) } ?? 0)
    }

    private mutating func checkRemoval(_ playlist: MediaPlaylist, _ record: RenditionRecord) {
        guard let latest = record.latest, let first = playlist.segments.first?.date?.seconds else { return }
        let listed = Set(playlist.dateRanges.map(\.id))
        for id in Set(latest.dateRanges.map(\.id)).subtracting(listed).sorted() {
            guard let end = end(ofRange: id) else { continue }
            check(
                .dateRangeRemoval, record.url, end <= first + tolerances.mapping,
                "'\(id)' was removed, it ends \(seconds(end - first)) after the first segment's date")
        }
    }

    /// What another playlist listed a target duration earlier must be listed here, unless it has passed. What was listed
    /// here before and is no more is judged as removed.
    private mutating func checkShared(
        _ playlist: MediaPlaylist, _ observation: Observation, _ record: RenditionRecord
    ) {
        guard !playlist.dateRanges.isEmpty, let first = playlist.segments.first?.date?.seconds,
            let end = Self.end(of: playlist)
        else { return }
        let listed = Set(playlist.dateRanges.map(\.id))
        for other in renditions.values.sorted(by: { $0.url < $1.url }) where other.url != record.url {
            let settled = other.dateRangesShown.filter { _, shown in
                shown.at <= observation.madeAfter && shown.end + Double(playlist.targetDuration) <= end
            }
            for id in settled.keys.sorted() where record.dateRangesShown[id] == nil {
                let hasPassed = self.end(ofRange: id).map { $0 <= first + tolerances.mapping } ?? true
                check(
                    .dateRangeShared, record.url, listed.contains(id) || hasPassed,
                    "'\(id)' stands in \(other.url) only")
            }
        }
    }
}
