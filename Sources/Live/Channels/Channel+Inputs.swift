internal import Ingest
internal import Media
internal import Packaging
internal import Time

/// Which of its inputs a channel shows, under its lock.
extension Channel {
    /// What is held of an input, before anything came.
    var group: HeldGroup? {
        configuration.backup.map { _ in
            HeldGroup(
                configuration.tracks, longest: .milliseconds(Int64(configuration.profile.targetDuration) * 1000),
                enough: configuration.profile.partTarget)
        }
    }

    /// What comes to `input` from now on is of another feed.
    func beginFeed(of input: ChannelInput, _ state: inout State, at now: Instant) -> ChannelEffects {
        state.inputs[input].predecessor = nil
        state.inputs[input].beginFeed(at: now, group: group)
        guard input == state.selected else { return ChannelEffects() }
        return collect(&state) { state, effects in beginSession(&state, at: now, into: &effects) }
    }

    /// Takes note of what came to `input`, and changes inputs where that is the thing to do: then `event` is done with.
    func watch(
        _ event: FeedEvent, of input: ChannelInput, _ state: inout State, _ arrival: Instant
    ) -> ChannelEffects? {
        state.inputs[input].health.note(event, arrival: arrival)
        let isKeyFrame = state.inputs[input].group?.take(event, arrival: arrival) ?? false
        return isKeyFrame ? changeInput(&state, at: arrival, atKeyFrame: input) : nil
    }

    /// Changes to the other input, where that is the thing to do at `now`. What is held of it is published as one: viewers
    /// are told once.
    func changeInput(
        _ state: inout State, at now: Instant, atKeyFrame: ChannelInput? = nil
    ) -> ChannelEffects? {
        guard
            let change = state.inputSwitch?.decide(
                at: now, primary: state.inputs.primary.health, backup: state.inputs.backup.health,
                ready: state.inputs.ready, atKeyFrame: atKeyFrame)
        else { return nil }
        state.selected = change.input
        var input = state.inputs[change.input]
        if change.fault == nil { input.group?.forgetOlderGroups() }
        let isKnown = input.health.hasLasted(FeedSession.patience, at: now)
        var effects = collect(&state) { state, effects in
            beginSession(&state, at: now, patience: isKnown ? .zero : FeedSession.patience, into: &effects)
            for (event, arrival) in input.group?.contents ?? [] { take(event, &state, arrival, into: &effects) }
        }
        effects.change = change
        return effects
    }
}
