internal import FFmpeg
internal import Locks
internal import Media
internal import Packaging
internal import Telemetry
internal import Time
internal import Transcoding

extension Channel {
    /// Has a slate made for what is expected to come, where it is to be shown before anything has.
    func orderFirstSlate() {
        guard configuration.slate?.isFirst == true else { return }
        let tracks = state.withLock { $0.slates.order(like: configuration.expectedTracks) }
        if let tracks { orderSlate(like: tracks) }
    }

    /// Has a slate made for those tracks.
    func orderSlate(like tracks: [Track]) {
        guard let studio, let rules = configuration.slate else { return }
        let duration = OutputProfile.passthrough.keyFrameInterval(for: configuration.profile)
        studio.order(by: configuration.id, rules.picture, like: tracks, duration: duration) { [weak self] result in
            switch result {
            case .success(let groups): self?.take(groups, for: tracks, by: rules)
            case .failure(let error):
                self?.logger.warning("channel.slate_missing", ["error": .public(error.description)])
            }
        }
    }

    /// Shows `groups` while nothing comes, as long as what is published has these `tracks`.
    private func take(_ groups: [StillGroup], for tracks: [Track], by rules: SlateRules) {
        let effects = state.withLock { state -> ChannelEffects? in
            guard !state.isStopped, state.slates.take(groups, for: tracks, after: rules.patience) else { return nil }
            return collect(&state) { state, effects in
                if state.presentation == nil, rules.isFirst {
                    state.presentation = newPresentation(from: clock.now)
                    effects.isNewPresentation = true
                }
                state.presentation?.slate = state.slates.slate
                if effects.isNewPresentation {
                    _ = state.presentation?.beginWithSlate(expectsSound: configuration.tracks.hasAudio)
                }
            }
        }
        if let effects { perform(effects) }
    }
}
