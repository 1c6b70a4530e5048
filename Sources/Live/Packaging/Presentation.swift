internal import ISOBMFF
public import Media
public import Time

/// What happened in a presentation that someone may want to hear of.
public enum PresentationEvent: Sendable, Equatable {
    /// A segment was cut without a key frame: key frames come too far apart for the target duration.
    case segmentWithoutKeyFrame(sequenceNumber: Int64)
    /// No frames came for one track while the others went on: the track has a hole.
    case trackStalled(rendition: String)
    /// Nothing comes in: time passes without media from here on.
    case silenceBegan
    /// Media came again after so long.
    case silenceEnded(MediaTime)
    /// Nothing comes in: viewers see the slate from here on.
    case slateBegan
    /// The slate was shown for so long.
    case slateEnded(MediaTime)
}

/// One run of a channel between start and ENDLIST: samples in, renditions' windows out.
///
/// Pure: time comes with the samples, and with `passSilence` while there are none. Video leads where there is video, the
/// first of it where there is more, and all else is cut where that was. Audio is never published beyond what video has decided, video never runs more than one
/// part ahead of audio, and a track that stops releases the other before long. While sound is alone in a presentation that
/// has pictures or expects some, their rendition has missing media where the sound is cut.
public struct Presentation: Sendable {
    /// How far ahead of the newest media metadata may be.
    private static let largestAdvance = MediaTime.milliseconds(60_000)
    /// The name of the video rendition of that index: `video`, `video2`, `video3`.
    public static func video(_ index: Int) -> String { index == 0 ? "video" : "video\(index + 1)" }
    /// The name of the audio rendition of that index: `audio`, `audio2`, `audio3`.
    public static func audio(_ index: Int) -> String { index == 0 ? "audio" : "audio\(index + 1)" }
    /// The random name under which all media of the presentation lie.
    public let id: String
    /// The profile, constant for the life of the presentation.
    public let profile: LatencyProfile
    /// The video renditions, from the largest down. The first leads.
    public internal(set) var videoWindows: [RenditionWindow] = []
    /// The audio renditions.
    public internal(set) var audioWindows: [RenditionWindow] = []
    /// True while every segment began with a key frame. It never comes back: in the multivariant playlist
    /// EXT-X-INDEPENDENT-SEGMENTS speaks of all segments to come (§4.4.2.1), clients read it once, and an encoder that
    /// has left out one key frame leaves out another. Without the tag nothing is promised, and nothing is wrong.
    public internal(set) var hasIndependentSegments = true
    /// The measured frame rates of the video renditions, as far as they are known.
    public internal(set) var frameRates: [Double?] = []

    /// When the timeline's zero was: the date for clients, the instant for pace. Dates go on as the monotonic clock
    /// does, so that a wall clock that is set never moves them.
    var start: (wall: WallTime, instant: Instant)
    /// How dates run beside the timeline.
    var anchor = WallAnchor()
    /// How the clock of the current run's source stands to ours.
    var clock: SourceClock?
    var run: Run?
    private var silence: Silence?
    /// What is shown while nothing comes in, where the renditions can show it; else media are missing.
    public var slate: Slate?
    /// True while a run of it goes on.
    var show: SlateShow?
    /// Where it began in a run whose source shows it by itself.
    var slateStart: MediaTime?
    var videoSequenceNumbers: [UInt32] = []
    var audioSequenceNumbers: [UInt32] = []
    /// Which audio rendition each audio track of the current run goes on with.
    private(set) var audioPlaces: [Int] = []
    /// True while the current run has no pictures: sound leads.
    var isSoundAlone = false
    var metadata = PendingMetadata()
    /// Of each video rendition but the first, the metadata that the first has published and it has not.
    var unpublishedEvents: [[EventMessage]] = []
    /// What is known of breaks and the like.
    var dateRanges: DateRangeBook

