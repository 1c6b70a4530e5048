import Bytes

/// Rules of initialization sections, parts and segments (ISO/IEC 23000-19 §7).
extension PresentationHistory {
    /// A hint may be withdrawn; what became of it shows when a segment comes.
    mutating func observeHintedInitialization(_ observation: Observation) {
        if observation.status == 404 {
            refusedHints.insert(ResourceKey(url: observation.url, range: observation.range))
        } else {
            check(.hintWaits, observation.url, observation.isSuccess, "status \(observation.status)")
            if observation.isSuccess { observeInitialization(observation) }
        }
    }

    mutating func observeInitialization(_ observation: Observation) {
        check(.served, observation.url, observation.isSuccess, "status \(observation.status)")
        guard observation.isSuccess else { return }
        let key = ResourceKey(url: observation.url, range: observation.range)
        if let before = headerBytes[key] {
            check(.resourceImmutable, observation.url, before == observation.body, "the initialization changed")
            return
        }
        do throws(BoxError) {
            let facts = try InitializationFacts(observation.body)
            note(facts.faults, observation.url, judged: Self.headerRules)
            checkType(observation, facts)
            headers[key] = facts
            headerBytes[key] = observation.body
        } catch {
            check(.boxStructure, "\(observation.url) byte \(error.offset)", false, error.detail)
        }
        for url in renditions.keys.sorted() { settle(url) }
    }

    mutating func observeMedia(_ observation: Observation) {
        let key = ResourceKey(url: observation.url, range: observation.range)
        checkLineRate(observation)
        guard let place = places[key] else {
            if observation.kind == .hintedPart {
                if observation.status == 404 {
                    refusedHints.insert(key)
                } else {
                    check(.hintWaits, observation.url, observation.isSuccess, "status \(observation.status)")
                }
            }
            if observation.isSuccess {
                unplaced.append((key, observation))
                if unplaced.count > 64 { unplaced.removeFirst() }
            }
            return
        }
        if observation.kind == .hintedPart {
            let part = place.part.flatMap { renditions[place.rendition]?.segments[place.number]?.parts[$0].part }
            let isGap = part?.isGap ?? false
            check(
                .hintWaits, observation.url, observation.isSuccess || isGap && observation.status == 404,
                "status \(observation.status)")
        } else {
            checkAvailability(observation, place)
        }
        if observation.isSuccess { store(observation.body, at: place) }
        settle(place.rendition)
    }

    /// What is listed must be served, and for a while after its removal still.
    mutating func checkAvailability(_ observation: Observation, _ place: ResourcePlace) {
        guard let record = renditions[place.rendition], let segment = record.segments[place.number] else { return }
        let isListed: Bool
        let until: Double
        if let index = place.part, index < segment.parts.count {
            let part = segment.parts[index]
            if part.part.isGap { return }
            isListed = !part.removed && place.number >= record.latest?.mediaSequence ?? 0
            until = part.lastListed + 3 * record.target
        } else {
            if segment.segment.isGap { return }
            isListed = place.number >= record.latest?.mediaSequence ?? 0
            until = segment.lastListed + segment.segment.duration + segment.longestPlaylist
        }
        let name = "\(observation.url) (segment \(place.number))"
        if isListed {
            check(.served, name, observation.isSuccess, "status \(observation.status)")
        } else if observation.isSuccess || observation.arrivedAt < until {
            let rule: Rule = place.part == nil ? .segmentAvailable : .partAvailable
            check(
                rule, name, observation.isSuccess,
                "status \(observation.status), \(seconds(until - observation.arrivedAt)) too early")
        }
    }

    private mutating func store(_ body: ByteChunk, at place: ResourcePlace) {
        guard let segment = renditions[place.rendition]?.segments[place.number] else { return }
        let fingerprint = Fingerprint(body)
        // What cannot be read need not be kept.
        let isReadable = !segment.segment.isEncrypted && !(segment.isMapChecked && segment.mapKey == nil)
        if let index = place.part {
            guard index < segment.parts.count else { return }
            let part = segment.parts[index]
            if checkSame(part.fingerprint, fingerprint, part.key) { return }
            renditions[place.rendition]?.segments[place.number]?.parts[index].fingerprint = fingerprint
            if isReadable { renditions[place.rendition]?.segments[place.number]?.parts[index].bytes = body }
        } else if let key = segment.key {
            keep(segment: body, key)
            if checkSame(segment.fingerprint, fingerprint, key) { return }
            renditions[place.rendition]?.segments[place.number]?.fingerprint = fingerprint
            if isReadable { renditions[place.rendition]?.segments[place.number]?.bytes = body }
        }
    }

    /// True when the resource was seen before; then it must be the same.
    private mutating func checkSame(_ before: Fingerprint?, _ now: Fingerprint, _ key: ResourceKey) -> Bool {
        guard let before else { return false }
        check(
            .resourceImmutable, key.url, now == before,
            before.count == now.count
                ? "\(now.count) bytes are others than before" : "\(before.count) bytes became \(now.count)")
        return true
    }

