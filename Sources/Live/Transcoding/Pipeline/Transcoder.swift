internal import Locks
internal import Media
public import Packaging
internal import Runtime
internal import Telemetry
public import Time

/// Makes of what comes to a channel what its viewers get: the rungs of a ladder, and sound that every player takes.
///
/// It takes what a presentation is fed with, and hands on the same. What is taken waits for a thread that decodes and
/// scales; each encoder has a thread of its own. What of one track is handed on is in order, and so are the beginnings and
/// ends of runs with all that lies between them. Where it falls behind pictures are left out up to the next key frame.
public final class Transcoder: Sendable {
    /// So long what waits goes on to be transcoded when no more comes.
    private static let patience = Duration.seconds(2)

    private let plan: TranscodingPlan
    private let queue = Monitor(TranscoderQueue())
    private let thread = Mutex<NamedThread?>(nil)

    /// A transcoder to `profile` on a channel of that latency, which shows `slate` between two sources.
    public init(
        _ profile: OutputProfile, latency: LatencyProfile, slate: SlateRules? = nil, journal: TranscoderJournal
    ) {
        plan = TranscodingPlan(profile: profile, latency: latency, slate: slate, journal: journal)
    }

    /// Begins. What comes out goes to `deliver`, with when that came in from which it was made, on several threads.
    public func start(deliver: @escaping @Sendable (MediaStep, Instant) -> Void) {
        let body = NamedThread("transcode") { [self] in work(deliver) }
        thread.withLock { $0 = body }
    }

    /// Takes what came in at `arrival`. Never waits.
    public func take(_ step: MediaStep, arrival: Instant) {
        let isTaken = queue.signal { queue in
            defer { plan.journal.metrics.waiting.set(Double(queue.pictures)) }
            return queue.take(step, arrival)
        }
        if !isTaken { plan.journal.dropped() }
    }

    /// Waits until all that was taken has been handed on, and ends. Where it is behind, pictures that still wait after a
    /// while are left out.
    public func stop() {
        let deadline = plan.journal.clock.now + Self.patience
        queue.signal { ($0.isOver, $0.deadline) = (true, deadline) }
        thread.withLock { $0.take() }?.join()
    }

    private func work(_ deliver: @escaping @Sendable (MediaStep, Instant) -> Void) {
        var run: TranscodingRun?
        while let entries = nextEntries(waiting: run?.pause) {
            for entry in entries {
                switch entry {
                case .hole: run?.lose()
                case .step(.begin(let start), _):
                    if let run { run.begin(start) } else { run = TranscodingRun(start, plan, deliver: deliver) }
                case .step(.interrupt, let arrival):
                    if let run { run.interrupt(at: arrival) } else { deliver(.interrupt, arrival) }
                case .step(.video(let sample, let rung), let arrival):
                    if isTooLate { plan.journal.dropped() } else { run?.take(.video(sample, rung: rung), arrival) }
                    forget(sample)
                case .step(let step, let arrival): run?.take(step, arrival)
                }
            }
            if run?.pause != nil { run?.goOn(until: plan.journal.clock.now) }
        }
        run?.finish()
    }

    private var isTooLate: Bool {
        guard let deadline = queue.withLock({ $0.deadline }) else { return false }
        return plan.journal.clock.now > deadline
    }

    private func forget(_ sample: Sample) {
        queue.withLock { queue in
            queue.forget(sample)
            plan.journal.metrics.waiting.set(Double(queue.pictures))
        }
    }

    /// What has come; nothing of it where none has for so long, and nothing at all when it is over.
    private func nextEntries(waiting pause: Duration?) -> [TranscoderQueue.Entry]? {
        repeat {
            let hasMore = queue.wait(for: pause ?? .seconds(60)) { !$0.entries.isEmpty || $0.isOver }
            if !hasMore, pause != nil { return [] }
            if hasMore { break }
        } while true
        return queue.withLock { queue in
            defer { queue.entries = [] }
            return queue.entries.isEmpty ? nil : queue.entries
        }
    }
}