    /// A presentation whose timeline begins at `start`, when the wall clock shows `wallStart`.
    public init(id: String, profile: LatencyProfile, wallStart: WallTime, start: Instant) {
        self.id = id
        self.profile = profile
        self.start = (wallStart, start)
        dateRanges = DateRangeBook(hasDVRWindow: profile.dvrWindow != nil)
    }

    // MARK: Feeding

    /// Begins a run of samples with those tracks, the video tracks from the largest down, whose source timeline stands at
    /// `sourceStart` at the instant `now`. The first run begins at the presentation's zero; a later one begins a
    /// discontinuity, at the place that the clock gives it.
    ///
    /// With `continues` the source's timeline goes on as in the run before, only its tracks have changed: so does ours. When
    /// the first run has no sound yet and `expectsSound`, there is a rendition for it from the start, silent until it comes;
    /// when it has no picture and `expectsPicture`, there is one of missing media, of which clients learn when it comes.
    ///
    /// Returns false when the tracks do not fit the renditions that clients know: then a new presentation is needed. Pictures
    /// that lack altogether are missing media; else there are as many of them as ever.
    public mutating func beginRun(
        tracks: [Track], sourceStart: MediaTime, now: Instant, continues: Bool = false, expectsSound: Bool = false,
        expectsPicture: Bool = false, soundDelay: MediaTime = .zero
    ) -> Bool {
        let (video, audio) = (tracks.filter(\.isVideo), tracks.filter { !$0.isVideo })
        let isFirst = videoWindows.isEmpty && audioWindows.isEmpty
        guard let places = isFirst ? Array(audio.indices) : places(of: video, audio) else { return false }
        let (continued, oldClock) = continues ? (run?.place(sourceStart), clock) : (nil, nil)
        endRun()
        audioPlaces = places
        isSoundAlone = video.isEmpty
        var start = MediaTime.zero
        if isFirst {
            if !video.isEmpty || expectsPicture { addVideo(count: max(video.count, 1)) }
            let isSilent = audio.isEmpty && !video.isEmpty && expectsSound
            let count = isSilent ? 1 : audio.count
            audioWindows = (0..<count).map { window(Self.audio($0), isVideo: false) }
            audioSequenceNumbers = [UInt32](repeating: 0, count: count)
            if isSilent, let silence = SilentSound.track { audioWindows[0].begin(silence) }
        } else {
            if let continued {
                // Sound may end a frame behind the picture: it goes on there.
                start = max(continued, videoWindows.first?.edge ?? edge)
            } else {
                start = max(elapsed(at: now), edge).converted(to: .milliseconds, rounding: .up)
            }
            endSilence(at: start)
            addVideo(count: video.count)
        }
        for (index, track) in video.enumerated() { videoWindows[index].begin(track) }
        for (place, track) in zip(places, audio) { audioWindows[place].begin(track) }
        changeAll { $0.discontinue() }
        run = Run(
            profile: profile, video: video, audio: audioWindows.compactMap(\.sound),
            present: places, sourceStart: sourceStart, start: start, soundDelay: soundDelay)
        clock = oldClock ?? SourceClock(start: now, shift: now - self.start.instant - start.duration)
        return true
    }

    /// A rendition without media.
    func window(_ name: String, isVideo: Bool) -> RenditionWindow {
        RenditionWindow(name: name, profile: profile, wallStart: start.wall, isVideo: isVideo)
    }

    /// Sees to it that there are so many video renditions. Where there is one already that clients have not been told of,
    /// the others have been missing as long.
    private mutating func addVideo(count: Int) {
        while videoWindows.count < count {
            let name = Self.video(videoWindows.count)
            add(video: videoWindows.first?.renamed(name) ?? window(name, isVideo: true))
        }
    }

    /// Makes `window` the next video rendition.
    mutating func add(video window: RenditionWindow) {
        videoWindows.append(window)
        videoSequenceNumbers.append(0)
        unpublishedEvents.append([])
        if frameRates.count < videoWindows.count { frameRates.append(nil) }
    }

    /// Changes all renditions alike.
    mutating func changeAll(_ change: (inout RenditionWindow) -> Void) {
        for index in videoWindows.indices { change(&videoWindows[index]) }
        for index in audioWindows.indices { change(&audioWindows[index]) }
    }

