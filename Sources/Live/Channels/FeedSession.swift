internal import Bytes
internal import Ingest
internal import Media
internal import Packaging
internal import Time
internal import Timeline

/// What a feed's samples mean for the channel: where a run of media begins, and when its timeline breaks.
///
/// Nothing is published before the tracks are known: a run begins with a key frame, when sound is configured too or has
/// not come for a second of video; or with sound, when pictures have not come for a second, or no key frame for six.
/// Tracks that come later, or are configured anew, begin another with the next key frame, which continues the first. A jump
/// of the source's clock begins a new run; a track of sound that pauses while others go on has a hole. Pictures that refer
/// to one that was dropped are dropped too.
struct FeedSession {
    enum Action {
        /// Something is to be published, or transcoded first.
        case media(MediaStep)
        /// No key frame has come for so long that something is to be said of it.
        case keyFrameMissing
        /// A track cannot be published as it is coded.
        case unpublishable(codecName: String)
        /// There are more audio tracks than are taken.
        case tooManyTracks
    }

    /// How long one track waits for the configuration of the other.
    static let patience = MediaTime.milliseconds(1000)
    /// How long sound waits for the key frame of a picture that is configured. Groups of pictures last less, most often, and
    /// so it is with a source of open groups until the first of them counts.
    private static let keyFramePatience = MediaTime.milliseconds(6000)
    /// What the timeline calls the track of pictures; those of sound have their index.
    private static let pictures = -1
    /// How many samples, and how many bytes of them, wait for a run to begin.
    private static let bufferLimit = (samples: 1024, bytes: 32 << 20)
    /// How many splices do.
    private static let spliceLimit = 64
    /// How many audio tracks are taken.
    static let audioLimit = 16
    /// How many samples in a row of a track may have one decode time. What stands still for longer counts for nothing: no part
    /// would ever be whole, and other tracks would wait.
    private static let repetitionLimit = 16

    private let declared: DeclaredTracks
    private let patience: MediaTime
    private var video: Track?
    /// The audio tracks by their index.
    private var audio: [Int: Track] = [:]
    /// True while samples go into a run.
    private(set) var isRunning = false
    /// True while the run has pictures.
    private var showsPictures = false
    /// How many audio tracks the source says it has.
    private var announcedSounds = 1
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
    /// The one timeline of all tracks.
    private var timeline = SourceTimeline<Waiting>()
    private var outputs: [SourceTimeline<Waiting>.Output] = []
    /// By how much the pictures' own clock is off the source's: what goes with them has its times.
    private var pictureShift = MediaTime.zero
    /// Of each track, the decode time of its last sample, and how many before it had that too.
    private var standing: [Int: (time: MediaTime, repetitions: Int)] = [:]
    private var chain = PictureChain()
    /// Since when samples wait for a run, and pictures come without a key frame, on the source's clock.
    private var (waitingSince, incompleteSince): (MediaTime?, MediaTime?)
    private var isToldOfKeyFrame = false
    /// What was told of tracks that cannot be published.
    private var told: Set<Track> = []
    private var toldNames: Set<String> = []
    private var isToldOfTracks = false
    /// How many samples were dropped: before the first key frame, or going back in time.
    private(set) var droppedSamples = 0
    /// Splices that came while nothing ran: most are told of long before their time.
    private var splices: [SpliceCue] = []

    /// A session of a channel with those tracks; `patience` is zero where all that will come is known.
    init(_ declared: DeclaredTracks = .videoAndAudio, patience: MediaTime = Self.patience) {
        (self.declared, self.patience) = (declared, patience)
    }

    /// The kind of track that the channel has and that has not come, while the other one has.
    var missingTrack: DeclaredTracks? {
        guard declared == .videoAndAudio, isRunning else { return nil }
        if video == nil { return .video }
        return audio.isEmpty ? .audio : nil
    }

