internal import Crypto
internal import Ingest
internal import Media
public import Packaging
public import Publishing
internal import Locks
public import Telemetry
public import Time
public import Transcoding

/// A channel: it outlives its encoders. One lock owns its state; under it the pure machines step, and what they want to
/// be done outside (publishing, logging, telling the publisher) is done after it is released.
public final class Channel: Sendable {
    struct State {
        var presentation: Presentation?
        var session: FeedSession?
        var inputs = InputPlaces()
        /// The input on the air.
        var selected = ChannelInput.primary
        /// Decides about that; nothing where there is no backup.
        var inputSwitch: InputSwitch?
        var feeds = 0
        /// When the session began; nothing when it was said which tracks it lacks.
        var sessionBegan: Instant?
        var slates = SlateBook()
        /// When a sample came in last that something could be made of.
        var lastUse = Instant(nanoseconds: 0)
        var isStopped = false
    }

    /// When a track has not come for so long, the broadcaster may have forgotten it.
    private static let trackPatience = Duration.seconds(5)
    /// Without a sample for so long, the encoder is silent: a hiccup of the network is over by then.
    private static let silenceLimit = Duration.seconds(2)

    /// What the channel was told about itself.
    public let configuration: ChannelConfiguration
    /// What viewers see and wait for.
    public let output: LiveOutput

    let state: Mutex<State>
    let clock: any Clocks
    let logger: Logger
    let metrics: ChannelMetrics
    let writer: WindowWriter?
    let studio: SlateStudio?
    /// Nothing where viewers get what comes as it comes.
    private let transcoder: Transcoder?

    /// A channel that has not been on air, or goes on with `presentation`, which another process left. What it publishes is
    /// kept by `writer`, when there is one, and what it shows while nothing comes is made in `studio`.
    public init(
        _ configuration: ChannelConfiguration, goingOnWith presentation: Presentation? = nil, waker: Waker,
        writer: WindowWriter? = nil, studio: SlateStudio? = nil, clock: any Clocks, logger: Logger,
        registry: MetricsRegistry
    ) {
        self.configuration = configuration
        (self.writer, self.studio) = (writer, studio)
        output = LiveOutput(waker: waker)
        self.clock = clock
        self.logger = logger.with(["channel.id": .public(configuration.id)])
        metrics = ChannelMetrics(registry, channel: configuration.id)
        state = Mutex(State(inputSwitch: configuration.backup.map { InputSwitch($0.rules) }))
        transcoder =
            configuration.output == .passthrough
            ? nil
            : Transcoder(
                configuration.output, latency: configuration.profile, slate: configuration.slate,
                journal: TranscoderJournal(
                    logger: self.logger, metrics: TranscoderMetrics(registry, channel: configuration.id), clock: clock))
        transcoder?.start { [weak self] step, arrival in self?.publish(step, arrival) }
        guard var presentation else {
            orderFirstSlate()
            return
        }
        presentation.passSilence(until: clock.now)
        let effects = state.withLock { state in
            collect(&state) { state, effects in
                effects.slateOrder = state.slates.order(like: presentation.videoTracks)
                state.presentation = presentation
            }
        }
        perform(effects)
        self.logger.info("channel.presentation_restored")
    }

    // MARK: Publishers

    /// Lets `publisher`, who knows the stream key of `input`, fill that, if nobody else does. A publisher that has fallen
    /// silent gives way: it is the same encoder, most often, whose old connection has not noticed its end. So does one that
    /// has left, but what is left of its feed goes on until the new one sends something; and each one where takeovers are
    /// allowed.
    func attach(_ publisher: any Publisher, to input: ChannelInput) throws(PublishRefusal) -> any Feed {
        let now = clock.now
        let departed = departed(from: input)
        let attached: (number: Int, replaced: (any Publisher)?, effects: ChannelEffects)
        attached = try state.withLock { state throws(PublishRefusal) in
            let isTakeover = try checkRoom(state, input, departed: departed, at: now) == .takeover
            if isTakeover { state.inputs[input].takeovers.note(at: now) }
            var replaced = state.inputs[input].publisher?.publisher
            if let number = state.inputs[input].publisher?.number, number == departed,
                state.inputs[input].predecessor == nil
            {
                (state.inputs[input].predecessor, replaced) = (number, nil)
            }
            state.feeds += 1
            state.inputs[input].publisher = (state.feeds, publisher)
            state.inputs[input].lastArrival = now
            let effects =
                state.inputs[input].predecessor == nil ? beginFeed(of: input, &state, at: now) : ChannelEffects()
            return (state.feeds, replaced, effects)
        }
        perform(attached.effects)
        if let replaced = attached.replaced {
            logger.warning("channel.publisher_replaced", ["input": .public(input.rawValue)])
            replaced.disconnect(reason: "Another encoder with your stream key took over")
        }
        metrics.isOnAir.set(1)
        return ChannelFeed(channel: self, input: input, number: attached.number)
    }

