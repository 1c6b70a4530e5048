/// The state of reading a media playlist.
struct MediaReading {
    /// The tags seen for the segment that is being read.
    private struct Pending {
        var duration: Double?
        var range: (length: Int, start: Int?)?
        var isDiscontinuity = false
        var isGap = false
        var date: DateAndTime?
        var parts: [MediaPlaylist.Part] = []
        var firstLine: Int?
        var seen: Set<String> = []
    }

    var playlist = MediaPlaylist()
    var faults: [PlaylistFault]
    var neededVersion = 1
    private var seen: Set<String> = []
    private var pending = Pending()
    private var map: MediaPlaylist.Map?
    private var keyMethod: String?
    private var discontinuities = 0
    private var nextByte: [String: Int] = [:]
    private var bodyStarted = false

    /// The version before, which a delta update continues.
    private let known: MediaPlaylist?

    init(faults: [PlaylistFault], known: MediaPlaylist?) {
        self.faults = faults
        self.known = known
    }

    /// Takes one line.
    mutating func read(_ line: String, number: Int, _ variables: inout VariableTable) {
        do throws(PlaylistFault) {
            if let tag = PlaylistTag.split(line) {
                try read(tag.name, tag.value, number, &variables)
            } else if !line.isEmpty, !line.hasPrefix("#") {
                try closeSegment(uri: try variables.expand(line, line: number), number)
            }
        } catch {
            faults.append(error)
        }
    }

    /// Checks what shows only at the end.
    mutating func finish() {
        if !pending.parts.isEmpty {
            playlist.open = segment(uri: nil, duration: 0, range: nil, line: pending.firstLine ?? 0)
        }
        if pending.duration != nil {
            faults.append(PlaylistFault(.tagRequired, line: pending.firstLine ?? 0, "EXTINF without URI"))
        }
        for tag in ["EXT-X-TARGETDURATION"] where !seen.contains(tag) {
            faults.append(PlaylistFault(.tagRequired, line: 0, "no \(tag)"))
        }
        let hasParts = playlist.allSegments.contains { !$0.parts.isEmpty }
        if hasParts, playlist.partTarget == nil {
            faults.append(PlaylistFault(.tagRequired, line: 0, "parts without EXT-X-PART-INF"))
        }
        if playlist.version != neededVersion, !faults.contains(where: { $0.rule == .deltaTags }) {
            let rule: Rule = playlist.version < neededVersion ? .version : .versionExcess
            faults.append(
                PlaylistFault(
                    playlist.skip == nil ? rule : .deltaTags, line: 0,
                    "EXT-X-VERSION is \(playlist.version), needed \(neededVersion)"))
        }
        carryDateRanges()
    }