    /// Takes what came in at `arrival`; says what to do.
    mutating func take(_ event: FeedEvent, arrival: Instant) -> [Action] {
        switch event {
        case .announcement(let count):
            announcedSounds = min(count, Self.audioLimit)
            return []
        case .track(let track): return take(track)
        case .unusable(let name): return toldNames.insert(name).inserted ? [.unpublishable(codecName: name)] : []
        case .metadata(let item):
            return isRunning
                ? [.media(.metadata(TimedMetadata(time: item.time + pictureShift, tag: item.tag)))] : drop()
        case .splice(let cue):
            if isRunning { return [.media(.splice(cue.moved(by: pictureShift)))] }
            guard splices.count < Self.spliceLimit else { return drop() }
            splices.append(cue)
            return []
        case .video(let sample):
            guard declared.hasVideo else { return drop() }
            guard goesOn(sample, of: Self.pictures) else {
                chain.lose(sample.access)
                return drop()
            }
            timeline.take(
                Waiting(sample: sample, track: nil, arrival: arrival), of: Self.pictures,
                decodeTime: sample.decodeTime, size: sample.data.count, fingerprint: sample.fingerprint,
                arrival: arrival, into: &outputs)
        case .audio(let sample, let track):
            guard let configuration = audio[track], case .audio(let format) = configuration.format else {
                return drop()
            }
            guard goesOn(sample, of: track) else { return drop() }
            let length = MediaTime(Int64(format.samplesPerFrame), Timescale(format.sampleRate))
            timeline.take(
                Waiting(sample: sample, track: track, arrival: arrival), of: track, decodeTime: sample.decodeTime,
                duration: length, size: sample.data.count, fingerprint: sample.fingerprint, arrival: arrival,
                into: &outputs)
        }
        return takeOutputs()
    }

    /// False where the times of a track have stood still for too long.
    private mutating func goesOn(_ sample: Sample, of track: Int) -> Bool {
        guard let last = standing[track], last.time == sample.decodeTime else {
            standing[track] = (sample.decodeTime, 0)
            return true
        }
        standing[track] = (last.time, last.repetitions + 1)
        return last.repetitions + 1 < Self.repetitionLimit
    }

    /// Decides about what was held back for long enough at `now`; says what to do.
    mutating func settle(at now: Instant) -> [Action] {
        timeline.settle(at: now, into: &outputs)
        return takeOutputs()
    }

    private mutating func takeOutputs() -> [Action] {
        var actions: [Action] = []
        for output in outputs {
            switch output {
            case .newEpoch: restart()
            case .drop(let waiting, let track, let reason):
                droppedSamples += 1
                // What had come before is not missing.
                if track == Self.pictures, reason != .repeated { chain.lose(waiting.sample.access) }
            case .place(var waiting, let track, let shift):
                if shift.value != 0 { waiting.sample = waiting.sample.moved(by: shift) }
                if track == Self.pictures { pictureShift = shift }
                actions += take(waiting)
            }
        }
        outputs.removeAll(keepingCapacity: true)
        return actions
    }

    /// Takes a sample in its place on the source's timeline.
    private mutating func take(_ waiting: Waiting) -> [Action] {
        guard waiting.track != nil else {
            guard chain.admits(waiting.sample.access) else { return dropIncomplete(waiting) }
            return takePicture(waiting)
        }
        return isRunning ? action(waiting).map { [$0] } ?? drop() : wait(waiting)
    }

    private mutating func takePicture(_ picture: Waiting) -> [Action] {
        if isRunning {
            if showsPictures, !(hasMoreTracks && picture.sample.isSync) { return [.media(.video(picture.sample))] }
            guard picture.sample.isSync else { return dropIncomplete(picture) }
            pause()
        }
        guard picture.sample.isSync || buffer.firstPicture != nil else { return dropIncomplete(picture) }
        if picture.sample.isSync { incompleteSince = nil }
        if picture.sample.isSync, buffer.firstPicture == nil {
            // Sound that is heard before is of no use; it may have come earlier than its picture.
            let start = picture.sample.presentationTime
            buffer.removeAll { $0.sample.presentationTime < start }
            buffer.insert(picture, at: 0)
            return begin()
        }
        return wait(picture)
    }

    /// Drops a picture that lacks its key frame.
    private mutating func dropIncomplete(_ picture: Waiting) -> [Action] {
        droppedSamples += 1
        let time = picture.sample.decodeTime
        let start = incompleteSince ?? time
        incompleteSince = start
        guard !isToldOfKeyFrame, time - start >= Self.keyFramePatience else { return [] }
        isToldOfKeyFrame = true
        return [.keyFrameMissing]
    }

