import Bytes

/// Rules of the multivariant playlist (RFC 8216bis §4.4.6).
extension PresentationHistory {
    mutating func observeMultivariant(_ observation: Observation) {
        check(.served, observation.url, observation.isSuccess, "status \(observation.status)")
        guard observation.isSuccess else { return }
        do throws(PlaylistFault) {
            let reader = try PlaylistReader(observation.body, query: URIReference.query(of: observation.url))
            note(reader.faults, observation.url)
            guard case .multivariant(let playlist) = reader.playlist else {
                check(.tagPlacement, observation.url, false, "a media playlist in place of a multivariant one")
                return
            }
            multivariant = playlist
            multivariantURL = observation.url
            checkVariants(playlist)
            checkRenditions(playlist)
            checkIFrameVariants(playlist)
            checkIdentities(playlist)
            checkBandwidth(playlist, askedAt: observation.madeAfter)
            checkRanges(playlist, observation)
        } catch {
            note([error], observation.url)
        }
    }

    private static let videoCodecs: Set<String> = ["avc1", "avc3", "hvc1", "hev1", "av01", "vp09", "dvh1", "dvhe"]

    private mutating func checkVariants(_ playlist: MultivariantPlaylist) {
        check(.streamAttributes, multivariantURL, !playlist.variants.isEmpty, "no variant")
        for variant in playlist.variants {
            let place = "\(multivariantURL) line \(variant.line)"
            let isVideo = variant.codecs.contains { Self.videoCodecs.contains(String($0.prefix(4))) }
            check(.streamAttributes, place, !variant.codecs.isEmpty, "no CODECS")
            if let average = variant.averageBandwidth, let peak = variant.bandwidth {
                check(.streamAverage, place, average <= peak, "\(average) on average, \(peak) at most")
            }
            if isVideo {
                check(.streamAttributes, place, variant.resolution != nil, "no RESOLUTION")
                check(.streamAttributes, place, variant.frameRate != nil, "no FRAME-RATE")
            }
            for (type, group) in variant.groups.sorted(by: { $0.key < $1.key }) {
                let exists = playlist.renditions.contains { $0.type == type && $0.group == group }
                check(.mediaGroup, place, exists, "the \(type) group '\(group)' has no members")
            }
        }
    }

    private mutating func checkRenditions(_ playlist: MultivariantPlaylist) {
        var names: Set<[String]> = []
        var defaults: Set<[String]> = []
        for rendition in playlist.renditions {
            let place = "\(multivariantURL) line \(rendition.line)"
            let isNew = names.insert([rendition.type, rendition.group, rendition.name]).inserted
            check(.mediaAttributes, place, isNew, "the name '\(rendition.name)' is taken in its group")
            if rendition.isDefault {
                let isOnly = defaults.insert([rendition.type, rendition.group]).inserted
                check(.mediaAttributes, place, isOnly, "a second DEFAULT=YES in its group")
                check(.mediaAttributes, place, rendition.isAutoselect != false, "DEFAULT=YES with AUTOSELECT=NO")
            }
            let needsURI = rendition.type == "SUBTITLES"
            check(.mediaAttributes, place, !needsURI || rendition.uri != nil, "SUBTITLES without URI")
            check(.mediaAttributes, place, rendition.type == "VIDEO" || rendition.language != nil, "no LANGUAGE")
        }
    }

    /// Compares what the variants claim with the media of `rendition`.
    mutating func checkClaims(about rendition: String) {
        guard let playlist = multivariant, let record = renditions[rendition], let facts = record.facts else { return }
        for variant in playlist.iFrameVariants where resolved(variant.uri) == rendition {
            let place = "\(multivariantURL) line \(variant.line)"
            if !variant.codecs.isEmpty { checkCodecs(variant.codecs, facts, place) }
            checkResolution(variant.resolution, facts, place)
            checkVideoRange(variant.videoRange, record, facts, place)
        }
        for media in playlist.renditions where media.uri.map(resolved) == rendition {
            guard let claimed = media.channels?.split(separator: "/").first.flatMap({ Int($0) }),
                let found = facts.channelCount
            else { continue }
            check(
                .mediaChannels, "\(multivariantURL) line \(media.line)", claimed == found,
                "\(claimed), media \(found)")
        }
        for variant in playlist.variants {
            let isOwn = resolved(variant.uri) == rendition
            let isMember = audioMembers(of: variant).contains(rendition)
            guard isOwn || isMember else { continue }
            let place = "\(multivariantURL) line \(variant.line)"
            checkCodecs(variant.codecs, facts, place)
            checkExcess(variant, place)
            guard isOwn, facts.resolution != nil else { continue }
            checkResolution(variant.resolution, facts, place)
            checkVideoRange(variant.videoRange, record, facts, place)
            if let claimed = variant.frameRate, let measured = record.frameRates {
                let (average, highest) = (measured.lowerBound, measured.upperBound)
                check(
                    .streamFrameRate, place, claimed >= 0.99 * average && claimed <= 1.01 * highest,
                    "\(claimed), measured \((average * 1000).rounded() / 1000)"
                        + (highest > 1.01 * average ? ", at most \((highest * 1000).rounded() / 1000)" : ""))
            }
        }
    }

