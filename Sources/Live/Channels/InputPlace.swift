internal import Ingest
internal import Time

/// One input of a channel: who publishes to it, and how its feed does.
struct InputPlace {
    /// Who publishes; the number tells feeds apart.
    var publisher: (number: Int, publisher: any Publisher)?
    /// The feed whose publisher has left, while the rest of it still comes and its successor has sent nothing.
    var predecessor: Int?
    /// When a sample came in last, or the publisher did.
    var lastArrival = Instant(nanoseconds: 0)
    var takeovers = TakeoverLimit()
    var health = InputHealth()
    /// What the channel would begin with, were it to change to this input; nothing where there is only one.
    var group: HeldGroup?
    /// What is measured of the feed, for whoever sends it; nothing while nobody does.
    var meter: FeedMeter?

    /// True when the feed of that number fills the input.
    func isFilled(by feed: Int) -> Bool { publisher?.number == feed || predecessor == feed }

    /// A feed begins, or there is none any more.
    mutating func beginFeed(at now: Instant, group: HeldGroup?) {
        if publisher == nil { health.close() } else { health.open(at: now) }
        meter = publisher.map { _ in FeedMeter(began: now) }
        self.group = group
    }
}

/// The two inputs of a channel.
struct InputPlaces {
    var primary = InputPlace()
    var backup = InputPlace()

    subscript(input: ChannelInput) -> InputPlace {
        // Without a copy: each sample looks here.
        _read { if input == .primary { yield primary } else { yield backup } }
        _modify { if input == .primary { yield &primary } else { yield &backup } }
    }

    /// The input that the feed of that number fills.
    func input(filledBy feed: Int) -> ChannelInput? {
        if primary.isFilled(by: feed) { return .primary }
        return backup.isFilled(by: feed) ? .backup : nil
    }

    var hasPublisher: Bool { primary.publisher != nil || backup.publisher != nil }

    /// The inputs that the channel could begin with.
    var ready: Set<ChannelInput> { Set(ChannelInput.allCases.filter { self[$0].group?.isReady == true }) }
}

/// Keeps encoders that all come again when they are thrown out from throwing each other out for ever.
struct TakeoverLimit {
    /// So many takeovers may come within the time.
    private static let count = 3
    private static let time = Duration.seconds(60)

    /// The last ones, so many at most.
    private var recent: [Instant] = []

    /// True when one more is no flapping yet.
    func allows(at now: Instant) -> Bool { recent.count < Self.count || now - recent[0] >= Self.time }

    /// Takes note of one.
    mutating func note(at now: Instant) { recent = recent.suffix(Self.count - 1) + [now] }
}