    private mutating func wait(_ waiting: Waiting) -> [Action] {
        buffer.append(waiting)
        waitingSince = waitingSince ?? waiting.sample.decodeTime
        let bytes = buffer.reduce(0) { $0 + $1.sample.data.count }
        if buffer.count > Self.bufferLimit.samples || bytes > Self.bufferLimit.bytes {
            // Of sound the newer half is enough to begin with.
            let count = buffer.firstPicture == nil ? buffer.count / 2 : buffer.count
            droppedSamples += count
            buffer.removeFirst(count)
        }
        return begin()
    }

    // MARK: Tracks

    private mutating func take(_ track: Track) -> [Action] {
        guard track.codec.isPublishable else {
            return told.insert(track).inserted ? [.unpublishable(codecName: track.codec.rawValue)] : []
        }
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
            guard (0..<Self.audioLimit).contains(track.index) else {
                defer { isToldOfTracks = true }
                return drop() + (isToldOfTracks ? [] : [.tooManyTracks])
            }
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
            return audioPlaces.removeValue(forKey: track.index).map { [.media(.withdrawAudio(track: $0))] } ?? []
        }
    }

    /// What waits of a track that is configured anew cannot be decoded with the new configuration.
    private mutating func dropWaiting(of track: Int?) {
        let count = buffer.count
        buffer.removeAll { $0.track == track }
        droppedSamples += count - buffer.count
    }

    /// The next key frame begins a new run, which the source's clock says nothing of.
    mutating func restart() {
        pause()
        continues = false
        pictureShift = .zero
        splices = []
    }

    /// The next key frame begins a new run.
    private mutating func pause() {
        (isRunning, continues) = (false, isRunning || continues)
        (buffer, waitingSince, incompleteSince) = ([], nil, nil)
    }

    private mutating func drop() -> [Action] {
        droppedSamples += 1
        return []
    }

    /// True when each audio track that the source has announced has come, if only to be told of.
    private var hasAllSounds: Bool {
        audio.count + Set(told.map(\.index)).subtracting(audio.keys).count >= announcedSounds
    }

    /// Begins a run when enough is known, and hands on what had to wait.
    private mutating func begin() -> [Action] {
        guard let first = buffer.firstPicture ?? buffer.first,
            let latest = buffer.map(\.sample.decodeTime).max()
        else { return [] }
        let hasWaited = latest - first.sample.decodeTime >= patience
        if first.track == nil {
            let isReady = !declared.hasAudio || (isChanging ? buffer.hasAudio : hasAllSounds)
            guard hasWaited || isReady else { return [] }
        } else {
            // Sound alone: only when no picture has come for a while.
            let isKeyFrameLate = latest - (waitingSince ?? latest) >= Self.keyFramePatience
            guard hasWaited, video == nil || isKeyFrameLate else { return [] }
        }
        showsPictures = first.track == nil
        let tracks =
            [showsPictures ? video : nil].compactMap(\.self) + audio.values.sorted { $0.index < $1.index }
        audioPlaces = Dictionary(uniqueKeysWithValues: audio.keys.sorted().enumerated().map { ($1, $0) })
        // On the clock of the decode times, which need not be the one of presentation.
        let sourceStart = first.sample.presentationTime.converted(
            to: first.sample.decodeTime.timescale, rounding: .down)
        let start = RunStart(
            tracks: tracks, sourceStart: sourceStart, arrival: first.arrival, continues: continues)
        (isRunning, isChanging, hasMoreTracks, continues) = (true, false, false, false)
        defer { (buffer, splices, waitingSince) = ([], [], nil) }
        let cues = splices.map { Action.media(.splice($0.moved(by: pictureShift))) }
        return [.media(.begin(start))] + cues + buffer.compactMap(action)
    }
}

extension FeedSession {
    /// A sample that waits for a run to begin.
    fileprivate struct Waiting {
        var sample: Sample
        /// The index of its audio track; nothing for video.
        let track: Int?
        let arrival: Instant
    }

    private func action(_ waiting: Waiting) -> Action? {
        guard let track = waiting.track else { return .media(.video(waiting.sample)) }
        return audioPlaces[track].map { .media(.audio(waiting.sample, track: $0)) }
    }
}

extension [FeedSession.Waiting] {
    fileprivate var hasAudio: Bool { contains { $0.track != nil } }

    fileprivate var firstPicture: FeedSession.Waiting? { first { $0.track == nil } }
}

extension Codec {
    /// True when HLS clients can play it as it is (HLS authoring specification for Apple devices, §2.1 and §2.2).
    var isPublishable: Bool { self != .mp2 }
}
