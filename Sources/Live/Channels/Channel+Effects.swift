internal import Ingest
internal import Media
internal import Packaging
internal import Publishing
internal import Telemetry
internal import Time

/// What a channel has to do outside of its lock.
struct ChannelEffects {
    /// The last snapshot of a presentation that has ended.
    var ended: PresentationSnapshot?
    var snapshot: PresentationSnapshot?
    var events: [PresentationEvent] = []
    var clockDrift: Double?
    var publisher: (any Publisher)?
    var isNewPresentation = false
    var isKeyFrameMissing = false
    /// The codecs of tracks that viewers do not get.
    var unpublishable: [String] = []
    var hasTooManyTracks = false
    /// A track that the channel has, and the feed has not.
    var missingTrack: DeclaredTracks?
    /// The tracks of pictures for which a slate is to be made.
    var slateOrder: [Track]?
    /// The other input is on the air from now on.
    var change: InputSwitch.Change?
}

extension Channel {
    /// Does them: what came in at `arrival` is why.
    func perform(_ effects: ChannelEffects, arrival: Instant? = nil) {
        if let change = effects.change { report(change) }
        if let tracks = effects.slateOrder { orderSlate(like: tracks) }
        if effects.isNewPresentation {
            metrics.isSilent.set(0)
            metrics.showsSlate.set(0)
            logger.info("channel.presentation_started")
        }
        if effects.isKeyFrameMissing {
            let hint = "set the encoder's keyframe interval to 2 seconds"
            logger.warning("channel.keyframe_missing", ["hint": .public(hint)])
            effects.publisher?.warn(
                code: "NetStream.Publish.KeyframeInterval", description: "No key frame has come: \(hint)")
        }
        for name in effects.unpublishable {
            logger.warning(
                "channel.track_not_published",
                ["codec": .public(name), "hint": .public("let the encoder send H.264 or HEVC, and AAC")])
        }
        if effects.hasTooManyTracks {
            logger.warning(
                "channel.track_not_published",
                ["hint": .public("only the first \(FeedSession.audioLimit) tracks of sound are taken")])
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
        if let missing = effects.missingTrack {
            let (lacking, present) = missing == .video ? ("picture", "audio") : ("sound", "video")
            logger.warning(
                "channel.track_missing",
                [
                    "track": .public(missing.rawValue),
                    "hint": .public("where that is meant, set the channel's tracks to \(present)"),
                ])
            effects.publisher?.warn(
                code: "NetStream.Publish.TrackMissing", description: "No \(lacking) has come for five seconds")
        }
        for event in effects.events { report(event, to: effects.publisher) }
    }

    private func report(_ change: InputSwitch.Change) {
        let reason = change.fault?.code ?? "primary_is_back"
        metrics.inputSwitches.child(configuration.id, reason).increment()
        for input in ChannelInput.allCases {
            metrics.inputs.child(configuration.id, input.rawValue).set(input == change.input ? 1 : 0)
        }
        logger.warning(
            "channel.input_switched",
            [
                "from": .public(change.input.other.rawValue), "to": .public(change.input.rawValue),
                "reason": .public(reason),
            ])
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
        case .slateBegan:
            metrics.showsSlate.set(1)
            logger.warning("channel.slate_began")
        case .slateEnded(let length):
            metrics.showsSlate.set(0)
            logger.info("channel.slate_ended", ["seconds": .public(length.seconds)])
        }
    }
}
