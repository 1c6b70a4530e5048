internal import FFmpeg
internal import Locks
internal import Media
internal import Packaging
internal import Runtime
internal import Time

/// The sound of a run, encoded anew on a thread of its own.
final class SoundStage: Sendable {
    private enum Job: Sendable {
        case sample(Sample, track: Int, arrival: Instant)
        case withdrawal(track: Int, arrival: Instant)
        case pause
        case change([Track], places: [Int])
        case silence(until: MediaTime, arrival: Instant)
    }

    private struct State {
        var jobs: [Job] = []
        /// The tracks of what comes out; nothing as long as encoders are being made.
        var tracks: [Track]?
        var isOver = false
    }

    /// Sound for half a minute, should it ever have to wait.
    private static let jobLimit = 2048

    private let journal: TranscoderJournal
    private let state = Monitor(State())
    private let thread = Mutex<NamedThread?>(nil)

    /// The sound of a run that begins at `start`, made as `layout` has it; `deliver` is called on its thread. Where the run is
    /// `isBridged` nothing is heard of what is missing.
    init(
        _ layout: SoundLayout, _ journal: TranscoderJournal, start: MediaTime, isBridged: Bool = false,
        deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) {
        self.journal = journal
        let body = NamedThread("encode sound") { [self] in
            let work = SoundWork(layout, journal, start: start, isBridged: isBridged, deliver: deliver)
            state.signal { $0.tracks = work.tracks }
            while let job = nextJob() {
                switch job {
                case .sample(let sample, let track, let arrival): work.take(sample, track: track, arrival: arrival)
                case .withdrawal(let track, let arrival): work.withdraw(track, at: arrival)
                case .pause: work.pause()
                case .change(let tracks, let places): work.change(to: tracks, at: places)
                case .silence(let end, let arrival): work.fill(until: end, arrival: arrival)
                }
            }
            work.finish()
        }
        thread.withLock { $0 = body }
    }

    /// The tracks of what comes out; waits until the encoders are there.
    var tracks: [Track] {
        while !state.wait(for: .seconds(60), until: { $0.tracks != nil }) {}
        return state.withLock { $0.tracks ?? [] }
    }

    /// Takes the next frame of the source's track of that index.
    func take(_ sample: Sample, track: Int, arrival: Instant) {
        append(.sample(sample, track: track, arrival: arrival))
    }

    /// Nothing comes of that track any more.
    func withdraw(_ track: Int, at arrival: Instant) {
        state.signal { $0.jobs.append(.withdrawal(track: track, arrival: arrival)) }
    }

    /// The source has gone.
    func pause() { state.signal { $0.jobs.append(.pause) } }

    /// Another source goes on, with those `tracks` in the `places` of those of the first.
    func change(to tracks: [Track], at places: [Int]) {
        state.signal { $0.jobs.append(.change(tracks, places: places)) }
    }

    /// Nothing is heard up to `end` of what no source brings now.
    func fill(until end: MediaTime, arrival: Instant) { append(.silence(until: end, arrival: arrival)) }

    /// Waits until all that was taken has been delivered, and ends the thread.
    func finish() {
        state.signal { $0.isOver = true }
        thread.withLock { $0.take() }?.join()
    }

    private func append(_ job: Job) {
        let isTaken = state.signal { state in
            guard state.jobs.count < Self.jobLimit else { return false }
            state.jobs.append(job)
            return true
        }
        if !isTaken { journal.dropped() }
    }

    private func nextJob() -> Job? {
        while !state.wait(for: .seconds(60), until: { !$0.jobs.isEmpty || $0.isOver }) {}
        return state.signal { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
    }
}
