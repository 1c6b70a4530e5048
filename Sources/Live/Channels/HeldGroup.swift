internal import Bytes
internal import Ingest
internal import Media
internal import Time

/// The newest group of pictures of an input, with its sound: with that a channel goes on when it changes to the input, and
/// need not wait for a key frame. While that group is too short to be published, the one before it is held, too. After a
/// pause nothing is held of what came before it.
struct HeldGroup {
    /// How many events, and how many bytes of samples, are held.
    private static let limit = (events: 4096, bytes: 32 << 20)
    /// How much sound is held where there are no pictures: as much as the channel wants before it believes that.
    private static let soundAlone = MediaTime.milliseconds(1500)
    /// Sound so long before what came of its track is of a clock that was set.
    private static let stepBack = MediaTime.milliseconds(1000)

    /// A longer group is not held: viewers would see again what they have seen, and be as far behind from then on.
    private let longest: MediaTime
    /// Of this length a group can be published at once.
    private let enough: MediaTime
    private let hasPictures: Bool
    private var announcement: FeedEvent?
    private var video: Track?
    private var audio: [Int: Track] = [:]
    /// When the newest sound of each track is decoded.
    private var soundEnds: [Int: MediaTime] = [:]
    private var events: [(event: FeedEvent, arrival: Instant)] = []
    private var bytes = 0
    /// The key frames of the groups.
    private var keyFrames: [Sample] = []
    /// When the last picture is decoded; nothing where sound has gone on without pictures for longer than a group may last.
    private var lastPicture: MediaTime?
    private var havePicturesStopped = false

    /// Nothing, of an input of a channel with those tracks. No group longer than `longest` is held, and none without the one
    /// before it that is shorter than `enough`.
    init(_ declared: DeclaredTracks, longest: MediaTime, enough: MediaTime) {
        (hasPictures, self.longest, self.enough) = (declared.hasVideo, longest, enough)
    }

    /// True when a channel could begin with it.
    var isReady: Bool { !keyFrames.isEmpty || hasSoundAlone }

    /// What is held, from the beginning: first what the tracks are.
    var contents: [(event: FeedEvent, arrival: Instant)] {
        guard let arrival = events.first?.arrival else { return [] }
        let tracks = [video].compactMap(\.self) + audio.keys.sorted().compactMap { audio[$0] }
        return ([announcement].compactMap(\.self) + tracks.map { .track($0) }).map { ($0, arrival) } + events
    }

    /// Takes what came in at `arrival`; says whether it is a key frame, or does for one.
    mutating func take(_ event: FeedEvent, arrival: Instant) -> Bool {
        if let last = events.last?.arrival, .milliseconds((arrival - last).wholeMilliseconds) > longest {
            clear()
        }
        switch event {
        case .announcement: announcement = event
        case .track(let track): take(track)
        case .video(let sample): return take(sample, event, arrival)
        case .audio(let sample, let track):
            if let end = soundEnds[track], sample.decodeTime < end - Self.stepBack { dropSound() }
            soundEnds[track] = sample.decodeTime
            append(event, arrival, sample.data.count)
            if let lastPicture, sample.decodeTime - lastPicture > longest {
                (self.lastPicture, havePicturesStopped) = (nil, true)
                dropPictures()
            }
            if keyFrames.isEmpty { trimSound(until: sample.decodeTime) }
            return hasSoundAlone
        case .unusable: break
        case .metadata, .splice: append(event, arrival, 0)
        }
        return false
    }

    private mutating func take(_ track: Track) {
        switch track.format {
        case .video:
            guard video != track else { return }
            video = track
            dropPictures()
        case .audio:
            guard audio[track.index] != track else { return }
            audio[track.index] = track
            remove { if case .audio(_, track.index) = $0 { true } else { false } }
        }
    }