    /// The audio renditions that these tracks go on with; nothing when clients of the renditions cannot play all of them:
    /// what picture there is is coded as before, and every sound has its rendition. What lacks will be missing media.
    private func places(of video: [Track], _ audio: [Track]) -> [Int]? {
        if !video.isEmpty {
            let known = videoWindows.map { $0.initializations.last?.track.codec }
            // Nobody was told how many there are of pictures that have not come.
            let isAnnounced = known.contains { $0 != nil }
            guard !known.isEmpty, !isAnnounced || known.count == video.count else { return nil }
            for (codec, track) in zip(known, video) where codec ?? track.codec != track.codec { return nil }
        }
        return Self.places(of: audio, among: audioWindows.compactMap { $0.initializations.last?.track })
    }

    /// Takes a sample of the current run's video track of that index, its times on the source's timescale, which came in at
    /// `arrival`, where that is known. A sample that nothing can be shown from is dropped: false.
    public mutating func appendVideo(_ sample: Sample, rung: Int = 0, arrival: Instant? = nil) -> Bool {
        guard videoWindows.indices.contains(rung), let place = run?.place(sample.decodeTime) else { return false }
        let isTaken = run?.appendVideo(sample, rung: rung) ?? false
        if isTaken, rung == 0 { clock?.observe(place, arrival: arrival) }
        if let rate = run?.frameRate(rung), rate != frameRates[rung] { frameRates[rung] = rate }
        advance()
        return isTaken
    }

    /// Nothing comes any more of the current run's video track of that index, which is not the first: nobody waits for it,
    /// until it comes back with a key frame.
    public mutating func withdrawVideo(rung: Int) {
        run?.withdrawVideo(rung: rung)
        advance()
    }

    /// Takes a sample of the current run's audio track of that index, which came in at `arrival`, where that is known.
    public mutating func appendAudio(_ sample: Sample, track: Int = 0, arrival: Instant? = nil) {
        guard audioPlaces.indices.contains(track), let place = run?.place(sample.decodeTime) else { return }
        run?.appendAudio(sample, track: audioPlaces[track])
        if isLeading(audioPlaces[track]) { clock?.observe(place, arrival: arrival) }
        advance()
    }

    /// The current run's audio track of that index has no sound any more that its rendition could carry: nobody waits for it.
    public mutating func withdrawAudio(track: Int) {
        guard audioPlaces.indices.contains(track) else { return }
        run?.withdrawAudio(track: audioPlaces[track])
        advance()
    }

    /// Takes timed metadata of the current run: they go with the pictures of their time, or with the sound where there are
    /// none. False when they were dropped, or others for later, because there is no run or too much of them.
    public mutating func append(_ item: TimedMetadata) -> Bool {
        guard let time = run?.place(item.time), time - edge < Self.largestAdvance else { return false }
        return metadata.append(item.tag, at: time)
    }

    /// Takes a splice of the current run: it becomes a date range, and a segment ends there as soon as a key frame comes.
    /// False when it was dropped, because there is no run or too many splices.
    public mutating func append(_ cue: SpliceCue) -> Bool {
        guard let time = run?.place(cue.time) else { return false }
        // Once told, its date stays as it is: that of a far time is not what the clock does until then.
        let late = max(time - edge - Self.largestAdvance, .zero)
        let dated = SpliceCue(
            kind: cue.kind, eventID: cue.eventID, time: anchor.dated(time - late) + late, duration: cue.duration,
            section: cue.section)
        guard dateRanges.append(dated, wallStart: start.wall, edge: anchor.dated(edge)) else { return false }
        run?.endSegment(at: time)
        return true
    }

    /// Publishes what is open and completes the segments: the source has gone, or its timeline broke. A slate goes on.
    public mutating func interrupt() { if show == nil { endRun() } }

