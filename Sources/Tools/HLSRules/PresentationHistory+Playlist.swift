import Bytes

/// Rules of one media playlist by itself, and of how it is answered (RFC 8216bis §4.4.3-5, §6.2.5).
extension PresentationHistory {
    mutating func observePlaylist(_ observation: Observation, _ reload: Observation.Reload) {
        var record = renditions[observation.url] ?? RenditionRecord(url: observation.url)
        let place = observation.url
        guard observation.isSuccess else {
            switch reload {
            case .plain: check(.served, place, false, "status \(observation.status)")
            case .blocking:
                let mayGiveUp = observation.status == 503 && observation.elapsed >= 3 * record.target - 0.5
                check(.blockAnswered, place, mayGiveUp, "\(reload.directives): status \(observation.status)")
            }
            return
        }
        guard let playlist = read(observation), isInOrder(playlist, observation, record),
            checkDelta(playlist, reload, record)
        else { return }
        checkFull(playlist, record)
        checkAnswer(playlist, observation, reload, record)
        checkConstants(playlist, record)
        checkServerControl(playlist, place)
        checkLifetime(playlist, observation)
        if !playlist.isEnded, playlist.type == nil {
            check(
                .discontinuitySequencePresent, place, playlist.hasDiscontinuitySequence,
                "no EXT-X-DISCONTINUITY-SEQUENCE")
        }
        checkHints(playlist, place)
        checkDateRanges(playlist, observation, &record)
        record.isIFrames = iFramePlaylists.contains(place)
        if record.isIFrames {
            checkIFramePlaylist(playlist, place)
        } else {
            checkParts(playlist, place)
            checkReports(playlist, observation)
        }
        checkTransition(playlist, observation, reload, &record)
        renditions[observation.url] = record
        checkTogether(record, observation)
        settle(observation.url)
    }

    private mutating func read(_ observation: Observation) -> MediaPlaylist? {
        do throws(PlaylistFault) {
            let reader = try PlaylistReader(
                observation.body, variables: multivariant?.variables ?? [:],
                query: URIReference.query(of: observation.url), known: renditions[observation.url]?.latest)
            note(reader.faults, observation.url)
            // What is skipped where is then not sure.
            if reader.faults.contains(where: { $0.rule == .deltaTags }) { return nil }
            if case .media(let playlist) = reader.playlist { return playlist }
            check(.tagPlacement, observation.url, false, "a multivariant playlist in place of a media playlist")
        } catch {
            note([error], observation.url)
        }
        return nil
    }

    /// False when the answer is older than what is known; that is a fault only when it was asked for later.
    private mutating func isInOrder(
        _ playlist: MediaPlaylist, _ observation: Observation, _ record: RenditionRecord
    ) -> Bool {
        guard let latest = record.latest else { return true }
        let askedLater = observation.madeAfter >= record.latestArrived
        let decreases = playlist.mediaSequence < latest.mediaSequence
        let isOlder = playlist.position < latest.position
        if askedLater {
            check(
                .mediaSequence, record.url, !decreases,
                "EXT-X-MEDIA-SEQUENCE went from \(latest.mediaSequence) to \(playlist.mediaSequence)")
            if !decreases {
                check(
                    .playlistFresh, record.url, !isOlder,
                    "ends at \(playlist.position.number).\(playlist.position.parts), "
                        + "before it ended at \(latest.position.number).\(latest.position.parts)")
            }
        }
        return !decreases && !isOlder
    }

    private mutating func checkAnswer(
        _ playlist: MediaPlaylist, _ observation: Observation, _ reload: Observation.Reload, _ record: RenditionRecord
    ) {
        guard case .blocking(let number, let part, _) = reload, !playlist.isEnded else { return }
        check(
            .blockAnswered, record.url,
            record.target == 0 || observation.elapsed <= 3 * record.target + tolerances.jitter,
            "answered after \(seconds(observation.elapsed))")
        if let part {
            let asked = playlist.segments.first { $0.number == number }
            // A part beyond the last of a complete segment is the first one of the next.
            let isBeyond = asked.map { !$0.parts.isEmpty && part >= $0.parts.count } ?? false
            let wanted = isBeyond ? Position(number: number + 1, parts: 1) : Position(number: number, parts: part + 1)
            let reaches = playlist.position >= wanted
            check(
                .blockPart, record.url, reaches,
                "asked for part \(part) of \(number), got up to \(playlist.position.parts) parts of "
                    + "\(playlist.position.number)")
        } else {
            check(
                .blockSegment, record.url, playlist.lastNumber >= number,
                "asked for segment \(number), the last complete one is \(playlist.lastNumber)")
        }
    }

