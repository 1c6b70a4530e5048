internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// A run of samples on its way to be published otherwise than it comes. For one thread.
///
/// Its beginning waits until the first pictures are decoded: only then it is known what is made of them. Where all pictures
/// are encoded, and something is to be seen between two sources, the run goes on without one: the last picture is shown
/// again and again, after a while a card, and nothing is heard. The next source goes on where the clock says, with the same
/// encoders, unless there is room in its pictures for more than viewers have, or its colours mean something else: then
/// another run begins.
final class TranscodingRun {
    private let plan: TranscodingPlan
    private let deliver: @Sendable (MediaStep, Instant) -> Void
    /// The source that is to be seen next.
    private var incoming: IncomingSource?
    /// The pictures of the source that is seen; nothing where they are not decoded.
    private var pictures: PictureSource?
    /// Nothing where pictures go out as they come, or there are none.
    private var ladder: LadderOutput?
    /// Nothing where sound goes out as it comes.
    private var sound: SoundStage?
    private var layout = SoundLayout([], nil)
    /// The sounds that the source brings, as places among those of the first.
    private var heard: [Int?] = []
    private var hasBegun = false
    /// How much later than the source says everything is shown.
    private var shift = MediaTime.zero
    private var clock = PictureClock()
    /// What is shown while there are no pictures of a source.
    private var bridge: Bridge?

    init(
        _ start: RunStart, _ plan: TranscodingPlan, deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) {
        (self.plan, self.deliver) = (plan, deliver)
        begin(start)
    }

    // MARK: Sources

    /// A source begins, or the one before with other tracks.
    func begin(_ start: RunStart) {
        endIncoming()
        leaveSource()
        if start.continues ? !goesOn : !goesOnAlone { close() } else if !start.continues { beginBridge() }
        let source = IncomingSource(start, plan)
        incoming = source
        if source.pictures == nil { takeOver() }
    }

    /// The source has gone at `arrival`. Where nothing can go on without it the run ends.
    func interrupt(at arrival: Instant) {
        endIncoming()
        leaveSource()
        guard goesOnAlone else { return end(at: arrival) }
        beginBridge()
        goOn(until: arrival)
    }

    /// Waits until all that was taken has been delivered.
    func finish() {
        endIncoming()
        leaveSource()
        close()
    }

    /// What is waited for of a source will not come: what there is of it begins a run, where there is none yet.
    private func endIncoming() {
        if !hasBegun, incoming != nil { takeOver() }
        incoming = nil
    }

    /// Nothing more comes of the source that is seen.
    private func leaveSource() {
        if let pictures {
            for picture in pictures.rest() { show(picture) }
            pictures.passage?.releaseAll(deliver)
        }
        pictures = nil
        sound?.pause()
        heard = []
    }

    /// True where the run outlives what a source sends.
    private var goesOn: Bool { ladder != nil && !plan.profile.isMixed && layout.canBeSilent }

    /// True where it outlives the source.
    private var goesOnAlone: Bool { goesOn && plan.slate != nil }

    // MARK: Taking over

    /// Enough is known of the source that has come: it is seen from here on.
    private func takeOver() {
        guard let source = incoming.take() else { return }
        if !goOn(with: source) { open(source) }
        let isSeen = ladder != nil || plan.profile.isMixed && !source.held.isEmpty
        pictures = isSeen ? source.pictures : nil
        for (step, arrival) in source.waiting { pass(step, arrival) }
        if ladder == nil { pictures?.passage?.releaseAsItCame(deliver) } else { source.held.forEach(show) }
        release()
    }

    /// Goes on with `source` in the same run. False where that cannot be.
    private func goOn(with source: IncomingSource) -> Bool {
        let start = source.start
        guard goesOn, bridge != nil || start.continues, let ladder, let last = ladder.last,
            source.held.isEmpty || ladder.fits(source),
            let places = layout.places(of: source.sounds, continues: start.continues)
        else { return false }
        if bridge != nil {
            let due = clock.place(at: start.arrival) ?? last + ladder.distance
            guard due - last <= Bridge.longest else { return false }
            // In step with what is shown now, so that no picture is shown for a moment only.
            let steps = ((due - last).seconds / ladder.distance.seconds).rounded()
            let place = last + ladder.distance * Int64(steps)
            shift = (place - start.sourceStart).converted(to: start.sourceStart.timescale, rounding: .up)
            deliver(.source(at: place), start.arrival)
        }
        heard = places
        sound?.change(to: source.sounds, at: places)
        return true
    }

    /// Begins a run with `source`, behind the one before.
    private func open(_ source: IncomingSource) {
        if !source.start.continues || !hasBegun { shift = .zero }
        close()
        (hasBegun, clock) = (true, PictureClock())
        var run = source.start
        run.sourceStart += shift
        layout = SoundLayout(source.sounds, plan.profile.audio)
        heard = Array(layout.sources.indices)
        var tracks = plan.profile.encodesPictures ? [] : source.start.tracks.filter(\.isVideo)
        if plan.profile.encodesPictures {
            openLadder(source)
            tracks = (source.pictures?.passage).map { [$0.track] } ?? []
            if source.held.isEmpty { tracks = [] }
            if let ladder {
                tracks += ladder.tracks
                run.sourceStart = run.sourceStart.converted(to: ladder.timescale, rounding: .down)
            }
        }
        if layout.encodes || goesOn, !source.sounds.isEmpty {
            sound = SoundStage(
                layout, plan.journal, start: run.sourceStart, isBridged: goesOn, deliver: deliver)
            run.soundDelay = plan.profile.audio?.delay ?? .zero
        }
        run.tracks = tracks + (sound?.tracks ?? source.sounds)
        if !run.tracks.isEmpty { deliver(.begin(run), run.arrival) }
    }

