internal import Bytes
internal import Ingest
internal import Media
internal import Time

/// What a feed's samples mean for the channel: where a run of media begins, and when its timeline breaks.
///
/// Nothing is published before the tracks are known: a run begins with a key frame, when sound is configured too or has
/// not come for a second of video. Tracks that come later, or are configured anew, begin another with the next key frame,
/// which continues the first. A jump of the source's clock begins a new run; a track of sound that pauses while others go
/// on has a hole.
struct FeedSession {
    enum Action {
        /// A new run begins.
        case begin(RunStart)
        case video(Sample)
        case audio(Sample, track: Int)
        case metadata(TimedMetadata)
        case splice(SpliceCue)
        /// The run's audio track of that index is configured anew: until the next run nothing comes of it.
        case withdraw(track: Int)
        /// A track cannot be published as it is coded.
        case unpublishable(Track)
    }

    /// How a run begins.
    struct RunStart: Equatable {
        var tracks: [Track]
        /// Where the source's clock stands there.
        var sourceStart: MediaTime
        /// When the first sample came in.
        var arrival: Instant
        /// True when the source's timeline goes on as in the run before.
        var continues: Bool
    }

    /// How long one track waits for the configuration of the other.
    private static let patience = MediaTime.milliseconds(1000)
    /// How far a track's clock may step within a run.
    private static let largestStep = MediaTime.milliseconds(1000)
    /// How far the tracks' times may be apart, while they come.
    private static let largestDistance = MediaTime.milliseconds(10_000)
    /// A track of which nothing came for so long has stopped: its time says nothing of the others'.
    private static let longestPause = Duration.seconds(5)
    /// How many samples, and how many bytes of them, wait for a run to begin.
    private static let bufferLimit = (samples: 1024, bytes: 32 << 20)
    /// How many audio tracks are taken.
    private static let audioLimit = 16
    /// How many pictures in a row may have one decode time: without an end to them no part would ever be whole.
    private static let repetitionLimit = 16

    private let declared: DeclaredTracks
    private var video: Track?
    /// The audio tracks by their index.
    private var audio: [Int: Track] = [:]
    /// True while samples go into a run.
    private(set) var isRunning = false
    /// True while the run has pictures.
    private var showsPictures = false
    /// The place of each audio track among those of the run.
    private var audioPlaces: [Int: Int] = [:]
    /// True when the picture was configured anew: the sound may be too, which shows when its samples go on.
    private var isChanging = false
    /// True when there are tracks, or configurations, that the run does not have: the next key frame begins another.
    private var hasMoreTracks = false
    /// True when the next run continues the one before.
    private var continues = false
    /// What waits for a run to begin.
    private var buffer: [Waiting] = []
    private var lastVideo: Passage?
    private var lastAudio: [Int: Passage] = [:]
    private var repetitions = 0
    /// What was told of tracks that cannot be published.
    private var told: Set<Track> = []
    /// Samples that were dropped: before the first key frame, or going back in time.
    private(set) var droppedSamples = 0

    /// A session of a channel with those tracks.
    init(_ declared: DeclaredTracks = .videoAndAudio) { self.declared = declared }

    /// Takes what came in at `arrival`; says what to do.
    mutating func take(_ event: FeedEvent, arrival: Instant) -> [Action] {
        switch event {
        case .track(let track): return take(track)
        case .metadata(let item): return isRunning ? [.metadata(item)] : drop()
        case .splice(let cue): return isRunning ? [.splice(cue)] : drop()
        case .video(let sample):
            let passage = Passage(time: sample.decodeTime, arrival: arrival)
            guard declared.hasVideo, check(passage, since: lastVideo, beside: lastAudio.values.max()) else {
                return drop()
            }
            repetitions = sample.decodeTime == lastVideo?.time ? repetitions + 1 : 0
            guard repetitions < Self.repetitionLimit else { return drop() }
            lastVideo = passage
            return takePicture(Waiting(sample: sample, track: nil, arrival: arrival))
        case .audio(let sample, let track):
            let passage = Passage(time: sample.decodeTime, arrival: arrival)
            let other = lastVideo ?? lastAudio.values.max()
            let last = endsPause(passage, of: track) ? nil : lastAudio[track]
            guard audio[track] != nil, check(passage, since: last, beside: other) else { return drop() }
            lastAudio[track] = passage
            let waiting = Waiting(sample: sample, track: track, arrival: arrival)
            return isRunning ? action(waiting).map { [$0] } ?? drop() : wait(waiting)
        }
    }

    private mutating func takePicture(_ picture: Waiting) -> [Action] {
        if isRunning {
            if showsPictures, !(hasMoreTracks && picture.sample.isSync) { return [.video(picture.sample)] }
            guard picture.sample.isSync else { return drop() }
            pause()
        }
        guard picture.sample.isSync || buffer.firstPicture != nil else { return drop() }
        if picture.sample.isSync, buffer.firstPicture == nil {
            // Sound that is heard before is of no use; it may have come earlier than its picture.
            let start = picture.sample.presentationTime
            buffer.removeAll { $0.sample.presentationTime < start }
            buffer.insert(picture, at: 0)
            return begin()
        }
        return wait(picture)
    }

    private mutating func wait(_ waiting: Waiting) -> [Action] {
        buffer.append(waiting)
        let bytes = buffer.reduce(0) { $0 + $1.sample.data.count }
        if buffer.count > Self.bufferLimit.samples || bytes > Self.bufferLimit.bytes {
            droppedSamples += buffer.count
            buffer = []
        }
        return begin()
    }

