import Bytes

/// Rules of how one version of a media playlist follows from the one before (RFC 8216bis §6.2.1-6.2.2).
extension PresentationHistory {
    mutating func checkTransition(
        _ playlist: MediaPlaylist, _ observation: Observation, _ reload: Observation.Reload,
        _ record: inout RenditionRecord
    ) {
        checkRemoval(playlist, record)
        checkHint(playlist, record)
        checkMapHint(playlist, &record)
        checkCadence(playlist, observation, reload, &record)
        for segment in playlist.allSegments { take(segment, of: playlist, observation, &record) }
        noteRemovedParts(playlist, &record)
        if record.first == nil { record.first = playlist }
        record.hint = playlist.hints.first { $0.type == "PART" }
        record.latest = playlist
        record.latestMadeAfter = observation.madeAfter
        record.latestArrived = observation.arrivedAt
        forgetOld(&record)
    }

    private mutating func checkRemoval(_ playlist: MediaPlaylist, _ record: RenditionRecord) {
        guard let latest = record.latest else { return }
        check(.playlistEdits, record.url, !latest.isEnded || playlist.isEnded, "EXT-X-ENDLIST was taken back")
        check(
            .discontinuitySequence, record.url, playlist.discontinuitySequence >= latest.discontinuitySequence,
            "went from \(latest.discontinuitySequence) to \(playlist.discontinuitySequence)")
        guard playlist.mediaSequence > latest.mediaSequence else { return }
        check(
            .windowMinimum, record.url, playlist.duration >= 3 * Double(playlist.targetDuration) - 1e-6,
            "\(seconds(playlist.duration)) are left")
        check(.playlistType, record.url, playlist.type == nil, "a segment was removed")
    }

    /// The first part that is new must be the one that was hinted.
    private mutating func checkHint(_ playlist: MediaPlaylist, _ record: RenditionRecord) {
        guard let hint = record.hint, let latest = record.latest, !playlist.isEnded else { return }
        let before = latest.position
        if playlist.position == before {
            let now = playlist.hints.first { $0.type == "PART" }
            guard let now else { return }
            check(
                .hintPublished, record.url, now.uri == hint.uri && now.start == hint.start,
                "\(hint.uri) was replaced by \(now.uri) before it was published")
            return
        }
        let parts = { (number: Int) in playlist.allSegments.first { $0.number == number }?.parts ?? [] }
        let own = parts(before.number)
        let next = own.count > before.parts ? own[before.parts] : parts(before.number + 1).first
        guard let next, !own.isEmpty || before.parts == 0 else { return }
        let isSame = next.uri == hint.uri && (hint.start ?? 0) == (next.range?.start ?? 0)
        check(.hintNext, record.url, isSame, "hinted \(hint.uri), then came \(next.uri)")
    }

    /// The first segment that is new must have the initialization that was hinted.
    private mutating func checkMapHint(_ playlist: MediaPlaylist, _ record: inout RenditionRecord) {
        if let (hint, after) = record.mapHint, let next = playlist.allSegments.first(where: { $0.number > after }) {
            let isSame = next.map?.uri == hint.uri && next.map?.range?.start ?? 0 == hint.start ?? 0
            check(
                .hintMap, "\(record.url) segment \(next.number)", isSame,
                "hinted \(hint.uri), then came \(next.map?.uri ?? "none")")
            record.mapHint = nil
        }
        if let hint = playlist.hints.first(where: { $0.type == "MAP" }), let last = playlist.allSegments.last {
            record.mapHint = (hint, last.number)
        }
    }

    private mutating func checkCadence(
        _ playlist: MediaPlaylist, _ observation: Observation, _ reload: Observation.Reload,
        _ record: inout RenditionRecord
    ) {
        guard let latest = record.latest else {
            record.lastPartSeen = observation.arrivedAt
            record.lastSegmentSeen = observation.arrivedAt
            return
        }
        // A blocked answer shows when the change happened; a plain one only that it was after the last request.
        let isBlocked = reload != .plain && observation.elapsed > 0.02
        let earliest = isBlocked ? observation.arrivedAt : max(record.latestMadeAfter, observation.sentAt - 60)
        if playlist.position > latest.position, let target = playlist.partTarget, !record.isIFrames {
            if let seen = record.lastPartSeen, earliest > seen {
                check(
                    .partCadence, record.url, earliest - seen <= target + tolerances.jitter,
                    "the part before \(playlist.position.number).\(playlist.position.parts) came "
                        + "\(seconds(earliest - seen)) after the one before it")
            }
            record.lastPartSeen = observation.arrivedAt
        }
        if playlist.lastNumber > latest.lastNumber {
            if let seen = record.lastSegmentSeen, earliest > seen {
                check(
                    .segmentCadence, record.url,
                    earliest - seen <= 1.5 * Double(playlist.targetDuration) + tolerances.jitter,
                    "segment \(playlist.lastNumber) came \(seconds(earliest - seen)) after the one before it")
            }
            record.lastSegmentSeen = observation.arrivedAt
        }
    }