    private mutating func take(_ sample: Sample, _ event: FeedEvent, _ arrival: Instant) -> Bool {
        guard hasPictures else { return false }
        (lastPicture, havePicturesStopped) = (sample.decodeTime, false)
        if sample.isSync {
            begin(with: sample)
        } else if let newest = keyFrames.last, sample.decodeTime - newest.presentationTime > longest {
            dropPictures()
        }
        guard !keyFrames.isEmpty else { return false }
        append(event, arrival, sample.data.count)
        let long = keyFrames.lastIndex { sample.decodeTime - $0.decodeTime >= enough }
        if let long, long > 0 { forget(groups: long) }
        return sample.isSync
    }

    /// A group begins. After a jump of the source's clock, what came before it is of no use.
    private mutating func begin(with keyFrame: Sample) {
        let isNext = keyFrames.last.map { (.zero...longest).contains(keyFrame.decodeTime - $0.decodeTime) } ?? false
        keyFrames.append(keyFrame)
        if !isNext { forget(groups: keyFrames.count - 1) }
    }

    /// What was heard before the source's clock was set has no place beside what comes.
    private mutating func dropSound() {
        soundEnds = [:]
        remove { if case .audio = $0 { true } else { false } }
    }

    /// What is before the newest group goes: to begin with that shows nothing twice.
    mutating func forgetOlderGroups() { forget(groups: max(0, keyFrames.count - 1)) }

    /// The first groups go, so many, but for sound and data of the next one's time that came earlier.
    private mutating func forget(groups count: Int) {
        keyFrames.removeFirst(count)
        guard let first = keyFrames.first else { return }
        var isInGroup = false
        forget(before: first.presentationTime) { picture in
            isInGroup = isInGroup || picture.decodeTime == first.decodeTime
            return isInGroup
        }
    }

    /// No group is left to begin with; what is not of its time alone remains.
    private mutating func dropPictures() {
        keyFrames = []
        remove { event in
            switch event {
            case .video, .metadata: true
            case .audio, .splice, .announcement, .track, .unusable: false
            }
        }
    }

    /// Sound and data of before `time` go, and pictures that are not wanted.
    private mutating func forget(before time: MediaTime, keeps: (Sample) -> Bool = { _ in false }) {
        remove { event in
            switch event {
            case .video(let sample): !keeps(sample)
            case .audio(let sample, _): sample.presentationTime < time
            case .metadata(let item): item.time < time
            case .splice(let cue): cue.time < time
            case .announcement, .track, .unusable: true
            }
        }
    }

    private mutating func append(_ event: FeedEvent, _ arrival: Instant, _ size: Int) {
        events.append((event, arrival))
        bytes += size
        guard events.count > Self.limit.events || bytes > Self.limit.bytes else { return }
        clear()
    }

    private mutating func clear() { (events, bytes, keyFrames) = ([], 0, []) }

    private mutating func remove(_ isObsolete: (FeedEvent) -> Bool) {
        events.removeAll { isObsolete($0.event) }
        bytes = events.reduce(0) { $0 + $1.event.size }
    }

    // MARK: Sound without pictures

    /// The times of the oldest and the newest sound.
    private var sound: (first: MediaTime, last: MediaTime)? {
        guard let first = events.lazy.compactMap(\.event.sound).first,
            let last = events.lazy.reversed().compactMap(\.event.sound).first
        else { return nil }
        return (first.decodeTime, last.decodeTime)
    }

    private var hasSoundAlone: Bool {
        guard video == nil || !hasPictures || havePicturesStopped, let sound else { return false }
        return !hasPictures || sound.last - sound.first >= .milliseconds(1000)
    }

    private mutating func trimSound(until time: MediaTime) {
        guard let sound, time - sound.first > Self.soundAlone + .milliseconds(500) else { return }
        forget(before: time - Self.soundAlone)
    }
}

extension FeedEvent {
    fileprivate var sound: Sample? { if case .audio(let sample, _) = self { sample } else { nil } }

    fileprivate var size: Int {
        switch self {
        case .video(let sample), .audio(let sample, _): sample.data.count
        case .announcement, .track, .unusable, .metadata, .splice: 0
        }
    }
}