    // MARK: Tracks

    private mutating func take(_ track: Track) -> [Action] {
        guard track.codec.isPublishable else { return told.insert(track).inserted ? [.unpublishable(track)] : [] }
        switch track.format {
        case .video:
            guard declared.hasVideo, video != track else { return [] }
            dropWaiting(of: nil)
            video = track
            guard isRunning else { return [] }
            hasMoreTracks = true
            if showsPictures {
                // Nothing can be shown before the key frame that comes with it.
                pause()
                isChanging = true
            }
            return []
        case .audio:
            guard (0..<Self.audioLimit).contains(track.index) else { return drop() }
            guard declared.hasAudio, audio[track.index] != track else { return [] }
            dropWaiting(of: track.index)
            audio[track.index] = track
            guard isRunning else { return [] }
            hasMoreTracks = true
            guard showsPictures else {
                pause()
                isChanging = true
                return []
            }
            return audioPlaces.removeValue(forKey: track.index).map { [.withdraw(track: $0)] } ?? []
        }
    }

    /// What waits of a track that is configured anew cannot be decoded with the new configuration.
    private mutating func dropWaiting(of track: Int?) {
        let count = buffer.count
        buffer.removeAll { $0.track == track }
        droppedSamples += count - buffer.count
    }

    /// False for a step back that is too small to be a new timeline, and for a time that is not on the timeline of the
    /// other track; a large step begins a new run.
    private mutating func check(_ passage: Passage, since last: Passage?, beside other: Passage?) -> Bool {
        if let last, !Self.isWithin(Self.largestStep, passage.time - last.time) {
            restart()
            return true
        }
        // One track's clock jumps a moment before the other's: what comes in between is of the old time.
        if let other, passage.arrival - other.arrival < Self.longestPause,
            !Self.isWithin(Self.largestDistance, passage.time - other.time)
        {
            return false
        }
        return last.map { passage.time >= $0.time } ?? true
    }

    /// True when sound of a track comes again after a pause that is as long on its clock as on ours, and others went on.
    private func endsPause(_ passage: Passage, of track: Int) -> Bool {
        guard let last = lastAudio[track], passage.time - last.time > Self.largestStep else { return false }
        let latest = [lastVideo].compactMap(\.self) + lastAudio.values
        return Self.isWithin(Self.largestStep, passage.time - last.time - passage.length(since: last))
            && latest.contains { passage.length(since: $0) < Self.largestStep }
    }

    private static func isWithin(_ limit: MediaTime, _ step: MediaTime) -> Bool {
        step <= limit && step >= .zero - limit
    }

    /// The next key frame begins a new run, which the source's clock says nothing of.
    mutating func restart() {
        pause()
        continues = false
        (lastVideo, lastAudio) = (nil, [:])
    }

    /// The next key frame begins a new run.
    private mutating func pause() {
        (isRunning, continues) = (false, isRunning || continues)
        buffer = []
    }

    private mutating func drop() -> [Action] {
        droppedSamples += 1
        return []
    }

    /// Begins a run when enough is known, and hands on what had to wait.
    private mutating func begin() -> [Action] {
        guard let first = buffer.firstPicture ?? buffer.first,
            let latest = buffer.map(\.sample.decodeTime).max()
        else { return [] }
        let hasWaited = latest - first.sample.decodeTime >= Self.patience
        if first.track == nil {
            let isReady = !declared.hasAudio || (isChanging ? buffer.hasAudio : !audio.isEmpty)
            guard hasWaited || isReady else { return [] }
        } else {
            // Sound alone: only when no picture has come for a while.
            guard hasWaited, video == nil else { return [] }
        }
        showsPictures = first.track == nil
        let tracks =
            [showsPictures ? video : nil].compactMap(\.self) + audio.values.sorted { $0.index < $1.index }
        audioPlaces = Dictionary(uniqueKeysWithValues: audio.keys.sorted().enumerated().map { ($1, $0) })
        let start = RunStart(
            tracks: tracks, sourceStart: first.sample.presentationTime, arrival: first.arrival, continues: continues)
        (isRunning, isChanging, hasMoreTracks, continues) = (true, false, false, false)
        defer { buffer = [] }
        return [.begin(start)] + buffer.compactMap(action)
    }
}

extension FeedSession {
    /// When a sample of a track was the last to pass: its time, and its arrival.
    fileprivate struct Passage: Comparable {
        let time: MediaTime
        let arrival: Instant

        static func < (left: Passage, right: Passage) -> Bool { left.time < right.time }

        /// How long after `other` it came in.
        func length(since other: Passage) -> MediaTime { .milliseconds((arrival - other.arrival).wholeMilliseconds) }
    }

    /// A sample that waits for a run to begin.
    fileprivate struct Waiting {
        let sample: Sample
        /// The index of its audio track; nothing for video.
        let track: Int?
        let arrival: Instant
    }

    private func action(_ waiting: Waiting) -> Action? {
        guard let track = waiting.track else { return .video(waiting.sample) }
        return audioPlaces[track].map { .audio(waiting.sample, track: $0) }
    }
}

extension [FeedSession.Waiting] {
    fileprivate var hasAudio: Bool { contains { $0.track != nil } }

    fileprivate var firstPicture: FeedSession.Waiting? { first { $0.track == nil } }
}

extension Codec {
    /// True when HLS clients can play it as it is (HLS authoring specification for Apple devices, §2.1 and §2.2).
    fileprivate var isPublishable: Bool { self != .mp2 }
}