    private mutating func noteRemovedParts(_ playlist: MediaPlaylist, _ record: inout RenditionRecord) {
        for segment in playlist.segments where segment.parts.isEmpty {
            guard let known = record.segments[segment.number], !known.parts.isEmpty else { continue }
            for index in known.parts.indices { record.segments[segment.number]?.parts[index].removed = true }
        }
    }

    /// Segments far behind the window are forgotten, so that a long run needs no more memory than a short one.
    private mutating func forgetOld(_ record: inout RenditionRecord) {
        let limit = (record.latest?.mediaSequence ?? 0) - 100
        for (number, segment) in record.segments where number < limit {
            for key in [segment.key].compactMap(\.self) + segment.parts.map(\.key) { places[key] = nil }
            record.segments[number] = nil
        }
    }
}

/// Rules of one segment, as listed first and as listed again.
extension PresentationHistory {
    private mutating func take(
        _ segment: MediaPlaylist.Segment, of playlist: MediaPlaylist, _ observation: Observation,
        _ record: inout RenditionRecord
    ) {
        let place = "\(record.url) segment \(segment.number)"
        let key = segment.uri.map {
            ResourceKey(url: URIReference.resolve($0, against: record.url), range: segment.range)
        }
        let isKnown = record.segments[segment.number] != nil
        var known = record.segments[segment.number] ?? newRecord(segment, observation, record)
        if isKnown { compare(segment, key, with: known, place) }
        if let map = known.mapKey, refusedHints.remove(map) != nil {
            check(.hintWaits, map.url, false, "status 404")
        }
        if segment.uri == nil { known.sawItOpen = true }
        let wasOpen = known.segment.uri == nil
        takeParts(segment, of: playlist, observation, record.url, place, &known, isNew: !isKnown)
        if let key, !isKnown || wasOpen {
            known.key = key
            known.segment.uri = segment.uri
            known.segment.duration = segment.duration
            known.segment.range = segment.range
            known.segment.isGap = segment.isGap
            if record.isIFrames, !segment.isGap {
                check(.iFrameRange, place, segment.range != nil, "no EXT-X-BYTERANGE")
            }
            if !record.isIFrames || segment.range != nil {
                claim(key, ResourcePlace(rendition: record.url, number: segment.number), place)
            }
            check(
                .targetRespected, place, Int(segment.duration.rounded()) <= playlist.targetDuration,
                "EXTINF \(segment.duration), target \(playlist.targetDuration)")
        }
        if known.segment.date == nil, let date = segment.date { known.segment.date = date }
        if segment.uri != nil, !isKnown || wasOpen { checkDate(place, &known, record) }
        known.lastListed = observation.arrivedAt
        known.longestPlaylist = max(known.longestPlaylist, playlist.duration)
        record.segments[segment.number] = known
    }

    private func newRecord(
        _ segment: MediaPlaylist.Segment, _ observation: Observation, _ record: RenditionRecord
    ) -> SegmentRecord {
        let run = record.segments[segment.number - 1].map { $0.run + (segment.isDiscontinuity ? 1 : 0) }
        var new = SegmentRecord(
            segment: segment, run: run ?? segment.number, firstListed: observation.arrivedAt, lastListed: 0)
        new.segment.parts = []
        new.mapKey = segment.map.map {
            ResourceKey(url: URIReference.resolve($0.uri, against: record.url), range: $0.range)
        }
        return new
    }

    private mutating func compare(
        _ segment: MediaPlaylist.Segment, _ key: ResourceKey?, with known: SegmentRecord, _ place: String
    ) {
        if let before = known.key {
            check(
                .segmentIdentity, place, key == before,
                "was \(known.segment.uri ?? ""), now \(segment.uri ?? "no longer complete")")
            var differences: [String] = []
            if segment.duration != known.segment.duration { differences.append("EXTINF") }
            if segment.isGap != known.segment.isGap { differences.append("EXT-X-GAP") }
            check(.playlistEdits, place, differences.isEmpty, "\(differences.joined(separator: ", ")) changed")
        }
        var differences: [String] = []
        if segment.isDiscontinuity != known.segment.isDiscontinuity { differences.append("EXT-X-DISCONTINUITY") }
        if let date = segment.date, let before = known.segment.date, date != before {
            differences.append("EXT-X-PROGRAM-DATE-TIME")
        }
        if segment.map != known.segment.map { differences.append("EXT-X-MAP") }
        check(.playlistEdits, place, differences.isEmpty, "\(differences.joined(separator: ", ")) changed")
        check(
            .discontinuitySequence, place, segment.discontinuitySequence == known.segment.discontinuitySequence,
            "was \(known.segment.discontinuitySequence), now \(segment.discontinuitySequence)")
    }

