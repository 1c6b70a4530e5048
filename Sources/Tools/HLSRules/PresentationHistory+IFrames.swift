import Bytes

/// Rules of I-frame playlists (RFC 8216bis §4.4.3.6, §4.4.6.3).
extension PresentationHistory {
    /// The absolute URLs of the I-frame playlists.
    var iFramePlaylists: Set<String> { Set((multivariant?.iFrameURIs ?? []).map(resolved)) }

    mutating func checkIFrameVariants(_ playlist: MultivariantPlaylist) {
        for variant in playlist.iFrameVariants {
            let place = "\(multivariantURL) line \(variant.line)"
            check(.iFrameAttributes, place, variant.bandwidth != nil, "no BANDWIDTH")
            check(.iFrameAttributes, place, !variant.codecs.isEmpty, "no CODECS")
            check(.iFrameAttributes, place, variant.resolution != nil, "no RESOLUTION")
            check(
                .iFrameAttributes, place, variant.foreign.isEmpty,
                "it has \(variant.foreign.joined(separator: ", "))")
        }
    }

    mutating func checkIFramePlaylist(_ playlist: MediaPlaylist, _ place: String) {
        check(.iFrameOnly, place, playlist.isIFramesOnly, "no EXT-X-I-FRAMES-ONLY")
        let hasParts = playlist.allSegments.contains { !$0.parts.isEmpty }
        check(.iFrameOnly, place, !hasParts && playlist.hints.isEmpty, "parts or hints")
    }

    mutating func observeIFrame(_ observation: Observation) {
        let key = ResourceKey(url: observation.url, range: observation.range)
        guard let place = places[key] else { return }
        checkAvailability(observation, place)
        guard observation.isSuccess, let range = observation.range else { return }
        let name = "\(place.rendition) segment \(place.number)"
        let told = observation.header("content-range")
        let wanted = "bytes \(range.start)-\(range.start + range.length - 1)/"
        let isExact =
            observation.status == 206 && told?.hasPrefix(wanted) == true && observation.body.count == range.length
        check(
            .iFrameRange, name, isExact,
            "asked for \(wanted.dropLast()), got \(observation.body.count) bytes with status \(observation.status) and "
                + "Content-Range: \(told ?? "none")")
        guard isExact else { return }
        if renditions[place.rendition]?.segments[place.number]?.iFrame == nil {
            renditions[place.rendition]?.segments[place.number]?.bytes = observation.body
        }
        if !compare(.iFrameMedia, key, observation.body) {
            recentIFrames.append((key, observation.body))
            if recentIFrames.count > 64 { recentIFrames.removeFirst() }
        }
        settle(place.rendition)
    }

    /// Keeps a segment for a while, for I-frames to be compared with.
    mutating func keep(segment bytes: ByteChunk, _ key: ResourceKey) {
        recentSegments.append((key, bytes))
        if recentSegments.count > 16 { recentSegments.removeFirst() }
        let waiting = recentIFrames.filter { $0.key.url == key.url }
        recentIFrames.removeAll { $0.key.url == key.url }
        for iFrame in waiting { _ = compare(.iFrameMedia, iFrame.key, iFrame.bytes) }
    }

    /// Judges the answer to a request for some bytes of a segment.
    mutating func observeRange(_ observation: Observation) {
        guard let range = observation.range else { return }
        let told = observation.header("content-range") ?? "none"
        let isExact =
            observation.status == 206 && told.hasPrefix("bytes \(range.start)-\(range.start + range.length - 1)/")
        check(
            .range, observation.url, isExact && observation.body.count == range.length,
            "asked for \(range.length) bytes from \(range.start) on, got \(observation.body.count) with status "
                + "\(observation.status) and Content-Range: \(told)")
        if isExact { _ = compare(.range, ResourceKey(url: observation.url, range: range), observation.body) }
    }

    /// Compares bytes with those of their segment, when that is known.
    private mutating func compare(_ rule: Rule, _ key: ResourceKey, _ bytes: ByteChunk) -> Bool {
        guard let range = key.range,
            let own = recentSegments.last(where: { $0.key.url == key.url && ($0.key.range?.start ?? 0) <= range.start })
        else { return false }
        let start = range.start - (own.key.range?.start ?? 0)
        let isSame = own.bytes.withUnsafeBytes { segment in
            bytes.withUnsafeBytes { segment.dropFirst(start).prefix($0.count).elementsEqual($0) }
        }
        check(rule, "\(key.url) bytes \(range.start) on", isSame, "not those of the segment")
        return true
    }

    /// Reads an I-frame once its header is known, and compares its duration with the way to its neighbours.
    mutating func settleIFrame(_ rendition: String, _ number: Int, _ header: InitializationFacts) {
        guard let segment = renditions[rendition]?.segments[number], segment.iFrame == nil, let bytes = segment.bytes
        else { return }
        let place = "\(rendition) segment \(number)"
        renditions[rendition]?.segments[number]?.bytes = nil
        do throws(BoxError) {
            let facts = try FragmentFacts(iFrame: bytes, header: header)
            let fault = facts.faults.first
            renditions[rendition]?.hasJudgedMedia = true
            check(.iFrameMedia, "\(place) byte \(fault?.offset ?? 0)", fault == nil, fault?.detail ?? "")
            let scale = Double(header.timescale)
            renditions[rendition]?.segments[number]?.iFrame = (
                presentation: Double(facts.earliestPresentation) / scale, frame: Double(facts.duration) / scale
            )
        } catch {
            check(.iFrameMedia, "\(place) byte \(error.offset)", false, error.detail)
        }
        checkMapping(rendition, number)
        checkDistance(rendition, from: number - 1)
        checkDistance(rendition, from: number)
    }

    /// An I-frame has the date that its segment's playlist gives to that moment.
    private mutating func checkMapping(_ rendition: String, _ number: Int) {
        guard let segment = renditions[rendition]?.segments[number], let iFrame = segment.iFrame, let key = segment.key,
            let date = segment.segment.date, !segment.isDateFaulty, let owner = places[ResourceKey(url: key.url)],
            let own = renditions[owner.rendition]?.segments[owner.number], let summary = own.summary,
            let ownDate = own.segment.date, !own.isDateFaulty
        else { return }
        let error = (date.seconds - iFrame.presentation) - (ownDate.seconds - summary.presentation)
        check(
            .dateShared, "\(rendition) segment \(number)", abs(error) <= tolerances.mapping + 1e-5,
            "its mapping is \(seconds(error)) beside that of \(owner.rendition)")
    }

    private mutating func checkDistance(_ rendition: String, from number: Int) {
        guard let segment = renditions[rendition]?.segments[number], let iFrame = segment.iFrame,
            let next = renditions[rendition]?.segments[number + 1], let following = next.iFrame,
            segment.run == next.run
        else { return }
        let distance = following.presentation - iFrame.presentation
        check(
            .iFrameDuration, "\(rendition) segment \(number)",
            abs(segment.segment.duration - distance) <= iFrame.frame + 1e-6,
            "EXTINF \(segment.segment.duration), the next I-frame is shown \(seconds(distance)) later")
    }
}
