internal import Bytes
internal import Ingest
internal import Media
internal import Time

/// The newest group of pictures of an input, with its sound: with that a channel goes on when it changes to the input, and
/// need not wait for a key frame.
struct HeldGroup {
    /// How many events, and how many bytes of samples, are held.
    private static let limit = (events: 4096, bytes: 32 << 20)
    /// How much sound is held where there are no pictures: as much as the channel wants before it believes that.
    private static let soundAlone = MediaTime.milliseconds(1500)

    /// A longer group is not held: viewers would see again what they have seen, and be as far behind from then on.
    private let longest: MediaTime
    private let hasPictures: Bool
    private var announcement: FeedEvent?
    private var video: Track?
    private var audio: [Int: Track] = [:]
    private var events: [(event: FeedEvent, arrival: Instant)] = []
    private var bytes = 0
    /// When the key frame is shown with which the group begins.
    private var start: MediaTime?
    /// When the last picture is decoded; nothing where sound has gone on without pictures for longer than a group may last.
    private var lastPicture: MediaTime?
    private var havePicturesStopped = false

    /// Nothing, of an input of a channel with those tracks. No more than `longest` is held.
    init(_ declared: DeclaredTracks, longest: MediaTime) {
        (hasPictures, self.longest) = (declared.hasVideo, longest)
    }

    /// True when a channel could begin with it.
    var isReady: Bool { start != nil || hasSoundAlone }

    /// What is held, from the beginning: first what the tracks are.
    var contents: [(event: FeedEvent, arrival: Instant)] {
        guard let arrival = events.first?.arrival else { return [] }
        let tracks = [video].compactMap(\.self) + audio.keys.sorted().compactMap { audio[$0] }
        return ([announcement].compactMap(\.self) + tracks.map { .track($0) }).map { ($0, arrival) } + events
    }

    /// Takes what came in at `arrival`; says whether it is a key frame, or does for one.
    mutating func take(_ event: FeedEvent, arrival: Instant) -> Bool {
        switch event {
        case .announcement: announcement = event
        case .track(let track): take(track)
        case .video(let sample): return take(sample, event, arrival)
        case .audio(let sample, _):
            append(event, arrival, sample.data.count)
            if let lastPicture, sample.decodeTime - lastPicture > longest {
                (self.lastPicture, havePicturesStopped) = (nil, true)
                begin(at: nil)
            }
            if start == nil { trimSound(until: sample.decodeTime) }
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
            begin(at: nil)
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
            begin(at: sample.presentationTime)
        } else if let start, sample.decodeTime - start > longest {
            begin(at: nil)
        }
        guard start != nil else { return false }
        append(event, arrival, sample.data.count)
        return sample.isSync
    }

    /// A group begins at `time`, or none does: what is before it goes, but for sound and data of its time that came earlier.
    private mutating func begin(at time: MediaTime?) {
        start = time
        if let time { return forget(before: time) }
        remove { event in
            switch event {
            case .video, .metadata: true
            case .audio, .splice, .announcement, .track, .unusable: false
            }
        }
    }

    /// Pictures go, and sound and data of before `time`.
    private mutating func forget(before time: MediaTime) {
        remove { event in
            switch event {
            case .audio(let sample, _): sample.presentationTime < time
            case .metadata(let item): item.time < time
            case .splice(let cue): cue.time < time
            case .video, .announcement, .track, .unusable: true
            }
        }
    }

    private mutating func append(_ event: FeedEvent, _ arrival: Instant, _ size: Int) {
        events.append((event, arrival))
        bytes += size
        guard events.count > Self.limit.events || bytes > Self.limit.bytes else { return }
        (events, bytes, start) = ([], 0, nil)
    }

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