    private mutating func claim(_ key: ResourceKey, _ owner: ResourcePlace, _ place: String) {
        let before = places[key]
        check(
            .segmentIdentity, place, before == nil || before == owner,
            "\(key.url) was segment \(before?.number ?? 0) before")
        if before == nil { places[key] = owner }
    }

    private mutating func takeParts(
        _ segment: MediaPlaylist.Segment, of playlist: MediaPlaylist, _ observation: Observation, _ url: String,
        _ place: String, _ known: inout SegmentRecord, isNew: Bool
    ) {
        let isComplete = segment.uri != nil
        let wasComplete = known.key != nil
        if !isNew, segment.parts.count < known.parts.count {
            // Parts are removed from the head of the playlist, never at its live edge.
            let rest = known.parts.suffix(segment.parts.count).map(\.part)
            let isLegal = isComplete && Self.areSame(rest, segment.parts)
            check(.playlistEdits, place, isLegal, "\(known.parts.count) parts became \(segment.parts.count)")
            return
        }
        if wasComplete {
            check(
                .playlistEdits, place, segment.parts.count == known.parts.count, "a complete segment gained parts")
        }
        for (index, part) in segment.parts.enumerated() {
            if index < known.parts.count {
                let before = known.parts[index].part
                check(
                    .playlistEdits, "\(place) part \(index)", Self.areSame([before], [part]),
                    "the part changed: \(before.uri) \(before.duration), now \(part.uri) \(part.duration)")
                known.parts[index].lastListed = observation.arrivedAt
            } else if !wasComplete {
                let key = ResourceKey(url: URIReference.resolve(part.uri, against: url), range: part.range)
                known.parts.append(PartRecord(part: part, key: key, lastListed: observation.arrivedAt))
                claim(
                    key, ResourcePlace(rendition: url, number: segment.number, part: index), "\(place) part \(index)")
                if refusedHints.remove(key) != nil { check(.hintWaits, key.url, part.isGap, "status 404") }
                if let target = playlist.partTarget {
                    check(
                        .partMaximum, "\(place) part \(index)", part.duration <= target + 1e-9,
                        "DURATION \(part.duration), part target \(target)")
                }
            }
        }
        checkMinimum(playlist, place, &known)
    }

    /// A part's least length is known to matter once another part of the same segment follows.
    private mutating func checkMinimum(_ playlist: MediaPlaylist, _ place: String, _ known: inout SegmentRecord) {
        guard let target = playlist.partTarget, known.parts.count > 1 else { return }
        for index in 0..<(known.parts.count - 1) where !known.parts[index].isMinimumChecked {
            known.parts[index].isMinimumChecked = true
            let part = known.parts[index].part
            if part.isIndependent || part.isGap || known.parts[index + 1].part.isGap { continue }
            check(
                .partMinimum, "\(place) part \(index)", part.duration >= 0.85 * target - 1e-9,
                "DURATION \(part.duration), part target \(target)")
        }
    }

    private static func areSame(_ left: [MediaPlaylist.Part], _ right: [MediaPlaylist.Part]) -> Bool {
        left.elementsEqual(right) { a, b in
            a.uri == b.uri && a.duration == b.duration && a.range == b.range && a.isIndependent == b.isIndependent
                && a.isGap == b.isGap
        }
    }

    private mutating func checkDate(_ place: String, _ known: inout SegmentRecord, _ record: RenditionRecord) {
        check(.datePresent, place, known.segment.date != nil, "no EXT-X-PROGRAM-DATE-TIME")
        guard let date = known.segment.date else { return }
        check(
            .datePrecision, place, date.fractionDigits >= 3 && date.hasZone,
            "\(date.fractionDigits) digits of a second, \(date.hasZone ? "a" : "no") zone")
        guard let before = record.segments[known.segment.number - 1], let earlier = before.segment.date,
            !before.isDateFaulty
        else { return }
        let step = date.seconds - earlier.seconds
        // An overlap of less than a second may absorb a drift at a discontinuity.
        let isForward = step > 0 && (known.run == before.run || step > before.segment.duration - 1)
        check(.dateForward, place, isForward, "\(seconds(step)) after the segment before")
        guard isForward else {
            known.isDateFaulty = true
            return
        }
        guard known.run == before.run else { return }
        let error = step - before.segment.duration
        // Two dates in whole milliseconds and one rounded duration, in which the clocks may drift.
        let isMapped = abs(error) <= 2 * tolerances.mapping + tolerances.slew * before.segment.duration + 1e-6
        check(
            record.isIFrames ? .iFrameDuration : .dateMapping, place, isMapped,
            "\(seconds(error)) beside the end of the segment before")
        known.isDateFaulty = !isMapped
    }
}
