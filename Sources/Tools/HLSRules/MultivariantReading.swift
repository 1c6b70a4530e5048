/// The state of reading a multivariant playlist.
struct MultivariantReading {
    var playlist = MultivariantPlaylist()
    var faults: [PlaylistFault]
    private var seen: Set<String> = []
    private var pending: MultivariantPlaylist.Variant?
    private var neededVersion = 1

    init(faults: [PlaylistFault]) { self.faults = faults }

    /// Takes one line.
    mutating func read(_ line: String, number: Int, _ variables: inout VariableTable) {
        do throws(PlaylistFault) {
            if let tag = PlaylistTag.split(line) {
                try read(tag.name, tag.value, number, &variables)
            } else if !line.isEmpty, !line.hasPrefix("#") {
                guard var variant = pending else {
                    throw PlaylistFault(.tagRequired, line: number, "a URI without EXT-X-STREAM-INF")
                }
                pending = nil
                variant.uri = try variables.expand(line, line: number)
                playlist.variants.append(variant)
            } else if !line.isEmpty, pending != nil {
                throw PlaylistFault(.tagOrder, line: number, "the URI of a variant does not follow its tag")
            }
        } catch {
            faults.append(error)
        }
    }

    /// Checks what shows only at the end.
    mutating func finish() {
        if let pending {
            faults.append(PlaylistFault(.tagRequired, line: pending.line, "a variant without URI"))
        }
        if playlist.version < neededVersion {
            faults.append(PlaylistFault(.version, line: 0, "\(playlist.version), needed \(neededVersion)"))
        } else if playlist.version > neededVersion {
            faults.append(PlaylistFault(.versionExcess, line: 0, "\(playlist.version), needed \(neededVersion)"))
        }
    }

    private mutating func read(
        _ tag: String, _ value: String?, _ line: Int, _ variables: inout VariableTable
    ) throws(PlaylistFault) {
        if pending != nil {
            faults.append(PlaylistFault(.tagOrder, line: line, "the URI of a variant does not follow its tag"))
            pending = nil
        }
        guard !PlaylistTag.mediaOnly.contains(tag) else {
            throw PlaylistFault(.tagPlacement, line: line, "\(tag) in a multivariant playlist")
        }
        if PlaylistTag.once.contains(tag), !seen.insert(tag).inserted {
            throw PlaylistFault(.tagUnique, line: line, "\(tag) again")
        }
        switch tag {
        case "EXT-X-VERSION":
            guard let version = DecimalNumber.integer(value ?? "") else {
                throw PlaylistFault(.tagSyntax, line: line, "\(tag):\(value ?? "")")
            }
            playlist.version = version
        case "EXT-X-INDEPENDENT-SEGMENTS": playlist.hasIndependentSegments = true
        case "EXT-X-DEFINE":
            let attributes = try list(tag, value, line, variables)
            neededVersion = max(neededVersion, attributes.has("QUERYPARAM") ? 11 : 8)
            try variables.define(attributes, line: line, isMedia: false)
        case "EXT-X-STREAM-INF": pending = try variant(list(tag, value, line, variables), line)
        case "EXT-X-MEDIA":
            playlist.renditions.append(try rendition(list(tag, value, line, variables), line))
        case "EXT-X-I-FRAME-STREAM-INF":
            playlist.iFrameVariants.append(try iFrameVariant(list(tag, value, line, variables), line))
        case "EXT-X-CONTENT-STEERING":
            let attributes = try list(tag, value, line, variables)
            playlist.steering = MultivariantPlaylist.Steering(
                serverURI: try attributes.quoted("SERVER-URI"), pathway: try attributes.quoted("PATHWAY-ID"), line: line
            )
        case "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY", "EXT-X-START":
            let attributes = try list(tag, value, line, variables)
            noteRequirements(attributes)
        default: break
        }
    }

