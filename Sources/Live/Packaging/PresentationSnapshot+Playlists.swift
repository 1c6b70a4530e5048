public import HLS
internal import Media
internal import Time

extension PresentationSnapshot {
    /// The multivariant playlist, which lies one folder above the presentation's.
    public var multivariantPlaylist: MultivariantPlaylist { multivariantPlaylist(of: .playlist) }

    /// The multivariant playlist of the DVR window. It has no pictures for seeking.
    public var dvrMultivariantPlaylist: MultivariantPlaylist { multivariantPlaylist(of: .dvrPlaylist) }

    private func multivariantPlaylist(of resource: MediaResource) -> MultivariantPlaylist {
        let videos = offered.filter(\.isVideo)
        let audios = offered.filter { !$0.isVideo }
        // Sound alone needs no group, unless there is a choice.
        let groups = videos.isEmpty && audios.count < 2 ? [] : audioGroups
        let ladder = Self.listed(videos)
        let variants = (groups.isEmpty ? [nil] : groups.map(\.self)).flatMap { group in
            (videos.isEmpty ? Array((group?.members ?? audios).prefix(1)) : ladder).map { rendition in
                variant(of: rendition, with: group, score: score(of: rendition), resource)
            }
        }
        return MultivariantPlaylist(
            hasIndependentSegments: hasIndependentSegments, audio: groups.flatMap { members(of: $0, resource) },
            variants: variants, iFrameVariants: resource == .playlist ? videos.map(iFrameVariant) : [])
    }

    /// The variant that is listed first is the one that a client begins with who knows nothing of his line: in Apple's
    /// authoring specification one of so many bits per second.
    private static let firstBandwidth = 2_000_000

    /// The video renditions in the order in which they are listed: the largest that anybody can begin with, then all others
    /// from the largest down.
    private static func listed(_ videos: [RenditionWindow]) -> [RenditionWindow] {
        let first = videos.firstIndex { $0.measuredBandwidth.average <= firstBandwidth } ?? videos.count - 1
        guard first > 0 else { return videos }
        return [videos[first]] + videos[..<first] + videos[(first + 1)...]
    }

    /// Of two variants a client takes the one with the higher score, if its line can carry it: the larger (§4.4.6.2).
    private func score(of rendition: RenditionWindow) -> Int {
        let videos = offered.filter(\.isVideo)
        return videos.firstIndex { $0.name == rendition.name }.map { videos.count - $0 } ?? 1
    }

    /// Audio renditions that are coded alike: who can decode one can decode all of them.
    private struct AudioGroup {
        let id: String
        var members: [RenditionWindow]
    }

    /// The audio renditions, one group for each way of coding: a client takes the variants that it can decode (§4.4.6.2).
    ///
    /// All groups are to have the same members (§4.4.6.1.1): what is coded in one way only stands in the others as it is.
    private var audioGroups: [AudioGroup] {
        let groups = codingGroups
        guard let all = groups.first else { return [] }
        return groups.map { group in
            var own = group.members
            let members = all.members.map { member in
                own.firstIndex { $0.isAlternative(to: member) }.map { own.remove(at: $0) } ?? member
            }
            return own.isEmpty ? AudioGroup(id: group.id, members: members) : group
        }
    }

    private var codingGroups: [AudioGroup] {
        var groups: [(codec: Codec, group: AudioGroup)] = []
        for rendition in renditions {
            guard let track = rendition.track, !rendition.isVideo else { continue }
            if let place = groups.firstIndex(where: { $0.codec == track.codec }) {
                groups[place].group.members.append(rendition)
            } else {
                let id = groups.isEmpty ? "audio" : "audio-\(track.codec.rawValue)"
                groups.append((track.codec, AudioGroup(id: id, members: [rendition])))
            }
        }
        return groups.map(\.group)
    }