    private static let headerRules: [Rule] = [.boxStructure, .brands, .oneTrack, .emptyTables, .editList]
    private static let fragmentRules: [Rule] = [
        .boxStructure, .oneTrack, .defaultBase, .decodeTimePresent, .continuity, .sequenceNumber, .runVersion,
        .sampleData, .sampleDuration, .parameterSets, .syncFlags,
    ]

    private mutating func note(_ faults: [MediaFault], _ place: String, judged: [Rule]) {
        for rule in judged {
            let own = faults.filter { $0.rule == rule }
            guard let first = own.first else {
                check(rule, place, true, "")
                continue
            }
            let more = own.count > 1 ? " (and \(own.count - 1) more)" : ""
            check(rule, "\(place) byte \(first.offset)", false, first.detail + more)
        }
    }

    /// Checks everything about `rendition` that has become checkable.
    mutating func settle(_ rendition: String) {
        placeMedia()
        guard let numbers = renditions[rendition]?.segments.filter({ !$0.value.isSettled }).keys.sorted() else {
            return
        }
        for number in numbers {
            guard let segment = renditions[rendition]?.segments[number] else { continue }
            checkMap(segment, rendition, number)
            guard let mapKey = segment.mapKey, let header = headers[mapKey] else { continue }
            if renditions[rendition]?.facts == nil {
                renditions[rendition]?.facts = header
                checkClaims(about: rendition)
            }
            if segment.segment.isEncrypted || segment.segment.isGap { continue }
            if renditions[rendition]?.isIFrames == true {
                settleIFrame(rendition, number, header)
                continue
            }
            settleParts(rendition, number, header)
            settleSegment(rendition, number, header)
            join(rendition, number)
            chain(rendition, number)
        }
    }

    /// Without its initialization no fragment can be read.
    private mutating func checkMap(_ segment: SegmentRecord, _ rendition: String, _ number: Int) {
        guard !segment.isMapChecked, let media = segment.bytes ?? segment.parts.lazy.compactMap(\.bytes).first,
            !segment.segment.isEncrypted
        else { return }
        renditions[rendition]?.segments[number]?.isMapChecked = true
        if segment.mapKey == nil { renditions[rendition]?.segments[number]?.bytes = nil }
        if Self.isFragmentedMP4(media) {
            check(
                .segmentMap, "\(rendition) segment \(number)", segment.mapKey != nil,
                "fragmented MP4 without an EXT-X-MAP")
        }
    }

    /// True when `bytes` begin with a box that begins a fragment.
    private static func isFragmentedMP4(_ bytes: ByteChunk) -> Bool {
        let type = bytes.withUnsafeBytes { Array($0.dropFirst(4).prefix(4)) }
        return ["styp", "moof", "sidx", "emsg", "prft"].contains(String(decoding: type, as: UTF8.self))
    }

    /// The media playlists of which nothing that was fetched could be read, each with the reason.
    public var unjudged: [String] {
        renditions.values.filter { $0.latest != nil && !$0.hasJudgedMedia }.map { record in
            let segments = record.segments.values.filter { !$0.segment.isGap }
            let reason =
                if segments.isEmpty { "it lists none" } else if segments.allSatisfy({ $0.segment.isEncrypted }) {
                    "they are encrypted"
                } else if segments.allSatisfy({ $0.mapKey == nil }) {
                    "it has no EXT-X-MAP"
                } else if record.facts == nil { "no initialization could be read" } else { "no fragment could be read" }
            return "\(record.url): \(reason)"
        }.sorted()
    }

    /// Gives media that came early to the segment that now names it.
    private mutating func placeMedia() {
        guard unplaced.contains(where: { places[$0.key] != nil }) else { return }
        let ready = unplaced.filter { places[$0.key] != nil }
        unplaced.removeAll { places[$0.key] != nil }
        for (key, observation) in ready {
            if let place = places[key] { store(observation.body, at: place) }
        }
    }