    private func openLadder(_ source: IncomingSource) {
        let passed = source.pictures?.passage == nil ? 0 : 1
        ladder = LadderOutput(source, plan, shift: shift, from: passed, deliver: deliver)
        guard let made = ladder else { return }
        plan.journal.began((passed > 0 ? ["source"] : []) + made.names)
        if made.tracks.isEmpty { ladder = nil }
    }

    /// Ends the run: all that was taken is delivered.
    private func close() {
        endBridge(at: plan.journal.clock.now)
        ladder?.finish()
        sound?.finish()
        (ladder, sound, layout, hasBegun) = (nil, nil, SoundLayout([], nil), false)
    }

    private func end(at arrival: Instant) {
        close()
        deliver(.interrupt, arrival)
    }

    // MARK: What comes of a source

    /// Takes what comes next.
    func take(_ step: MediaStep, _ arrival: Instant) {
        if incoming != nil {
            if incoming?.take(step, arrival) == true { takeOver() }
            return
        }
        guard case .video(let sample, _) = step, plan.profile.encodesPictures else { return pass(step, arrival) }
        guard let pictures else { return }
        // A source that is smaller than all rungs is published as it comes, and nothing else is.
        guard ladder != nil else { return deliver(step, arrival) }
        pictures.skipsUnreferenced = ladder?.skipsUnreferenced ?? false
        for picture in pictures.take(sample, arrival: arrival) { show(picture) }
        release()
    }

    /// Samples of pictures are missing.
    func lose() {
        guard incoming == nil else {
            incoming?.lose()
            return
        }
        guard let pictures else { return }
        for picture in pictures.rest() { show(picture) }
        pictures.passage?.releaseAll(deliver)
        pictures.lose()
        ladder?.lose()
    }

    private func pass(_ step: MediaStep, _ arrival: Instant) {
        let step = shift.value == 0 ? step : step.moved(by: shift)
        switch step {
        case .audio(let sample, let track):
            guard let sound else { return deliver(step, arrival) }
            sound.take(sample, track: track, arrival: arrival)
        case .withdrawAudio(let track):
            guard let sound else { return deliver(step, arrival) }
            sound.withdraw(track, at: arrival)
            if heard.indices.contains(track) { heard[track] = nil }
        case .splice(let cue):
            ladder?.splice(at: cue.time)
            deliver(step, arrival)
        default: deliver(step, arrival)
        }
    }

    private func show(_ picture: PictureSource.Picture) {
        guard let ladder else { return }
        var time = picture.frame.presentationTime + shift
        if bridge != nil, let last = ladder.last {
            // What viewers had before is not shown again.
            guard time > last else { return }
            fill(until: time - ladder.distance)
            endBridge(at: picture.arrival)
            clock = PictureClock()
        }
        clock.note(time, arrival: picture.arrival)
        if plan.profile.frameDistance != nil, let last = ladder.last {
            let count = ((time - last).seconds / ladder.distance.seconds).rounded()
            guard count >= 1 else { return }
            if time - last <= Bridge.longest {
                for _ in 1..<Int(count) { ladder.goOn(arrival: picture.arrival) }
            }
            time = last + ladder.distance * Int64(count)
        }
        let isKey = ladder.encode(picture.frame, at: time, arrival: picture.arrival, isSync: picture.key != nil)
        if let key = picture.key { pictures?.passage?.decide(key, isKey: isKey) }
        silence(until: time + ladder.distance, arrival: picture.arrival)
    }

    private func release() {
        if ladder != nil { pictures?.passage?.release(deliver) }
    }

    // MARK: Between sources

    /// How long may be waited before `goOn(until:)`; nothing where pictures of a source are seen.
    var pause: Duration? {
        guard bridge != nil, let ladder else { return nil }
        return .milliseconds(max(ladder.distance.ticks(in: .milliseconds), 1))
    }

    /// Shows what time alone brings up to `now`. Where that has become too much the run ends.
    func goOn(until now: Instant) {
        guard bridge != nil, let last = ladder?.last, let place = clock.place(at: now) else { return }
        if place - last <= Bridge.longest { fill(until: place) } else { end(at: now) }
    }

    private func beginBridge() {
        guard bridge == nil, let rules = plan.slate, let last = ladder?.last else { return }
        bridge = Bridge(rules, start: last)
    }

    /// Goes on up to `end` without a source.
    private func fill(until end: MediaTime) {
        guard let ladder else { return }
        while let last = ladder.last, last + ladder.distance <= end {
            let time = last + ladder.distance
            let arrival = clock.arrival(of: time) ?? plan.journal.clock.now
            if let picture = bridge?.change(at: time) {
                do throws(CodecError) {
                    try ladder.show(picture)
                } catch {
                    plan.journal.failed(.scale, error)
                }
            }
            ladder.goOn(arrival: arrival)
            if bridge?.tells(at: time) == true { deliver(.slate(isShown: true), arrival) }
            silence(until: time + ladder.distance, arrival: arrival)
        }
    }

    private func endBridge(at arrival: Instant) {
        if bridge?.isTold == true { deliver(.slate(isShown: false), arrival) }
        bridge = nil
    }

    /// What the source does not bring is not heard up to `end`.
    private func silence(until end: MediaTime, arrival: Instant) {
        guard goesOn, heard.compactMap(\.self).count < layout.sources.count else { return }
        sound?.fill(until: end, arrival: arrival)
    }
}