    /// Throws when nobody could be let in to `input` now.
    func checkRoom(for input: ChannelInput) throws(PublishRefusal) {
        let departed = departed(from: input)
        try state.withLock { state throws(PublishRefusal) in
            _ = try checkRoom(state, input, departed: departed, at: clock.now)
        }
    }

    /// The number of the feed whose publisher has left. Asked for without the lock: publishers have locks of their own.
    private func departed(from input: ChannelInput) -> Int? {
        state.withLock { $0.inputs[input].publisher }.flatMap { $0.publisher.hasLeft ? $0.number : nil }
    }

    /// What a new publisher finds in an input.
    private enum Room {
        case free
        /// Somebody who sends, and has to go.
        case takeover
    }

    private func checkRoom(
        _ state: State, _ input: ChannelInput, departed: Int?, at now: Instant
    ) throws(PublishRefusal) -> Room {
        guard !state.isStopped else { throw PublishRefusal(.shuttingDown, "The server is shutting down") }
        let place = state.inputs[input]
        guard let publisher = place.publisher, publisher.number != departed,
            now - place.lastArrival < Self.silenceLimit
        else { return .free }
        switch configuration.secondPublisher {
        case .takeover where place.takeovers.allows(at: now): return .takeover
        case .takeover:
            throw PublishRefusal(
                .busy, "Encoders have taken \(configuration.id) from each other too often; the one there now stays")
        case .reject:
            throw PublishRefusal(.busy, "Somebody else is publishing to \(configuration.id) at the moment")
        }
    }

    func receive(_ event: FeedEvent, from feed: Int, arrival: Instant) {
        let effects = state.withLock { state -> [ChannelEffects] in
            guard let input = state.inputs.input(filledBy: feed) else { return [] }
            var effects: [ChannelEffects] = []
            if state.inputs[input].publisher?.number == feed {
                if state.inputs[input].predecessor != nil {
                    effects.append(beginFeed(of: input, &state, at: arrival))
                }
                // What was kept while somebody was asked has arrived before its publisher was let in.
                state.inputs[input].lastArrival = max(state.inputs[input].lastArrival, arrival)
            }
            state.inputs[input].meter?.note(event, arrival: arrival)
            if state.inputSwitch != nil, let change = watch(event, of: input, &state, arrival) {
                return effects + [change]
            }
            if input == state.selected { effects.append(take(event, &state, arrival)) }
            return effects
        }
        for effects in effects { perform(effects, arrival: effects.change == nil ? arrival : nil) }
    }

    private func take(_ event: FeedEvent, _ state: inout State, _ arrival: Instant) -> ChannelEffects {
        collect(&state) { state, effects in take(event, &state, arrival, into: &effects) }
    }

    func take(
        _ event: FeedEvent, _ state: inout State, _ arrival: Instant, into effects: inout ChannelEffects
    ) {
        let actions = step(&state) { $0.take(event, arrival: arrival) }
        if !actions.isEmpty { state.lastUse = max(state.lastUse, arrival) }
        perform(actions, arrival, &state, into: &effects)
    }

    func detach(_ feed: Int) {
        let now = clock.now
        let effects = state.withLock { state -> ChannelEffects? in
            guard let input = state.inputs.input(filledBy: feed) else { return nil }
            if state.inputs[input].predecessor == feed {
                state.inputs[input].predecessor = nil
            } else {
                state.inputs[input].publisher = nil
                if !state.inputs.hasPublisher { metrics.isOnAir.set(0) }
                guard state.inputs[input].predecessor == nil else { return nil }
            }
            state.inputs[input].beginFeed(at: now, group: group)
            if let change = changeInput(&state, at: now) { return change }
            guard input == state.selected else { return nil }
            return collect(&state) { state, effects in beginSession(&state, at: now, into: &effects) }
        }
        if let effects { perform(effects) }
    }

    /// How the feed to `input` does.
    func report(on input: ChannelInput) -> FeedReport {
        let now = clock.now
        return state.withLock { state in
            state.inputs[input].meter?.report(
                at: now, configuration: configuration, input: input, isOnAir: input == state.selected)
                ?? FeedReport(
                    channel: configuration.id, name: configuration.name, profile: configuration.profile, input: input,
                    state: .absent)
        }
    }