    private mutating func checkConstants(_ playlist: MediaPlaylist, _ record: RenditionRecord) {
        if let first = record.first {
            check(
                .targetConstant, record.url, playlist.targetDuration == first.targetDuration,
                "\(first.targetDuration) became \(playlist.targetDuration)")
            check(
                .partTargetConstant, record.url, playlist.partTarget == first.partTarget,
                "\(first.partTarget.map { "\($0)" } ?? "none") became \(playlist.partTarget.map { "\($0)" } ?? "none")")
            check(
                .serverControlConstant, record.url, playlist.serverControl == first.serverControl,
                "EXT-X-SERVER-CONTROL changed")
            return
        }
        for other in renditions.values {
            guard other.url != record.url, let first = other.first else { continue }
            check(
                .targetShared, record.url, playlist.targetDuration == first.targetDuration,
                "\(playlist.targetDuration), but \(first.targetDuration) in \(other.url)")
            check(
                .serverControlShared, record.url, playlist.serverControl == first.serverControl,
                "differs from \(other.url)")
        }
    }

    private mutating func checkServerControl(_ playlist: MediaPlaylist, _ place: String) {
        let target = Double(playlist.targetDuration)
        if let control = playlist.serverControl {
            if let hold = control.holdBack {
                check(.holdBack, place, hold >= 3 * target - 1e-9, "HOLD-BACK=\(hold), target \(target)")
            }
            if let skip = control.canSkipUntil {
                check(.skipBoundary, place, skip >= 6 * target - 1e-9, "CAN-SKIP-UNTIL=\(skip), target \(target)")
            }
            check(
                .skipBoundary, place, !control.canSkipDateRanges || control.canSkipUntil != nil,
                "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL")
        }
        if let offset = playlist.startOffset, !playlist.isEnded {
            check(.startOffset, place, offset >= 0 || offset <= -3 * target, "TIME-OFFSET=\(offset)")
        }
        guard let partTarget = playlist.partTarget else { return }
        check(
            .blockReloadOffered, place, playlist.serverControl?.canBlockReload == true || playlist.isEnded,
            "no CAN-BLOCK-RELOAD=YES")
        let hold = playlist.serverControl?.partHoldBack
        check(
            .partHoldBack, place, (hold ?? 0) >= 3 * partTarget - 1e-9,
            "PART-HOLD-BACK \(hold.map { "\($0)" } ?? "missing"), part target \(partTarget)")
    }

    private mutating func checkParts(_ playlist: MediaPlaylist, _ place: String) {
        guard playlist.partTarget != nil, !playlist.isEnded else { return }
        let reach = 3 * Double(playlist.targetDuration)
        var distance = playlist.open?.parts.reduce(0) { $0 + $1.duration } ?? 0
        var isCut = false
        for segment in playlist.segments.reversed() {
            let end = distance
            distance += segment.duration
            if segment.isGap { continue }
            if segment.parts.isEmpty {
                check(
                    .partListed, place, distance > reach + 1e-6,
                    "segment \(segment.number), \(seconds(distance)) from the end, has no parts")
                isCut = true
            } else {
                check(.partRemoved, place, !isCut, "segment \(segment.number) has parts, a later one has none")
                check(
                    .partRemoved, place, end <= reach + Double(playlist.targetDuration),
                    "segment \(segment.number), \(seconds(end)) from the end, has parts")
            }
        }
    }

    private mutating func checkHints(_ playlist: MediaPlaylist, _ place: String) {
        if playlist.isEnded {
            check(.hintAfterEnd, place, playlist.hints.isEmpty, "a hint in an ended playlist")
            return
        }
        guard playlist.partTarget != nil, playlist.allSegments.contains(where: { !$0.parts.isEmpty }) else { return }
        let parts = playlist.hints.filter { $0.type == "PART" }.count
        check(.hintPresent, place, parts >= 1, "no hint")
        let maps = playlist.hints.count - parts
        check(.hintUnique, place, parts <= 1 && maps <= 1, "\(parts) part hints, \(maps) map hints")
    }

    private mutating func checkReports(_ playlist: MediaPlaylist, _ observation: Observation) {
        let others = (multivariant?.playlistURIs ?? []).map(resolved).filter { $0 != observation.url }
        if playlist.partTarget != nil, !playlist.isEnded, !others.isEmpty {
            check(.reportPresent, observation.url, !playlist.reports.isEmpty, "no EXT-X-RENDITION-REPORT")
        }
        guard !playlist.reports.isEmpty else { return }
        let reported = Set(playlist.reports.map { URIReference.resolve($0.uri, against: observation.url) })
        for other in others {
            check(.reportComplete, observation.url, reported.contains(other), "no report on \(other)")
        }
        for report in playlist.reports {
            let url = URIReference.resolve(report.uri, against: observation.url)
            guard let other = renditions[url], let latest = other.latest, other.latestArrived <= observation.madeAfter,
                latest.partTarget != nil
            else { continue }
            let known = latest.position
            let number = report.lastNumber ?? playlist.lastNumber
            let told = Position(number: number, parts: (report.lastPart ?? -1) + 1)
            let isFresh = told >= known || known.parts == 0 && told.number >= known.number - 1
            check(
                .reportFresh, "\(observation.url) line \(report.line)", isFresh,
                "reports \(told.number).\(told.parts), seen before: \(known.number).\(known.parts)")
        }
    }
}
