internal import Crypto
public import Ingest
internal import Media
public import Packaging
public import Publishing
internal import Locks
public import Telemetry
public import Time

/// What a channel is told about itself.
public struct ChannelConfiguration: Sendable {
    /// The name in URLs.
    public let id: String
    /// The name for people.
    public let name: String
    /// What a publisher must know.
    public let streamKey: Secret<String>
    /// How the channel is packaged.
    public let profile: LatencyProfile
    /// The tracks that it has.
    public let tracks: DeclaredTracks
    /// What it asks of those who publish.
    public let terms: PublishTerms

    /// A channel of that name.
    public init(
        id: String, name: String, streamKey: Secret<String>, profile: LatencyProfile,
        tracks: DeclaredTracks = .videoAndAudio, terms: PublishTerms = PublishTerms()
    ) {
        self.id = id
        self.name = name
        self.streamKey = streamKey
        self.profile = profile
        self.tracks = tracks
        self.terms = terms
    }
}

/// A channel: it outlives its encoders. One lock owns its state; under it the pure machines step, and what they want to
/// be done outside (publishing, logging, telling the publisher) is done after it is released.
public final class Channel: Sendable {
    private struct State {
        var presentation: Presentation?
        var session: FeedSession?
        /// Who publishes; the number tells feeds apart.
        var publisher: (number: Int, publisher: any Publisher)?
        var feeds = 0
        /// The feed whose publisher has left, while the rest of it still comes and its successor has sent nothing.
        var predecessor: Int?
        /// When a sample came in last, or the publisher did.
        var lastArrival = Instant(nanoseconds: 0)
        /// When one came in last that something could be made of.
        var lastUse = Instant(nanoseconds: 0)
        var isStopped = false
    }

    /// What has to be done outside the lock.
    private struct Effects {
        /// The last snapshot of a presentation that has ended.
        var ended: PresentationSnapshot?
        var snapshot: PresentationSnapshot?
        var events: [PresentationEvent] = []
        var clockDrift: Double?
        var publisher: (any Publisher)?
        var isNewPresentation = false
        /// Tracks that viewers do not get.
        var unpublishable: [String] = []
    }

    /// Without a sample for so long, the encoder is silent: a hiccup of the network is over by then.
    private static let silenceLimit = Duration.seconds(2)

    /// What the channel was told about itself.
    public let configuration: ChannelConfiguration
    /// What viewers see and wait for.
    public let output: LiveOutput

    private let state = Mutex(State())
    private let clock: any Clocks
    private let logger: Logger
    private let metrics: ChannelMetrics
    private let writer: WindowWriter?

    /// A channel that has not been on air, or goes on with `presentation`, which another process left. What it publishes is
    /// kept by `writer`, when there is one.
    public init(
        _ configuration: ChannelConfiguration, goingOnWith presentation: Presentation? = nil, waker: Waker,
        writer: WindowWriter? = nil, clock: any Clocks, logger: Logger, registry: MetricsRegistry
    ) {
        self.configuration = configuration
        self.writer = writer
        output = LiveOutput(waker: waker)
        self.clock = clock
        self.logger = logger.with(["channel.id": .public(configuration.id)])
        metrics = ChannelMetrics(registry, channel: configuration.id)
        guard var presentation else { return }
        presentation.passSilence(until: clock.now)
        let effects = state.withLock { state in
            state.presentation = presentation
            return collect(&state, before: nil)
        }
        perform(effects)
        self.logger.info("channel.presentation_restored")
    }

    // MARK: Publishers

    /// Lets `publisher`, who knows the stream key, fill the channel, if nobody else does. A publisher that has fallen
    /// silent gives way: it is the same encoder, most often, whose old connection has not noticed its end. So does one that
    /// has left, but what is left of its feed goes on until the new one sends something.
    func attach(_ publisher: any Publisher) throws(PublishRefusal) -> any Feed {
        let now = clock.now
        let departed = departed
        let attached: (number: Int, replaced: (any Publisher)?, effects: Effects)
        attached = try state.withLock { state throws(PublishRefusal) in
            try checkRoom(state, departed: departed, at: now)
            var replaced = state.publisher?.publisher
            if let number = state.publisher?.number, number == departed, state.predecessor == nil {
                (state.predecessor, replaced) = (number, nil)
            }
            state.feeds += 1
            state.publisher = (state.feeds, publisher)
            state.lastArrival = now
            let effects = state.predecessor == nil ? beginSession(&state, at: now) : Effects()
            return (state.feeds, replaced, effects)
        }
        perform(attached.effects)
        if let replaced = attached.replaced {
            logger.warning("channel.publisher_replaced")
            replaced.disconnect(reason: "You fell silent or left, and another encoder with your stream key took over")
        }
        metrics.isOnAir.set(1)
        return ChannelFeed(channel: self, number: attached.number)
    }