    /// Does what time alone brings: an encoder that has fallen silent is left behind, and silence is published at the
    /// pace of the clock. To be called many times a second.
    func tick() {
        let now = clock.now
        let effects = state.withLock { state -> ChannelEffects in
            guard !state.isStopped else { return ChannelEffects() }
            if let change = changeInput(&state, at: now) { return change }
            let held = step(&state) { $0.settle(at: now) }
            if !held.isEmpty { return collect(&state) { perform(held, now, &$0, into: &$1) } }
            var effects = collect(&state) { state, effects in
                if now - state.lastUse >= Self.silenceLimit {
                    if state.session?.isRunning == true { state.session?.restart() }
                    hand(.interrupt, now, &state, into: &effects)
                }
                // A process that stood still has much to pass at once: what is kept must be known before it leaves.
                release(&state)
                state.presentation?.passSilence(until: now)
            }
            if let began = state.sessionBegan, now - began >= Self.trackPatience, state.session?.isRunning == true {
                effects.missingTrack = state.session?.missingTrack
                state.sessionBegan = nil
            }
            return effects
        }
        perform(effects)
        output.forgetEnded(at: now)
    }

    /// Ends all waits; the presentation stays as it is, without ENDLIST, for it will go on.
    public func stop() {
        transcoder?.stop()
        state.withLock { $0.isStopped = true }
        output.close()
    }

    // MARK: Under the lock

    private func perform(
        _ actions: [FeedSession.Action], _ arrival: Instant, _ state: inout State, into effects: inout ChannelEffects
    ) {
        for action in actions {
            switch action {
            case .media(let step): hand(step, arrival, &state, into: &effects)
            case .keyFrameMissing: effects.isKeyFrameMissing = true
            case .unpublishable(let name): effects.unpublishable.append(name)
            case .tooManyTracks: effects.hasTooManyTracks = true
            }
        }
    }

    /// Hands what came in on to the transcoder, or publishes it where there is none.
    private func hand(
        _ step: MediaStep, _ arrival: Instant, _ state: inout State, into effects: inout ChannelEffects
    ) {
        guard let transcoder else { return publish(step, arrival, &state, into: &effects) }
        transcoder.take(step, arrival: arrival)
    }

    /// Publishes what the transcoder has made.
    private func publish(_ step: MediaStep, _ arrival: Instant) {
        let effects = state.withLock { state in
            collect(&state) { state, effects in publish(step, arrival, &state, into: &effects) }
        }
        perform(effects, arrival: arrival)
    }

    private func publish(
        _ step: MediaStep, _ arrival: Instant, _ state: inout State, into effects: inout ChannelEffects
    ) {
        guard case .begin(let start) = step else {
            if state.presentation?.take(step, arrival: arrival) == false { metrics.droppedSamples.increment() }
            return
        }
        if state.presentation?.begin(start, expecting: configuration.tracks) != true {
            // The first run, or tracks that clients of the presentation do not know: it ends, another begins.
            effects.events += state.presentation?.takeEvents() ?? []
            state.presentation?.end()
            effects.ended = state.presentation?.snapshot
            var next = newPresentation(from: start.arrival)
            _ = next.begin(start, expecting: configuration.tracks)
            state.presentation = next
            effects.isNewPresentation = true
        }
        effects.slateOrder = state.slates.order(like: start.tracks.filter(\.isVideo)) ?? effects.slateOrder
        state.presentation?.slate = state.slates.slate
    }

    func newPresentation(from start: Instant) -> Presentation {
        Presentation(
            id: Random.identifier(), profile: configuration.profile, wallStart: clock.wallTime + (start - clock.now),
            start: start)
    }

    /// What came before ends; what comes now is of another feed.
    func beginSession(
        _ state: inout State, at now: Instant, patience: MediaTime = FeedSession.patience,
        into effects: inout ChannelEffects
    ) {
        hand(.interrupt, now, &state, into: &effects)
        state.session = FeedSession(configuration.tracks, patience: patience)
        (state.lastUse, state.sessionBegan) = (now, now)
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

    /// Changes the state, and says what has to be done outside because of that.
    func collect(
        _ state: inout State, _ change: (inout State, inout ChannelEffects) -> Void
    ) -> ChannelEffects {
        var effects = ChannelEffects()
        let before = state.presentation?.version
        change(&state, &effects)
        effects.publisher = state.inputs[state.selected].publisher?.publisher
        // Another presentation may have the version that the one before it had: each counts its own changes.
        if effects.isNewPresentation || state.presentation?.version != before {
            release(&state)
            effects.snapshot = state.presentation?.snapshot
            effects.clockDrift = state.presentation?.clockDrift
        }
        effects.events += state.presentation?.takeEvents() ?? []
        return effects
    }

    /// Lets go of the media that are kept by now.
    private func release(_ state: inout State) {
        guard let writer, let id = state.presentation?.id else { return }
        state.presentation?.releaseMedia(before: writer.ends(of: id))
    }
}