    private func variant(
        of rendition: RenditionWindow, with group: AudioGroup?, score: Int, _ resource: MediaResource
    ) -> MultivariantPlaylist.Variant {
        let own = rendition.measuredBandwidth
        // The greatest of each that any other can add (Apple's authoring rule 9.13): not always the same one's.
        let others = (group?.members ?? []).filter { $0.name != rendition.name }
        let added = others.map(\.measuredBandwidth)
        let isFirst = group.map { $0.id == "audio" } ?? true
        return MultivariantPlaylist.Variant(
            stableID: isFirst || !rendition.isVideo ? rendition.name : "\(rendition.name)-\(group?.id ?? "")",
            bandwidth: own.peak + (added.map(\.peak).max() ?? 0),
            averageBandwidth: own.average + (added.map(\.average).max() ?? 0), score: score,
            codecs: ([rendition] + others).flatMap(\.codecs).uniqued,
            resolution: rendition.resolution, videoRange: rendition.videoRange,
            frameRate: rendition.isVideo ? frameRate(of: rendition) : nil, audioGroup: group?.id,
            uri: uri(of: resource, in: rendition)
        )
    }

    /// The members of a group. What the source calls its tracks they are called, as long as that is unique.
    private func members(of group: AudioGroup, _ resource: MediaResource) -> [MultivariantPlaylist.AudioRendition] {
        let renditions = group.members
        let names = renditions.enumerated().map { place, rendition in
            rendition.track?.name?.printable
                ?? rendition.track.flatMap { $0.spokenLanguage == nil ? nil : $0.language?.printable }
                ?? (place == 0 ? "Main" : "Audio \(place + 1)")
        }
        return zip(renditions, names.distinct).compactMap { rendition, name in
            guard case .audio(let format)? = rendition.track?.format else { return nil }
            return .init(
                group: group.id, stableID: rendition.name, name: name,
                language: rendition.track?.language?.printable ?? "und", channels: format.channelCount,
                uri: uri(of: resource, in: rendition))
        }
    }

    /// While no key frame has been measured, all pictures together are an upper bound.
    private func iFrameVariant(_ rendition: RenditionWindow) -> MultivariantPlaylist.IFrameVariant {
        let all = rendition.measuredBandwidth
        return .init(
            stableID: "\(rendition.name)-iframes", bandwidth: rendition.keyFrameBandwidth.peak ?? all.peak,
            averageBandwidth: rendition.keyFrameBandwidth.average ?? all.average, score: score(of: rendition),
            codecs: rendition.codecs, resolution: rendition.resolution, videoRange: rendition.videoRange,
            uri: uri(of: .iFramePlaylist, in: rendition))
    }

    private func uri(of resource: MediaResource, in rendition: RenditionWindow) -> String {
        "\(id)/\(rendition.name)/\(resource.fileName)"
    }

    /// The media playlist of `rendition`, which is one of these.
    public func playlist(of rendition: RenditionWindow) -> MediaPlaylist {
        complete(rendition.playlist, of: rendition, .playlist, dateRanges.tags)
    }

    /// The media playlist of the DVR window of `rendition`, which is one of these: what comes before the live window is
    /// only counted in it.
    public func dvrPlaylist(of rendition: RenditionWindow) -> MediaPlaylist {
        complete(rendition.dvrPlaylist, of: rendition, .dvrPlaylist, dateRanges.dvrTags)
    }

    private func complete(
        _ playlist: MediaPlaylist, of rendition: RenditionWindow, _ resource: MediaResource,
        _ tags: (_ skipUntil: MediaTime) -> MediaPlaylist.DateRanges
    ) -> MediaPlaylist {
        var playlist = playlist
        playlist.dateRanges = tags(playlist.serverControl.canSkipUntil)
        for other in offered where other.name != rendition.name {
            let uri = "../\(other.name)/\(resource.fileName)"
            if let report = other.report(uri: uri) { playlist.renditionReports.append(report) }
        }
        return playlist
    }

    /// The I-frame playlist of `rendition`, which is one of these.
    public func iFramePlaylist(of rendition: RenditionWindow) -> MediaPlaylist {
        var playlist = rendition.iFramePlaylist
        playlist.dateRanges = dateRanges.tags(skipUntil: playlist.serverControl.canSkipUntil)
        return playlist
    }
}