    /// Throws when nobody could be let in now.
    func checkRoom() throws(PublishRefusal) {
        let departed = departed
        try state.withLock { state throws(PublishRefusal) in try checkRoom(state, departed: departed, at: clock.now) }
    }

    /// The number of the feed whose publisher has left. Asked for without the lock: publishers have locks of their own.
    private var departed: Int? {
        state.withLock { $0.publisher }.flatMap { $0.publisher.hasLeft ? $0.number : nil }
    }

    private func checkRoom(_ state: State, departed: Int?, at now: Instant) throws(PublishRefusal) {
        guard !state.isStopped else { throw PublishRefusal(.shuttingDown, "The server is shutting down") }
        guard let publisher = state.publisher, publisher.number != departed else { return }
        guard now - state.lastArrival >= Self.silenceLimit else {
            throw PublishRefusal(.busy, "Somebody else is publishing to \(configuration.id) at the moment")
        }
    }

    fileprivate func receive(_ event: FeedEvent, from feed: Int, arrival: Instant) {
        var succession: Effects?
        let effects = state.withLock { state -> Effects in
            if state.publisher?.number == feed {
                if state.predecessor != nil { succession = beginSession(&state, at: arrival) }
                state.lastArrival = arrival
            } else if state.predecessor != feed {
                return Effects()
            }
            let actions = step(&state) { $0.take(event, arrival: arrival) }
            if !actions.isEmpty { state.lastUse = arrival }
            return perform(actions, arrival, &state)
        }
        if let succession { perform(succession) }
        perform(effects, arrival: arrival)
    }

    fileprivate func detach(_ feed: Int) {
        let effects = state.withLock { state -> Effects? in
            if state.predecessor == feed {
                let effects = beginSession(&state, at: clock.now)
                if state.publisher == nil { state.session = nil }
                return effects
            }
            guard state.publisher?.number == feed else { return nil }
            state.publisher = nil
            metrics.isOnAir.set(0)
            guard state.predecessor == nil else { return nil }
            let effects = beginSession(&state, at: clock.now)
            state.session = nil
            return effects
        }
        if let effects { perform(effects) }
    }

    /// Does what time alone brings: an encoder that has fallen silent is left behind, and silence is published at the
    /// pace of the clock. To be called many times a second.
    func tick() {
        let now = clock.now
        let effects = state.withLock { state -> Effects in
            guard !state.isStopped else { return Effects() }
            let held = step(&state) { $0.settle(at: now) }
            if !held.isEmpty { return perform(held, now, &state) }
            let before = state.presentation?.version
            if state.session != nil, now - state.lastUse >= Self.silenceLimit {
                if state.session?.isRunning == true { state.session?.restart() }
                state.presentation?.interrupt()
            }
            // A process that stood still has much to pass at once: what is kept must be known before it leaves.
            release(&state)
            state.presentation?.passSilence(until: now)
            return collect(&state, before: before)
        }
        perform(effects)
        output.forgetEnded(at: now)
    }

    /// Ends all waits; the presentation stays as it is, without ENDLIST, for it will go on.
    public func stop() {
        state.withLock { $0.isStopped = true }
        output.close()
    }

    // MARK: Under the lock

    private func perform(_ actions: [FeedSession.Action], _ arrival: Instant, _ state: inout State) -> Effects {
        var effects = Effects()
        var before = state.presentation?.version
        for action in actions {
            switch action {
            case .begin(let start):
                if !begin(start, in: &state.presentation) {
                    // The first run, or tracks that clients of the presentation do not know: it ends, another begins.
                    state.presentation?.end()
                    effects.ended = state.presentation?.snapshot
                    var next: Presentation? = Presentation(
                        id: Random.identifier(), profile: configuration.profile,
                        wallStart: clock.wallTime + (start.arrival - clock.now), start: start.arrival)
                    _ = begin(start, in: &next)
                    state.presentation = next
                    // It may have the version that the one before it had: each counts its own changes.
                    before = nil
                    effects.isNewPresentation = true
                }
            case .video(let sample):
                let isTaken = state.presentation?.appendVideo(sample, arrival: arrival) ?? false
                if !isTaken { metrics.droppedSamples.increment() }
            case .audio(let sample, let track):
                state.presentation?.appendAudio(sample, track: track, arrival: arrival)
            case .metadata(let item):
                if state.presentation?.append(item) != true { metrics.droppedSamples.increment() }
            case .splice(let cue):
                if state.presentation?.append(cue) != true { metrics.droppedSamples.increment() }
            case .withdraw(let track): state.presentation?.withdrawAudio(track: track)
            case .unpublishable(let name): effects.unpublishable.append(name)
            }
        }
        let collected = collect(&state, before: before)
        effects.snapshot = collected.snapshot
        effects.events = collected.events
        effects.clockDrift = collected.clockDrift
        effects.publisher = collected.publisher
        return effects
    }

