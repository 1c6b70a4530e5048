import Bytes

/// Rules across segments and across renditions (RFC 8216bis §6.2.1, §6.2.4).
extension PresentationHistory {
    /// Compares segment `number` with the one before it and with its fellows in other renditions, once.
    mutating func chain(_ rendition: String, _ number: Int) {
        guard var segment = renditions[rendition]?.segments[number], let summary = segment.summary, !segment.isChained
        else { return }
        let place = "\(rendition) segment \(number)"
        if let before = renditions[rendition]?.segments[number - 1] {
            if before.segment.isGap || before.segment.isEncrypted {
                segment.isChained = true
            } else if let earlier = before.summary {
                segment.isChained = true
                if before.run == segment.run {
                    check(
                        .continuity, place,
                        abs(summary.decodeTime - earlier.end) <= summary.slack + earlier.slack,
                        "its decode time is \(summary.decodeTime), not \(earlier.end)")
                    check(
                        .sequenceNumber, place, summary.firstSequence > earlier.lastSequence,
                        "\(summary.firstSequence) follows \(earlier.lastSequence)")
                    checkMaps(place, before.mapKey, segment.mapKey)
                }
            }
        } else {
            segment.isChained = true
        }
        renditions[rendition]?.segments[number] = segment
        guard segment.isChained else { return }
        checkMapping(rendition, segment, summary, place)
        checkFellows(rendition, number, segment, summary, place)
        measure(rendition, upTo: number)
    }

    private mutating func checkMaps(_ place: String, _ before: ResourceKey?, _ now: ResourceKey?) {
        guard let before, let now, before != now, let old = headerBytes[before], let new = headerBytes[now] else {
            return
        }
        check(.discontinuityMarked, place, old == new, "another initialization without a discontinuity")
    }

    /// Within a continuity the difference of date and media time may vary only by what rounding and a drift explain.
    private mutating func checkMapping(
        _ rendition: String, _ segment: SegmentRecord, _ summary: SegmentSummary, _ place: String
    ) {
        guard let date = segment.segment.date, !segment.isDateFaulty else { return }
        let offset = date.seconds - summary.presentation
        guard let known = renditions[rendition]?.mappings[segment.run] else {
            renditions[rendition]?.mappings[segment.run] = DateMapping(
                offset: offset, at: summary.presentation, slew: tolerances.slew)
            return
        }
        let error = known.error(of: offset, at: summary.presentation)
        let isMapped = error <= tolerances.mapping + 1e-5
        check(.dateMapping, place, isMapped, "the date is \(seconds(error)) beside media time")
        if isMapped { renditions[rendition]?.mappings[segment.run]?.add(offset, at: summary.presentation) }
    }

    private mutating func checkFellows(
        _ rendition: String, _ number: Int, _ segment: SegmentRecord, _ summary: SegmentSummary, _ place: String
    ) {
        for other in renditions.keys.sorted() where other != rendition {
            guard let fellow = renditions[other]?.segments[number], let theirs = fellow.summary else { continue }
            check(
                .discontinuityAligned, place,
                segment.segment.discontinuitySequence == fellow.segment.discontinuitySequence,
                "\(segment.segment.discontinuitySequence), but \(fellow.segment.discontinuitySequence) in \(other)")
            let apart = summary.presentation - theirs.presentation
            check(
                .segmentsAligned, place, abs(apart) <= summary.frame + theirs.frame + 1e-6,
                "begins \(seconds(apart)) beside its fellow in \(other)")
            guard let date = segment.segment.date, let theirDate = fellow.segment.date, !segment.isDateFaulty,
                !fellow.isDateFaulty
            else { continue }
            let error = (date.seconds - summary.presentation) - (theirDate.seconds - theirs.presentation)
            check(
                .dateShared, place, abs(error) <= tolerances.mapping + tolerances.slew * abs(apart) + 1e-5,
                "its mapping is \(seconds(error)) beside that of \(other)")
        }
    }

    /// Takes all runs of segments that end with `number` and last 0.5 to 1.5 target durations (RFC 8216bis §4.1).
    private mutating func measure(_ rendition: String, upTo number: Int) {
        guard let record = renditions[rendition], record.target > 0 else { return }
        var (bits, length, peak) = (0.0, 0.0, record.peak)
        var index = number
        while let segment = record.segments[index], let summary = segment.summary {
            bits += Double(summary.byteCount) * 8
            length += segment.segment.duration
            if length > 1.5 * record.target + 0.5 { break }
            if length >= 0.5 * record.target { peak = max(peak, bits / length) }
            index -= 1
        }
        guard peak > record.peak || record.peak == 0 else { return }
        renditions[rendition]?.peak = peak
        renditions[rendition]?.peakSeen = record.latestArrived
    }

    /// No other rendition may have been more than a part ahead when this one's playlist was asked for.
    mutating func checkTogether(_ record: RenditionRecord, _ observation: Observation) {
        guard record.isLowLatency, let end = record.latest.flatMap(Self.end) else { return }
        for other in renditions.values.sorted(by: { $0.url < $1.url }) {
            guard other.url != record.url, !other.isIFrames, other.latestArrived <= observation.madeAfter,
                let latest = other.latest,
                let target = latest.partTarget, let theirs = Self.end(of: latest)
            else { continue }
            check(
                .renditionsTogether, record.url, theirs - end <= target + 0.05,
                "ends \(seconds(theirs - end)) before \(other.url)")
        }
    }

    /// The date at which a playlist ends.
    static func end(of playlist: MediaPlaylist) -> Double? {
        guard let last = playlist.segments.last, let date = last.date else { return nil }
        let open = playlist.open?.parts.reduce(0) { $0 + $1.duration } ?? 0
        return date.seconds + last.duration + open
    }
}