extension RenditionWindow {
    fileprivate var track: Track? { initializations.last?.track }

    /// True where both are the same sound by what the source calls it.
    fileprivate func isAlternative(to other: RenditionWindow) -> Bool {
        track?.language == other.track?.language && track?.name == other.track?.name
    }

    fileprivate var resolution: (width: Int, height: Int)? {
        if case .video(let format)? = track?.format { (format.width, format.height) } else { nil }
    }

    /// The tracks of all that is listed, and of what comes next.
    private var neededTracks: [Track] {
        let listed = Set(self.listed.map(\.initializationVersion))
        return initializations.filter {
            listed.contains($0.version) || $0.version == initializations.last?.version
        }.map(\.track)
    }

    /// What a client must be able to decode to play all that is listed.
    fileprivate var codecs: [String] { neededTracks.map(\.codecString).uniqued }

    /// The widest range that a client must be able to show; nothing where no picture tells (§4.4.6.2).
    fileprivate var videoRange: MultivariantPlaylist.VideoRange? {
        neededTracks.compactMap { track in
            guard case .video(let format) = track.format, let colour = format.colour else { return nil }
            return .init(transferCharacteristics: colour.transfer)
        }.max()
    }

    /// The bit rate: of complete segments, or of the parts that are there while there is no segment.
    fileprivate var measuredBandwidth: (peak: Int, average: Int) {
        if let peak = bandwidth.peak, let average = bandwidth.average { return (peak, average) }
        guard let open = segments.last, open.duration > .zero else { return (0, 0) }
        let rate = Int((Double(open.byteCount * 8) / open.duration.seconds).rounded(.up))
        return (rate, rate)
    }

    private var serverControl: MediaPlaylist.ServerControl {
        .init(
            holdBack: profile.target * 3, partHoldBack: profile.offersParts ? profile.partTarget * 3 : nil,
            canSkipUntil: profile.target * 6)
    }

    /// The media playlist of this moment, without what it says of others.
    fileprivate var playlist: MediaPlaylist {
        // Parts stay listed for three target durations from the end (§6.2.2): of media, for a little time may have passed
        // without any between two runs.
        let listed = listed
        var (partsFrom, reach) = (listed.endIndex, MediaTime.zero)
        while partsFrom > listed.startIndex, reach < profile.target * 3 {
            partsFrom -= 1
            reach += listed[partsFrom].duration
        }
        let segments = zip(listed.indices, listed).map { index, segment in
            MediaPlaylist.Segment(
                uri: MediaResource.segment(segment.sequenceNumber).fileName, start: segment.start, end: segment.end,
                programDateTime: segment.programDateTime,
                initializationURI: MediaResource.initialization(segment.initializationVersion).fileName,
                isDiscontinuous: segment.isDiscontinuous, isGap: segment.isGap,
                parts: profile.offersParts && index >= partsFrom ? segment.parts.map(\.listed) : [],
                isComplete: segment.isComplete)
        }
        var playlist = MediaPlaylist(
            targetDuration: profile.targetDuration, partTarget: profile.offersParts ? profile.partTarget : nil,
            serverControl: serverControl, mediaSequence: mediaSequence, discontinuitySequence: discontinuitySequence,
            segments: profile.offersParts ? segments : segments.filter(\.isComplete), isEnded: isEnded)
        guard profile.offersParts else { return playlist }
        playlist.preloadHint = MediaResource.part(nextPartNumber).fileName
        if let next = initializations.last?.version, next != self.segments.last?.initializationVersion {
            playlist.hintedInitialization = MediaResource.initialization(next).fileName
        }
        return playlist
    }

    /// The playlist of this moment, with what has left it in the DVR window.
    fileprivate var dvrPlaylist: MediaPlaylist {
        var playlist = playlist
        guard let history, let last = history[history.end - 1], history.mediaSequence < history.end else {
            return playlist
        }
        playlist.mediaSequence = history.mediaSequence
        playlist.discontinuitySequence = history.discontinuitySequence
        playlist.earlier = .init(
            count: Int(history.end - history.mediaSequence),
            initializationURI: MediaResource.initialization(last.initializationVersion).fileName)
        return playlist
    }