    /// What came before ends; what comes now is of another feed.
    private func beginSession(_ state: inout State, at now: Instant) -> Effects {
        let before = state.presentation?.version
        state.presentation?.interrupt()
        state.session = FeedSession(configuration.tracks)
        state.predecessor = nil
        state.lastUse = now
        return collect(&state, before: before)
    }

    /// Lets the session do something, and counts what it drops thereby.
    private func step(_ state: inout State, _ take: (inout FeedSession) -> [FeedSession.Action]) -> [FeedSession.Action]
    {
        guard var session = state.session.take() else { return [] }
        let before = session.droppedSamples
        let actions = take(&session)
        if session.droppedSamples > before { metrics.droppedSamples.increment(by: session.droppedSamples - before) }
        state.session = session
        return actions
    }

    private func begin(_ start: FeedSession.RunStart, in presentation: inout Presentation?) -> Bool {
        presentation?.beginRun(
            tracks: start.tracks, sourceStart: start.sourceStart, now: start.arrival, continues: start.continues,
            expectsSound: configuration.tracks.hasAudio, expectsPicture: configuration.tracks.hasVideo) ?? false
    }

    private func collect(_ state: inout State, before: Int64?) -> Effects {
        var effects = Effects()
        guard let presentation = state.presentation else { return effects }
        if presentation.version != before {
            release(&state)
            effects.snapshot = state.presentation?.snapshot
            effects.clockDrift = presentation.clockDrift
        }
        effects.events = state.presentation?.takeEvents() ?? []
        effects.publisher = state.publisher?.publisher
        return effects
    }

    /// Lets go of the media that are kept by now.
    private func release(_ state: inout State) {
        guard let writer, let id = state.presentation?.id else { return }
        state.presentation?.releaseMedia(before: writer.ends(of: id))
    }

    // MARK: Outside the lock

    private func perform(_ effects: Effects, arrival: Instant? = nil) {
        if effects.isNewPresentation {
            metrics.isSilent.set(0)
            logger.info("channel.presentation_started")
        }
        for name in effects.unpublishable {
            logger.warning(
                "channel.track_not_published",
                ["codec": .public(name), "hint": .public("let the encoder send H.264 or HEVC, and AAC")])
        }
        if let ended = effects.ended {
            writer?.keep(ended, of: configuration.id)
            output.end(ended, forgetAt: clock.now + ended.timeToRead)
        }
        if let snapshot = effects.snapshot {
            writer?.keep(snapshot, of: configuration.id)
            output.publish(snapshot)
            metrics.publications.increment()
            if let drift = effects.clockDrift { metrics.clockDrift.set(drift) }
            if let arrival { metrics.publishDelay.observe(clock.now - arrival) }
        }
        for event in effects.events { report(event, to: effects.publisher) }
    }

    private func report(_ event: PresentationEvent, to publisher: (any Publisher)?) {
        switch event {
        case .segmentWithoutKeyFrame(let sequenceNumber):
            metrics.segmentsWithoutKeyFrame.increment()
            let target = configuration.profile.targetDuration
            // Told once in a while, not for every segment.
            guard sequenceNumber % 10 == 0 || metrics.segmentsWithoutKeyFrame.value == 1 else { return }
            logger.warning("channel.keyframe_interval_too_long", ["target.seconds": .public(target)])
            publisher?.warn(
                code: "NetStream.Publish.KeyframeInterval",
                description: "No key frame within \(target) seconds: set the encoder's keyframe interval to 2 seconds")
        case .trackStalled(let rendition):
            logger.warning("channel.track_stalled", ["rendition": .public(rendition)])
        case .silenceBegan:
            metrics.isSilent.set(1)
            logger.warning("channel.silence_began")
        case .silenceEnded(let length):
            metrics.isSilent.set(0)
            logger.info("channel.silence_ended", ["seconds": .public(length.seconds)])
        }
    }
}

/// An accepted publisher's way into its channel.
private struct ChannelFeed: Feed {
    let channel: Channel
    let number: Int

    var channelID: String { channel.configuration.id }
    var terms: PublishTerms { channel.configuration.terms }

    func receive(_ event: FeedEvent, arrival: Instant) { channel.receive(event, from: number, arrival: arrival) }

    func end() { channel.detach(number) }
}