    private mutating func read(
        _ tag: String, _ value: String?, _ line: Int, _ variables: inout VariableTable
    ) throws(PlaylistFault) {
        guard !PlaylistTag.multivariantOnly.contains(tag) else {
            throw PlaylistFault(.tagPlacement, line: line, "\(tag) in a media playlist")
        }
        if PlaylistTag.once.contains(tag), !seen.insert(tag).inserted {
            throw PlaylistFault(.tagUnique, line: line, "\(tag) again")
        }
        if PlaylistTag.withoutValue.contains(tag), value != nil {
            throw PlaylistFault(.tagSyntax, line: line, "\(tag) has a value")
        }
        switch tag {
        case "EXT-X-VERSION": playlist.version = try integer(tag, value, line)
        case "EXT-X-TARGETDURATION":
            playlist.targetDuration = try integer(tag, value, line)
            guard playlist.targetDuration > 0 else { throw PlaylistFault(.tagSyntax, line: line, "\(tag):0") }
        case "EXT-X-MEDIA-SEQUENCE":
            playlist.mediaSequence = try integer(tag, value, line)
            try mustComeFirst(tag, line)
        case "EXT-X-DISCONTINUITY-SEQUENCE":
            playlist.discontinuitySequence = try integer(tag, value, line)
            playlist.hasDiscontinuitySequence = true
            try mustComeFirst(tag, line)
        case "EXT-X-PLAYLIST-TYPE":
            guard value == "EVENT" || value == "VOD" else {
                throw PlaylistFault(.tagSyntax, line: line, "\(tag):\(value ?? "")")
            }
            playlist.type = value
        case "EXT-X-ENDLIST": playlist.isEnded = true
        case "EXT-X-I-FRAMES-ONLY":
            playlist.isIFramesOnly = true
            neededVersion = max(neededVersion, 4)
        case "EXT-X-INDEPENDENT-SEGMENTS": playlist.hasIndependentSegments = true
        case "EXTINF": try readDuration(value ?? "", line)
        case "EXT-X-DISCONTINUITY":
            try beforeParts(tag, line)
            pending.isDiscontinuity = true
            discontinuities += 1
        case "EXT-X-GAP":
            try oncePerSegment(tag, line)
            pending.isGap = true
        case "EXT-X-PROGRAM-DATE-TIME":
            try beforeParts(tag, line)
            guard let date = DateAndTime(value ?? "") else {
                throw PlaylistFault(.tagSyntax, line: line, "\(tag):\(value ?? "")")
            }
            pending.date = date
        case "EXT-X-BYTERANGE":
            try oncePerSegment(tag, line)
            pending.range = try byteRange(value ?? "", tag, line)
        case "EXT-X-BITRATE": _ = try integer(tag, value, line)
        case _ where value != nil && Self.listTags.contains(tag):
            let attributes = try AttributeList(value ?? "", tag: tag, line: line) {
                [variables] text throws(PlaylistFault) in
                try variables.expand(text, line: line)
            }
            if tag == "EXT-X-DEFINE" {
                neededVersion = max(neededVersion, attributes.has("QUERYPARAM") ? 11 : 8)
                try variables.define(attributes, line: line, isMedia: true)
            } else {
                try read(tag, attributes, line)
            }
        case _ where Self.listTags.contains(tag): throw PlaylistFault(.tagSyntax, line: line, "\(tag) has no value")
        default: break
        }
    }

    private static let listTags: Set<String> = [
        "EXT-X-DEFINE", "EXT-X-START", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PART",
        "EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT", "EXT-X-SKIP", "EXT-X-DATERANGE",
    ]

    private mutating func read(_ tag: String, _ attributes: AttributeList, _ line: Int) throws(PlaylistFault) {
        switch tag {
        case "EXT-X-START":
            playlist.startOffset = try attributes.required("TIME-OFFSET", try attributes.signedReal("TIME-OFFSET"))
        case "EXT-X-PART-INF":
            playlist.partTarget = try attributes.required("PART-TARGET", try attributes.real("PART-TARGET"))
        case "EXT-X-SERVER-CONTROL": playlist.serverControl = try .init(attributes)
        case "EXT-X-KEY":
            try beforeParts(tag, line, once: false)
            let method = try attributes.required("METHOD", try attributes.enumerated("METHOD"))
            keyMethod = method
            if attributes.has("KEYFORMAT") || attributes.has("KEYFORMATVERSIONS") || method.hasPrefix("SAMPLE-AES") {
                neededVersion = max(neededVersion, 5)
            } else if attributes.has("IV") {
                neededVersion = max(neededVersion, 2)
            }
        case "EXT-X-MAP":
            try beforeParts(tag, line)
            let uri = try attributes.required("URI", try attributes.quoted("URI"))
            var range: MediaPlaylist.ByteRange?
            if let text = try attributes.quoted("BYTERANGE") {
                let read = try byteRange(text, tag, line)
                range = MediaPlaylist.ByteRange(start: read.start ?? 0, length: read.length)
            }
            map = MediaPlaylist.Map(uri: uri, range: range)
            neededVersion = max(neededVersion, playlist.isIFramesOnly ? 5 : 6)
        case "EXT-X-PART": try readPart(attributes, line)
        case "EXT-X-PRELOAD-HINT":
            playlist.hints.append(
                MediaPlaylist.Hint(
                    type: try attributes.required("TYPE", try attributes.enumerated("TYPE", of: ["PART", "MAP"])),
                    uri: try attributes.required("URI", try attributes.quoted("URI")),
                    start: try attributes.integer("BYTERANGE-START"),
                    length: try attributes.integer("BYTERANGE-LENGTH"),
                    line: line))
        case "EXT-X-RENDITION-REPORT":
            playlist.reports.append(
                MediaPlaylist.Report(
                    uri: try attributes.required("URI", try attributes.quoted("URI")),
                    lastNumber: try attributes.integer("LAST-MSN"), lastPart: try attributes.integer("LAST-PART"),
                    line: line))
        case "EXT-X-SKIP":
            guard playlist.skip == nil, playlist.segments.isEmpty, pending.duration == nil, pending.parts.isEmpty
            else { throw PlaylistFault(.deltaTags, line: line, "EXT-X-SKIP again or behind a segment") }
            let count = try attributes.required("SKIPPED-SEGMENTS", try attributes.integer("SKIPPED-SEGMENTS"))
            let removed = try attributes.quoted("RECENTLY-REMOVED-DATERANGES", mayBeEmpty: true)
            playlist.skip = MediaPlaylist.Skip(
                segments: count, removedDateRanges: removed?.split(separator: "\t").map(String.init))
            neededVersion = max(neededVersion, removed == nil ? 9 : 10)
            carrySegments(count)
        default:
            playlist.dateRanges.append(
                MediaPlaylist.DateRange(
                    id: try attributes.required("ID", try attributes.quoted("ID")), attributes: attributes.all,
                    malformedSplices: attributes.names.filter { $0.hasPrefix("SCTE35-") && !attributes.isBytes($0) }
                        .sorted(), line: line))
        }
    }

