import Bytes

/// Rules of HTTP delivery (RFC 8216bis appendix B.1, §6.2).
extension PresentationHistory {
    private static let mediaTypes: Set<String> = [
        "video/mp4", "audio/mp4", "application/mp4", "video/iso.segment", "audio/iso.segment",
    ]
    private static let playlistTypes: Set<String> = ["application/vnd.apple.mpegurl"]

    mutating func checkDelivery(_ observation: Observation) {
        let place = observation.url + (observation.isSuccess ? "" : " (\(observation.status))")
        check(.crossOrigin, place, observation.header("access-control-allow-origin") != nil, "no allowed origin")
        let age = observation.header("age")
        check(.age, place, age == nil || observation.isFromCache, "Age: \(age ?? "")")
        checkFreshness(observation, place)
        check(.cacheControl, place, observation.header("cache-control") != nil, "no Cache-Control")
        check(.redirect, place, !(300...399).contains(observation.status), "a redirection")
        guard observation.isSuccess else {
            if observation.status >= 400 { checkErrorLifetime(observation, place) }
            return
        }
        let type = observation.header("content-type") ?? "none"
        let essence = String(type.prefix { $0 != ";" && $0 != " " }).lowercased()
        let allowed = observation.isPlaylist ? Self.playlistTypes : Self.mediaTypes
        if observation.kind != .probe(.unknownResource) {
            check(.contentType, place, allowed.contains(essence), "Content-Type: \(type)")
        }
        if !observation.acceptsGzip {
            let coding = observation.header("content-encoding") ?? "identity"
            check(.identityCoding, place, coding.lowercased() == "identity", "Content-Encoding: \(coding)")
        }
        if observation.isPlaylist {
            guard observation.acceptsGzip else { return }
            let coding = observation.header("content-encoding") ?? ""
            check(.compression, place, coding.lowercased().contains("gzip"), "Content-Encoding: \(coding)")
            let vary = observation.header("vary") ?? ""
            check(.vary, place, vary.lowercased().contains("accept-encoding") || vary == "*", "Vary: \(vary)")
        } else {
            let length = observation.header("content-length").flatMap(Int.init)
            let isChunked = observation.header("transfer-encoding") != nil
            check(
                .whole, place, length == observation.body.count && !isChunked,
                "Content-Length \(length.map(String.init) ?? "missing") for \(observation.body.count) bytes")
        }
    }

    /// A cache may answer with what it has kept only while that is fresh, or where the origin permits more (RFC 9111 §4.2).
    private mutating func checkFreshness(_ observation: Observation, _ place: String) {
        guard observation.isFromCache, let written = observation.header("age") else { return }
        check(.freshness, place, observation.isAgeWellFormed, "Age: \(written)")
        guard let age = observation.age, let oldest = observation.cacheControl.oldest else { return }
        let control = observation.header("cache-control") ?? "none"
        // What may not be kept at all has no age, however it is rounded.
        let limit = oldest == 0 ? 0 : Double(oldest) + tolerances.age
        check(.freshness, place, Double(age) <= limit, "Age: \(age) with Cache-Control: \(control)")
    }

    /// The type of media may be neutral, but not that of other media.
    mutating func checkType(_ observation: Observation, _ facts: InitializationFacts) {
        let wrong = ["vide": "audio/", "soun": "video/"]["\(facts.handler)"]
        guard let wrong, let type = observation.header("content-type")?.lowercased() else { return }
        check(.contentType, observation.url, !type.hasPrefix(wrong), "Content-Type: \(type) for \(facts.handler) alone")
    }

    /// A live playlist soon has another version; one that has ended never has.
    mutating func checkLifetime(_ playlist: MediaPlaylist, _ observation: Observation) {
        guard playlist.targetDuration > 0 else { return }
        let limit = 6 * playlist.targetDuration
        let control = observation.header("cache-control") ?? "none"
        if playlist.isEnded {
            check(
                .endedLifetime, observation.url, observation.cacheControl.longest >= limit,
                "Cache-Control: \(control) for an ended playlist")
        } else {
            check(
                .cacheControl, observation.url, observation.cacheControl.longest <= limit,
                "Cache-Control: \(control) for a live playlist")
        }
    }

    /// What is not there may come, and a client that asked in the wrong way asks again.
    private mutating func checkErrorLifetime(_ observation: Observation, _ place: String) {
        guard let target = renditions.values.compactMap(\.latest?.targetDuration).max(), target > 0 else { return }
        check(
            .errorLifetime, place, observation.cacheControl.longest <= (observation.isBlocking ? 4 : 1) * target,
            "Cache-Control: \(observation.header("cache-control") ?? "none") for status \(observation.status)")
    }

    /// A part that is sent while it grows hides from the client how fast the network is.
    mutating func checkLineRate(_ observation: Observation) {
        guard observation.kind == .hintedPart, observation.isSuccess, let first = observation.firstByteAt else {
            return
        }
        let took = observation.arrivedAt - first
        let limit = tolerances.sending + Double(observation.body.count) / 10_000_000
        check(
            .partLineRate, observation.url, took <= limit,
            "\(observation.body.count) bytes came within \(seconds(took))")
    }

    mutating func observeProbe(_ observation: Observation, _ probe: Observation.Probe) {
        let status = observation.status
        let place = observation.url
        switch probe {
        case .partAlone: check(.blockPartAlone, place, status == 400, "status \(status)")
        case .farNumber: check(.blockFar, place, status == 400, "status \(status)")
        case .malformedNumber: check(.blockMalformed, place, status == 400, "status \(status)")
        case .unknownResource: check(.unknownResource, place, status == 404, "status \(status)")
        case .ahead(let number):
            let target = renditions[place]?.target ?? 0
            let mayGiveUp = status == 503 && observation.elapsed >= 3 * target - 0.5
            check(
                .blockAhead, place, status == 200 || mayGiveUp,
                "_HLS_msn=\(number): status \(status) after \(seconds(observation.elapsed))")
            if status == 200 { observePlaylist(observation, .blocking(number: number, part: nil)) }
        case .uncompressed:
            check(.served, place, status == 200, "status \(status) without Accept-Encoding")
            if status == 200, observation.header("content-encoding") ?? "identity" == "identity" {
                observePlaylist(observation, .plain)
            }
        case .segmentRange: observeRange(observation)
        case .oldNumber:
            check(
                .blockOld, place, status == 200 && observation.elapsed <= tolerances.promptness,
                "status \(status) after \(seconds(observation.elapsed))")
            if status == 200 { observePlaylist(observation, .plain) }
        case .unknownParameter:
            check(.blockUnknownParameter, place, status == 200, "status \(status)")
            if status == 200 { observePlaylist(observation, .plain) }
        }
    }
}

extension Observation {
    /// True when the answer should be a playlist.
    var isPlaylist: Bool {
        switch kind {
        case .multivariant, .playlist: true
        case .probe(let probe): probe != .unknownResource && probe != .segmentRange
        case .initialization, .hintedInitialization, .segment, .part, .hintedPart, .iFrame: false
        }
    }

    /// True for a request for a playlist with the directives of a blocking reload.
    fileprivate var isBlocking: Bool {
        switch kind {
        case .playlist(.blocking), .probe(.partAlone), .probe(.farNumber), .probe(.malformedNumber), .probe(.oldNumber),
            .probe(.ahead):
            true
        default: false
        }
    }
}