    private mutating func endRun() {
        guard run != nil else { return }
        run?.interrupt()
        advance()
        run = nil
        clock = nil
        anchor.hold(from: edge)
        if let show = show.take() { events.append(.slateEnded(edge - show.start)) }
        noteSlate(false)
        metadata.clear()
        for index in unpublishedEvents.indices { unpublishedEvents[index] = [] }
        reportedStalls = []
    }

    /// Publishes missing media up to `time`, once as much is missing as a part.
    mutating func passMissing(until time: MediaTime) {
        if silence == nil {
            guard time - edge >= profile.gapPart else { return }
            silence = Silence(profile: profile, start: edge)
            events.append(.silenceBegan)
        }
        pass(until: time, isLast: false)
    }

    /// True while media are missing because nothing comes in.
    var hasSilence: Bool { silence != nil }

    mutating func endSilence(at time: MediaTime) {
        guard let silence else { return }
        pass(until: time, isLast: true)
        events.append(.silenceEnded(time - silence.start))
        self.silence = nil
        changeAll { $0.endSegment() }
    }

    private mutating func pass(until time: MediaTime, isLast: Bool) {
        for stretch in silence?.stretches(until: time, isLast: isLast) ?? [] { pass(stretch) }
        forgetDateRanges()
    }

    /// Publishes a stretch without media in all renditions.
    mutating func pass(_ stretch: Silence.Stretch) {
        let (profile, anchor) = (profile, anchor)
        changeAll { $0.publish(stretch, of: profile, anchor: anchor) }
    }

    /// Lets go of old media that are kept elsewhere: of each rendition, those before the segment of that number.
    public mutating func releaseMedia(before stored: [String: Int64]) {
        changeAll { window in
            if let number = stored[window.name] { window.releaseMedia(before: number) }
        }
    }

    /// Lets date ranges go with the media that they lie in, whether these were published or missing.
    mutating func forgetDateRanges() {
        if !dateRanges.isEmpty { dateRanges.forget(before: windowStarts, edge: anchor.dated(edge)) }
    }

    /// The place of `now` on the timeline.
    func elapsed(at now: Instant) -> MediaTime {
        anchor.place(at: now - start.instant).converted(to: .milliseconds, rounding: .down)
    }

    /// The end of the newest media of all.
    var edge: MediaTime { windows.compactMap(\.edge).max() ?? .zero }

    /// The video rendition that leads, where there is one.
    public var videoWindow: RenditionWindow? { videoWindows.first }

    /// The measured frame rate of the video that leads.
    public var frameRate: Double? { frameRates.first ?? nil }

    /// The video tracks that media have now, where all have come.
    public var videoTracks: [Track] {
        let tracks = videoWindows.compactMap { $0.initializations.last?.track }
        return tracks.count == videoWindows.count ? tracks : []
    }

    /// All renditions, video first.
    var windows: [RenditionWindow] { videoWindows + audioWindows }

    /// The dates with which the live playlists begin, and those of the DVR window, counted from that of the timeline's zero.
    var windowStarts: (live: MediaTime, dvr: MediaTime) {
        let live = windows.compactMap { $0.listed.first?.programDateTime }.min() ?? start.wall
        let past = windows.compactMap { window in
            window.history.flatMap { $0[$0.mediaSequence]?.programDateTime }
        }.min()
        func counted(_ date: WallTime) -> MediaTime {
            MediaTime((date - start.wall).wholeMicroseconds, Timescale(1_000_000))
        }
        return (counted(live), counted(past.map { min($0, live) } ?? live))
    }

    /// Grows with every change that a client can see.
    public var version: Int64 {
        let versions = audioWindows.reduce(videoWindows.reduce(0) { $0 + $1.version }) { $0 + $1.version }
        return versions + dateRanges.version
    }

    /// Ends the presentation.
    public mutating func end() {
        endRun()
        changeAll { $0.end() }
    }

    /// What happened since the last call.
    public mutating func takeEvents() -> [PresentationEvent] {
        defer { events = [] }
        return events
    }

    var events: [PresentationEvent] = []
    var reportedStalls: Set<String> = []
}