    private mutating func readPart(_ attributes: AttributeList, _ line: Int) throws(PlaylistFault) {
        begin(line)
        let uri = try attributes.required("URI", try attributes.quoted("URI"))
        var range: MediaPlaylist.ByteRange?
        if let text = try attributes.quoted("BYTERANGE") {
            range = place(try byteRange(text, "EXT-X-PART", line), in: "part " + uri)
        }
        pending.parts.append(
            MediaPlaylist.Part(
                uri: uri, duration: try attributes.required("DURATION", try attributes.real("DURATION")),
                isIndependent: try attributes.flag("INDEPENDENT"), isGap: try attributes.flag("GAP"), range: range,
                line: line))
    }

    private mutating func readDuration(_ value: String, _ line: Int) throws(PlaylistFault) {
        try oncePerSegment("EXTINF", line)
        guard let comma = value.utf8.firstIndex(of: 0x2C) else {
            throw PlaylistFault(.tagSyntax, line: line, "EXTINF without a comma")
        }
        let text = value[..<comma]
        guard let duration = DecimalNumber.real(text) else {
            throw PlaylistFault(.decimal, line: line, "EXTINF:\(value)")
        }
        if text.utf8.contains(0x2E) { neededVersion = max(neededVersion, 3) }
        pending.duration = duration
    }

    private mutating func closeSegment(uri: String, _ line: Int) throws(PlaylistFault) {
        begin(line)
        guard let duration = pending.duration else {
            pending = Pending()
            throw PlaylistFault(.tagRequired, line: line, "a segment without EXTINF")
        }
        let range = pending.range.map { place($0, in: uri) }
        if range != nil { neededVersion = max(neededVersion, 4) }
        playlist.segments.append(segment(uri: uri, duration: duration, range: range, line: line))
        pending = Pending()
    }

    private func segment(
        uri: String?, duration: Double, range: MediaPlaylist.ByteRange?, line: Int
    ) -> MediaPlaylist.Segment {
        MediaPlaylist.Segment(
            number: playlist.mediaSequence + missing + playlist.segments.count, uri: uri,
            duration: duration, range: range, map: map, isDiscontinuity: pending.isDiscontinuity,
            discontinuitySequence: playlist.discontinuitySequence + discontinuities, date: pending.date,
            isGap: pending.isGap, keyMethod: keyMethod, parts: pending.parts, line: line)
    }
}

/// What a delta update leaves out (RFC 8216bis §4.4.5.2, §6.2.5.1).
extension MediaReading {
    /// How many segments are skipped that are not known.
    private var missing: Int { playlist.isWhole ? 0 : playlist.skip?.segments ?? 0 }