    /// The playlist of the key frames in complete segments: each stands for the time until the next. Time without one is
    /// a gap.
    fileprivate var iFramePlaylist: MediaPlaylist {
        var pictures: [MediaPlaylist.Segment] = []
        for segment in listed where segment.isComplete {
            for (position, frame) in segment.keyFrames.enumerated() {
                // What another process remembered of a segment is not how late the next one's picture is shown.
                if position == 0, frame.range != nil, !segment.isDiscontinuous, let last = pictures.indices.last {
                    pictures[last].end = frame.start
                }
                let distance = (frame.start - segment.start).ticks(in: Timescale(1_000_000))
                pictures.append(
                    MediaPlaylist.Segment(
                        uri: MediaResource.segment(segment.sequenceNumber).fileName, byteRange: frame.range,
                        start: frame.start, end: frame.end,
                        programDateTime: segment.programDateTime + Duration.microseconds(distance),
                        initializationURI: MediaResource.initialization(segment.initializationVersion).fileName,
                        isDiscontinuous: position == 0 && segment.isDiscontinuous, isGap: frame.range == nil))
            }
        }
        var playlist = MediaPlaylist(
            targetDuration: profile.targetDuration, partTarget: nil, serverControl: serverControl,
            mediaSequence: keyFrameSequence, discontinuitySequence: discontinuitySequence, segments: pictures,
            isEnded: isEnded)
        playlist.isIFramesOnly = true
        return playlist
    }

    /// How far the playlist has got, for the others; nothing while it is empty.
    fileprivate func report(uri: String) -> MediaPlaylist.RenditionReport? {
        guard let last = profile.offersParts ? segments.last : segments.last(where: \.isComplete) else { return nil }
        return .init(
            uri: uri, lastSegment: last.sequenceNumber,
            lastPart: profile.offersParts ? Int64(last.parts.count) - 1 : nil)
    }

    /// How far the playlist has got.
    public var playlistEdge: PlaylistEdge {
        let open = segments.last.flatMap { $0.isComplete ? nil : $0 }
        let complete = segments.last(where: \.isComplete)
        return PlaylistEdge(
            lastSegment: complete?.sequenceNumber ?? (segments.first?.sequenceNumber ?? 0) - 1,
            lastSegmentParts: Int64(complete?.parts.count ?? 0), openParts: Int64(open?.parts.count ?? 0),
            partTarget: profile.offersParts ? profile.partTarget.seconds : nil, isEnded: isEnded)
    }

    /// How far the I-frame playlist has got.
    public var iFramePlaylistEdge: PlaylistEdge {
        let count = listed.reduce(0) { $0 + ($1.isComplete ? $1.keyFrames.count : 0) }
        return PlaylistEdge(
            lastSegment: keyFrameSequence + Int64(count) - 1, lastSegmentParts: 0, openParts: 0, partTarget: nil,
            isEnded: isEnded)
    }
}

extension Part {
    fileprivate var listed: MediaPlaylist.Part {
        MediaPlaylist.Part(
            uri: MediaResource.part(number).fileName, duration: duration, isIndependent: isIndependent, isGap: isGap)
    }
}

extension String {
    /// What a quoted string can hold of it (§4.2); nothing when that is nothing. Names are compared as they are written.
    fileprivate var printable: String? {
        let text = String(unicodeScalars.filter { $0 != "\"" && $0.properties.generalCategory != .control })
        return text.isEmpty ? nil : text
    }
}

extension [String] {
    /// Each text where it stood; one that stood before gets the first number that makes it another than all.
    fileprivate var distinct: [String] {
        var (seen, taken) = (Set<String>(), Set(self))
        return map { text in
            if seen.insert(text).inserted { return text }
            var number = 2
            while !taken.insert("\(text) \(number)").inserted { number += 1 }
            return "\(text) \(number)"
        }
    }
}

extension Array where Element: Hashable {
    /// Each element once, where it stood first.
    fileprivate var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