    private mutating func settleParts(_ rendition: String, _ number: Int, _ header: InitializationFacts) {
        guard var segment = renditions[rendition]?.segments[number] else { return }
        for index in segment.parts.indices {
            let part = segment.parts[index]
            let place = "\(rendition) segment \(number) part \(index)"
            if part.facts == nil, !part.part.isGap, let bytes = part.bytes {
                do throws(BoxError) {
                    let facts = try FragmentFacts(bytes, header: header)
                    note(facts.faults, place, judged: Self.fragmentRules)
                    renditions[rendition]?.hasJudgedMedia = true
                    segment.parts[index].facts = facts
                    let duration = Double(facts.duration) / Double(header.timescale)
                    check(
                        .partDuration, place, abs(part.part.duration - duration) <= tolerances.duration + 1e-6,
                        "DURATION \(part.part.duration), media \(seconds(duration))")
                    check(
                        .partIndependent, place, part.part.isIndependent == facts.startsWithSync,
                        part.part.isIndependent
                            ? "INDEPENDENT=YES, but the first sample is no sync sample"
                            : "the first sample is a sync sample, but INDEPENDENT=YES is missing")
                } catch {
                    check(.boxStructure, "\(place) byte \(error.offset)", false, error.detail)
                    segment.parts[index].bytes = nil
                }
            }
            guard let last = segment.parts[..<index].lastIndex(where: { !$0.part.isGap }),
                !segment.parts[index].isChained, let before = segment.parts[last].facts,
                let facts = segment.parts[index].facts
            else { continue }
            segment.parts[index].isChained = true
            let gap = MediaGap.gaps(in: segment.parts[(last + 1)..<index].map(\.part)).first
            let wanted = before.end + (gap?.ticks(in: header.timescale) ?? 0)
            check(
                .continuity, place, abs(facts.decodeTime - wanted) <= gap?.slack(in: header.timescale) ?? 0,
                "its decode time is \(facts.decodeTime), not \(wanted)")
            let (sequence, lastSequence) = (
                facts.chunks.first?.sequenceNumber ?? 0, before.chunks.last?.sequenceNumber ?? 0
            )
            check(.sequenceNumber, place, sequence > lastSequence, "\(sequence) follows \(lastSequence)")
        }
        renditions[rendition]?.segments[number] = segment
    }

    private mutating func settleSegment(_ rendition: String, _ number: Int, _ header: InitializationFacts) {
        guard var segment = renditions[rendition]?.segments[number], segment.summary == nil, segment.key != nil,
            let bytes = segment.bytes
        else { return }
        let place = "\(rendition) segment \(number)"
        do throws(BoxError) {
            let facts = try FragmentFacts(bytes, header: header, gaps: segment.gaps)
            note(facts.faults, place, judged: Self.fragmentRules)
            renditions[rendition]?.hasJudgedMedia = true
            checkSegment(facts, segment, header, place, rendition)
            segment.summary = SegmentSummary(facts, gaps: segment.gaps, byteCount: bytes.count, header)
            if header.isVideo, facts.sampleCount >= 10, renditions[rendition]?.frameRates == nil,
                let rates = facts.frameRates(in: header.timescale)
            {
                renditions[rendition]?.frameRates = rates
                checkClaims(about: rendition)
            }
        } catch {
            check(.boxStructure, "\(place) byte \(error.offset)", false, error.detail)
            segment.bytes = nil
        }
        renditions[rendition]?.segments[number] = segment
    }

    private mutating func checkSegment(
        _ facts: FragmentFacts, _ segment: SegmentRecord, _ header: InitializationFacts, _ place: String,
        _ rendition: String
    ) {
        let duration = Double(facts.duration) / Double(header.timescale)
        let gaps = segment.gaps.reduce(0) { $0 + $1.duration }
        check(
            .segmentDuration, place, abs(segment.segment.duration - duration - gaps) <= tolerances.duration + 1e-6,
            "EXTINF \(segment.segment.duration), media \(seconds(duration))"
                + (gaps > 0 ? ", gaps \(seconds(gaps))" : ""))
        let claims =
            multivariant?.hasIndependentSegments == true
            || renditions[rendition]?.latest?.hasIndependentSegments == true
        if claims { check(.startsWithSync, place, facts.startsWithSync, "its first sample is no sync sample") }
        if !header.hasEditList {
            check(
                .earliestPresentation, place, facts.earliestPresentation == facts.decodeTime,
                "presentation begins at \(facts.earliestPresentation), decoding at \(facts.decodeTime)")
        }
    }

    /// Compares a segment with its parts once all of them are there, and lets go of the bytes.
    private mutating func join(_ rendition: String, _ number: Int) {
        guard var segment = renditions[rendition]?.segments[number], !segment.isJoined, segment.summary != nil,
            let bytes = segment.bytes
        else { return }
        let isPartial = !segment.sawItOpen && renditions[rendition]?.first?.segments.first?.number == number
        if !segment.parts.isEmpty, !isPartial {
            let listed = segment.parts.filter { !$0.part.isGap }
            let parts = listed.compactMap(\.bytes)
            guard parts.count == listed.count else { return }
            let isSame = ByteChunk(joining: parts) == bytes
            check(
                .partConcatenation, "\(rendition) segment \(number)", isSame,
                "\(bytes.count) bytes, its \(parts.count) parts have \(parts.reduce(0) { $0 + $1.count })")
        }
        segment.isJoined = true
        segment.bytes = nil
        for index in segment.parts.indices { segment.parts[index].bytes = nil }
        renditions[rendition]?.segments[number] = segment
    }
}