    /// Takes the next `count` segments from the version before, and goes on in the state that they leave behind.
    private mutating func carrySegments(_ count: Int) {
        pending = Pending()
        let first = playlist.mediaSequence
        let skipped = known?.segments.filter { $0.number >= first && $0.number - first < count } ?? []
        guard skipped.count == count else {
            playlist.isWhole = false
            return
        }
        discontinuities = 0
        for var segment in skipped {
            if segment.isDiscontinuity { discontinuities += 1 }
            segment.discontinuitySequence = playlist.discontinuitySequence + discontinuities
            // What is skipped is too old to have parts.
            segment.parts = []
            playlist.segments.append(segment)
            map = segment.map
            keyMethod = segment.keyMethod
            if let uri = segment.uri, let range = segment.range { _ = place((range.length, range.start), in: uri) }
        }
    }

    /// Puts the date ranges before those that are listed that the server knows the client to have.
    private mutating func carryDateRanges() {
        guard let removed = playlist.skip?.removedDateRanges, let known else { return }
        let listed = playlist.dateRanges
        let carried = known.dateRanges.filter { old in
            !removed.contains(old.id) && !listed.contains { $0.id == old.id && $0.attributes == old.attributes }
        }
        playlist.dateRanges = carried + listed
    }
}

extension MediaReading {
    private mutating func begin(_ line: Int) {
        bodyStarted = true
        if pending.firstLine == nil { pending.firstLine = line }
    }

    private func mustComeFirst(_ tag: String, _ line: Int) throws(PlaylistFault) {
        guard !bodyStarted else { throw PlaylistFault(.tagOrder, line: line, "\(tag) behind a segment") }
    }

    private mutating func oncePerSegment(_ tag: String, _ line: Int) throws(PlaylistFault) {
        begin(line)
        guard pending.seen.insert(tag).inserted else {
            throw PlaylistFault(.tagUnique, line: line, "\(tag) twice for one segment")
        }
    }

    /// Notes a tag that applies to the next segment and must stand before its first part.
    private mutating func beforeParts(_ tag: String, _ line: Int, once: Bool = true) throws(PlaylistFault) {
        if once { try oncePerSegment(tag, line) } else { begin(line) }
        guard pending.parts.isEmpty else {
            throw PlaylistFault(.tagOrder, line: line, "\(tag) behind the segment's first part")
        }
    }

    private func integer(_ tag: String, _ value: String?, _ line: Int) throws(PlaylistFault) -> Int {
        guard let number = DecimalNumber.integer(value ?? "") else {
            throw PlaylistFault(.tagSyntax, line: line, "\(tag):\(value ?? "")")
        }
        return number
    }

    private func byteRange(
        _ text: String, _ tag: String, _ line: Int
    ) throws(PlaylistFault) -> (length: Int, start: Int?) {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count <= 2, let length = DecimalNumber.integer(halves[0]) else {
            throw PlaylistFault(.attributeSyntax, line: line, "\(tag): the byte range \(text)")
        }
        guard halves.count == 2 else { return (length, nil) }
        guard let start = DecimalNumber.integer(halves[1]) else {
            throw PlaylistFault(.attributeSyntax, line: line, "\(tag): the byte range \(text)")
        }
        return (length, start)
    }

    /// A range without a start begins where the one before it, of the same resource, ended.
    private mutating func place(_ range: (length: Int, start: Int?), in resource: String) -> MediaPlaylist.ByteRange {
        let start = range.start ?? nextByte[resource] ?? 0
        nextByte[resource] = min(start + range.length, DecimalNumber.maximum)
        return MediaPlaylist.ByteRange(start: start, length: range.length)
    }
}

extension MediaPlaylist.ServerControl {
    /// Reads the attributes of an EXT-X-SERVER-CONTROL.
    init(_ attributes: AttributeList) throws(PlaylistFault) {
        canBlockReload = try attributes.flag("CAN-BLOCK-RELOAD")
        canSkipUntil = try attributes.real("CAN-SKIP-UNTIL")
        canSkipDateRanges = try attributes.flag("CAN-SKIP-DATERANGES")
        holdBack = try attributes.real("HOLD-BACK")
        partHoldBack = try attributes.real("PART-HOLD-BACK")
    }
}
