internal import Ingest
internal import Media
internal import Time

/// What is wrong with an input. The raw value orders the faults: the greater, the worse.
enum InputFault: Int, Comparable {
    /// Its sound has stopped, which the other input has.
    case noSound
    /// Its pictures have stopped, which the other input has.
    case noPictures
    /// Its samples come, but their times stand still.
    case frozen
    /// Nothing comes.
    case silent
    /// Nobody publishes to it.
    case closed

    static func < (left: InputFault, right: InputFault) -> Bool { left.rawValue < right.rawValue }

    /// The stable code in logs and metrics.
    var code: String {
        switch self {
        case .noSound: "no_sound"
        case .noPictures: "no_pictures"
        case .frozen: "frozen"
        case .silent: "silent"
        case .closed: "closed"
        }
    }
}

/// How the feed of one input does.
struct InputHealth {
    /// What came of pictures, or of sound.
    private struct Medium {
        /// When time last went on in it.
        var advanced: Instant
        var furthest: MediaTime
    }

    /// A time that much before the furthest one is that of a clock which began anew.
    private static let restart = MediaTime.milliseconds(1000)

    /// Since when somebody publishes; nothing while nobody does.
    private var opened: Instant?
    /// When a sample came in last.
    private var arrived: Instant?
    private var pictures: Medium?
    private var sound: Medium?

    /// Somebody publishes from now on.
    mutating func open(at now: Instant) { self = InputHealth(opened: now) }

    /// Nobody does any more.
    mutating func close() { self = InputHealth() }

    init() {}

    private init(opened: Instant) { self.opened = opened }

    /// Takes note of what came in at `arrival`.
    mutating func note(_ event: FeedEvent, arrival: Instant) {
        switch event {
        case .video(let sample): Self.note(sample, arrival, &pictures)
        case .audio(let sample, _): Self.note(sample, arrival, &sound)
        case .announcement, .track, .unusable, .metadata, .splice: return
        }
        arrived = arrival
    }

    /// The tracks of sound have one clock: that of the one that is furthest.
    private static func note(_ sample: Sample, _ arrival: Instant, _ medium: inout Medium?) {
        if let known = medium, sample.decodeTime <= known.furthest,
            known.furthest - sample.decodeTime < restart
        {
            return
        }
        medium = Medium(advanced: arrival, furthest: sample.decodeTime)
    }

    /// True when somebody has published for so long: what tracks there are has come.
    func hasLasted(_ time: MediaTime, at now: Instant) -> Bool {
        opened.map { MediaTime.milliseconds((now - $0).wholeMilliseconds) >= time } ?? false
    }

    /// The worst that has been wrong for `limit` at `now`, if anything. A track is missed where `other` has it.
    func fault(at now: Instant, after limit: Duration, besides other: InputHealth) -> InputFault? {
        guard let opened else { return .closed }
        if now - (arrived ?? opened) >= limit { return .silent }
        let (seen, heard) = (pictures?.advanced ?? opened, sound?.advanced ?? opened)
        if now - max(seen, heard) >= limit { return .frozen }
        // Where both stop, one of them stops first: it is missed when the other has gone on without it.
        func isMissed(_ medium: Medium?, since last: Instant, besides rest: Instant) -> Bool {
            now - last >= limit && rest - last >= limit / 2 && medium.map { now - $0.advanced < limit } ?? false
        }
        if isMissed(other.pictures, since: seen, besides: heard) { return .noPictures }
        if isMissed(other.sound, since: heard, besides: seen) { return .noSound }
        return nil
    }
}