    private func list(
        _ tag: String, _ value: String?, _ line: Int, _ variables: VariableTable
    ) throws(PlaylistFault) -> AttributeList {
        try AttributeList(value ?? "", tag: tag, line: line) { text throws(PlaylistFault) in
            try variables.expand(text, line: line)
        }
    }

    private mutating func noteRequirements(_ attributes: AttributeList) {
        if attributes.names.contains(where: { $0.hasPrefix("REQ-") }) { neededVersion = max(neededVersion, 12) }
    }

    private mutating func variant(
        _ attributes: AttributeList, _ line: Int
    ) throws(PlaylistFault) -> MultivariantPlaylist.Variant {
        noteRequirements(attributes)
        var variant = MultivariantPlaylist.Variant(line: line)
        variant.bandwidth = try attributes.required("BANDWIDTH", try attributes.integer("BANDWIDTH"))
        variant.averageBandwidth = try attributes.integer("AVERAGE-BANDWIDTH")
        variant.codecs = (try attributes.quoted("CODECS") ?? "").split(separator: ",").map(String.init)
        variant.resolution = try attributes.resolution("RESOLUTION")
        variant.frameRate = try attributes.real("FRAME-RATE")
        variant.stableID = try attributes.quoted("STABLE-VARIANT-ID")
        variant.score = try attributes.real("SCORE")
        variant.pathway = try attributes.quoted("PATHWAY-ID")
        for type in ["AUDIO", "VIDEO", "SUBTITLES"] {
            if let group = try attributes.quoted(type) { variant.groups[type] = group }
        }
        variant.videoRange = try videoRange(attributes)
        _ = try attributes.enumerated("HDCP-LEVEL", of: ["NONE", "TYPE-0", "TYPE-1"])
        return variant
    }

    private mutating func rendition(
        _ attributes: AttributeList, _ line: Int
    ) throws(PlaylistFault) -> MultivariantPlaylist.Rendition {
        noteRequirements(attributes)
        let types = ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"]
        let type = try attributes.required("TYPE", try attributes.enumerated("TYPE", of: types))
        if let id = try attributes.quoted("INSTREAM-ID") {
            neededVersion = max(neededVersion, type != "CLOSED-CAPTIONS" ? 13 : id.hasPrefix("SERVICE") ? 7 : 1)
        }
        _ = try attributes.flag("FORCED")
        let isAutoselect = attributes.has("AUTOSELECT") ? try attributes.flag("AUTOSELECT") : nil
        return MultivariantPlaylist.Rendition(
            type: type, group: try attributes.required("GROUP-ID", try attributes.quoted("GROUP-ID")),
            name: try attributes.required("NAME", try attributes.quoted("NAME")), uri: try attributes.quoted("URI"),
            language: try attributes.quoted("LANGUAGE"), channels: try attributes.quoted("CHANNELS"),
            isDefault: try attributes.flag("DEFAULT"),
            isAutoselect: isAutoselect, stableID: try attributes.quoted("STABLE-RENDITION-ID"), line: line)
    }

    private mutating func iFrameVariant(
        _ attributes: AttributeList, _ line: Int
    ) throws(PlaylistFault) -> MultivariantPlaylist.IFrameVariant {
        noteRequirements(attributes)
        let foreign = ["FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS"].filter(attributes.has)
        return MultivariantPlaylist.IFrameVariant(
            uri: try attributes.required("URI", try attributes.quoted("URI")),
            bandwidth: try attributes.integer("BANDWIDTH"),
            codecs: (try attributes.quoted("CODECS") ?? "").split(separator: ",").map(String.init),
            resolution: try attributes.resolution("RESOLUTION"), videoRange: try videoRange(attributes),
            foreign: foreign,
            stableID: try attributes.quoted("STABLE-VARIANT-ID"), pathway: try attributes.quoted("PATHWAY-ID"),
            line: line)
    }

    private func videoRange(_ attributes: AttributeList) throws(PlaylistFault) -> String? {
        try attributes.enumerated("VIDEO-RANGE", of: ["SDR", "HLG", "PQ"])
    }
}
