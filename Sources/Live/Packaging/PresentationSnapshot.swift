public import HLS
internal import Media

/// What clients can see of a presentation at one moment. An object, because every request takes it in hand.
public final class PresentationSnapshot: Sendable {
    /// The presentation's id, which is its folder in URIs.
    public let id: String
    /// The profile of the presentation.
    public let profile: LatencyProfile
    /// The renditions, video first.
    public let renditions: [RenditionWindow]
    /// The measured frame rate of the video.
    public let frameRate: Double?
    /// True while every segment began with a key frame.
    public let hasIndependentSegments: Bool

    fileprivate init(
        id: String, profile: LatencyProfile, renditions: [RenditionWindow], frameRate: Double?,
        hasIndependentSegments: Bool
    ) {
        self.id = id
        self.profile = profile
        self.renditions = renditions
        self.frameRate = frameRate
        self.hasIndependentSegments = hasIndependentSegments
    }

    /// The rendition of that name.
    public func rendition(_ name: String) -> RenditionWindow? { renditions.first { $0.name == name } }

    /// How long the presentation must stay readable after its end: its media are fetchable for so long (§6.2.2).
    public var timeToRead: Duration { .seconds((profile.window + profile.target * 3).seconds) }

    /// True when clients can begin to play every rendition.
    public var isPlayable: Bool { !renditions.isEmpty && renditions.allSatisfy(\.isPlayable) }

    /// The multivariant playlist, which lies one folder above the presentation's.
    public var multivariantPlaylist: MultivariantPlaylist {
        let video = rendition(Presentation.video)
        let audio = rendition(Presentation.audio)
        let tracks = renditions.compactMap { $0.initializations.last?.track }
        var resolution: (width: Int, height: Int)?
        if case .video(let format)? = video?.initializations.last?.track.format {
            resolution = (format.width, format.height)
        }
        var renditions: [MultivariantPlaylist.AudioRendition] = []
        if video != nil, let audio, case .audio(let format)? = audio.initializations.last?.track.format {
            renditions = [
                .init(group: "audio", name: "Main", channels: format.channelCount, uri: uri(of: audio))
            ]
        }
        let variant = MultivariantPlaylist.Variant(
            bandwidth: self.renditions.reduce(0) { $0 + ($1.measuredBandwidth.peak) },
            averageBandwidth: self.renditions.reduce(0) { $0 + ($1.measuredBandwidth.average) },
            codecs: tracks.map(\.codecString), resolution: resolution, frameRate: video == nil ? nil : frameRate,
            audioGroup: renditions.isEmpty ? nil : "audio", uri: (video ?? audio).map(uri) ?? "")
        return MultivariantPlaylist(
            hasIndependentSegments: hasIndependentSegments, audio: renditions, variants: [variant])
    }

    private func uri(of rendition: RenditionWindow) -> String {
        "\(id)/\(rendition.name)/\(MediaResource.playlist.fileName)"
    }
}

extension Presentation {
    /// What clients can see now.
    public var snapshot: PresentationSnapshot {
        PresentationSnapshot(
            id: id, profile: profile, renditions: [videoWindow, audioWindow].compactMap(\.self), frameRate: frameRate,
            hasIndependentSegments: hasIndependentSegments)
    }
}

extension RenditionWindow {
    /// The bit rate: of complete segments, or of the parts that are there while there is no segment.
    fileprivate var measuredBandwidth: (peak: Int, average: Int) {
        if let peak = bandwidth.peak, let average = bandwidth.average { return (peak, average) }
        guard let open = segments.last, open.duration > .zero else { return (0, 0) }
        let rate = Int((Double(open.byteCount * 8) / open.duration.seconds).rounded(.up))
        return (rate, rate)
    }

    /// The media playlist of this moment.
    public var playlist: MediaPlaylist {
        let listed = self.listed
        // Parts stay listed for three target durations from the end (§6.2.2).
        let partsFrom = (edge ?? .zero) - profile.target * 3
        let segments = listed.map { segment in
            MediaPlaylist.Segment(
                uri: MediaResource.segment(segment.sequenceNumber).fileName, start: segment.start, end: segment.end,
                programDateTime: segment.programDateTime,
                initializationURI: MediaResource.initialization(segment.initializationVersion).fileName,
                isDiscontinuous: segment.isDiscontinuous, isGap: segment.isGap,
                parts: profile.offersParts && segment.end > partsFrom ? segment.parts.map(\.listed) : [],
                isComplete: segment.isComplete)
        }
        let holdBack = profile.target * 3
        return MediaPlaylist(
            targetDuration: profile.targetDuration, partTarget: profile.offersParts ? profile.partTarget : nil,
            serverControl: .init(holdBack: holdBack, partHoldBack: profile.offersParts ? profile.partTarget * 3 : nil),
            mediaSequence: mediaSequence, discontinuitySequence: discontinuitySequence,
            segments: profile.offersParts ? segments : segments.filter(\.isComplete),
            preloadHint: profile.offersParts ? MediaResource.part(nextPartNumber).fileName : nil, isEnded: isEnded)
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
}

extension Part {
    fileprivate var listed: MediaPlaylist.Part {
        MediaPlaylist.Part(
            uri: MediaResource.part(number).fileName, duration: duration, isIndependent: isIndependent, isGap: isGap)
    }
}