    /// Once the media of all of a variant's renditions are known, each of CODECS is that of one of them.
    private mutating func checkExcess(_ variant: MultivariantPlaylist.Variant, _ place: String) {
        let members =
            multivariant?.renditions.filter { $0.uri != nil && variant.groups[$0.type] == $0.group }.compactMap(\.uri)
            ?? []
        var found: Set<String> = []
        for url in ([variant.uri] + members).map(resolved) {
            guard let facts = renditions[url]?.facts else { return }
            found.insert(Self.name(of: facts))
        }
        let excess = variant.codecs.filter { codec in !found.contains { codec.lowercased().hasPrefix($0) } }
        check(
            .streamCodecsExcess, place, excess.isEmpty,
            "\(excess.joined(separator: ",")), media \(found.sorted().joined(separator: ","))")
    }

    /// How CODECS names the codec, as far as it is known, in lower case.
    private static func name(of facts: InitializationFacts) -> String {
        (facts.codec.contains(".") ? facts.codec : "\(facts.sampleEntry)").lowercased()
    }

    private mutating func checkCodecs(_ codecs: [String], _ facts: InitializationFacts, _ place: String) {
        check(
            .streamCodecs, place, codecs.contains { $0.lowercased().hasPrefix(Self.name(of: facts)) },
            "\(codecs.joined(separator: ",")) lacks \(facts.codec)")
    }

    private mutating func checkResolution(_ claimed: Resolution?, _ facts: InitializationFacts, _ place: String) {
        guard let claimed, let found = facts.resolution else { return }
        let isTrue = claimed.height == found.height && (facts.hasPixelAspect || claimed.width == found.width)
        check(
            .streamResolution, place, isTrue,
            "\(claimed.width)x\(claimed.height), media \(found.width)x\(found.height)")
    }

    /// A variant may also have pictures of a narrower range than it says, where it has initializations of several kinds;
    /// one without the attribute says SDR.
    private mutating func checkVideoRange(
        _ claimed: String?, _ record: RenditionRecord, _ facts: InitializationFacts, _ place: String
    ) {
        guard let found = VideoRange(facts), let said = VideoRange(claimed) else { return }
        let isMixed = Set(record.segments.values.compactMap(\.mapKey)).count > 1
        check(
            .streamVideoRange, place, said == found || (isMixed && said > found),
            "\(claimed ?? "none"), media \(found)")
    }

    /// Compares BANDWIDTH with the peaks that were there when the playlist was asked for: the variant's own and its audio
    /// group's greatest. What a live source sends later nobody can know.
    private mutating func checkBandwidth(_ playlist: MultivariantPlaylist, askedAt time: Double) {
        for variant in playlist.variants {
            let own = resolved(variant.uri)
            let members = audioMembers(of: variant).filter { $0 != own }.compactMap { renditions[$0] }
            guard let claimed = variant.bandwidth, let record = renditions[own], record.peak > 0,
                record.peakSeen < time, members.allSatisfy({ $0.peakSeen < time })
            else { continue }
            let total = record.peak + (members.map(\.peak).max() ?? 0)
            check(
                .streamBandwidth, "\(multivariantURL) line \(variant.line)", total <= 1.25 * Double(claimed),
                "measured \(Int(total)) of \(claimed) bit/s")
        }
    }

    private func audioMembers(of variant: MultivariantPlaylist.Variant) -> [String] {
        guard let group = variant.groups["AUDIO"] else { return [] }
        let members = multivariant?.renditions.filter { $0.type == "AUDIO" && $0.group == group } ?? []
        return members.compactMap(\.uri).map(resolved)
    }

    /// A URI of the multivariant playlist as an absolute URL.
    func resolved(_ uri: String) -> String { URIReference.resolve(uri, against: multivariantURL) }
}
