internal import Locks
public import ObjectStore
public import Packaging
internal import Runtime
public import Telemetry
public import Time

/// Keeps in a store what channels publish, so that another process can go on with it.
///
/// One thread writes, and it is handed snapshots, not parts: when the store is slow, or fails, only the newest snapshot of
/// each presentation waits. What leaves the window before it could be written is missing from the store; viewers of the live
/// edge never notice.
public final class WindowWriter: Sendable {
    /// What the thread is to do. It alone waits for that.
    private struct Queue {
        /// The newest snapshots that are not in the store, by presentation.
        var unwritten: [String: (channel: String, snapshot: PresentationSnapshot)] = [:]
        var isStopping = false
    }

    /// What the thread has done. Publishers wait for that.
    private struct Progress {
        /// What is in the store: the version, and of each rendition the number of the first segment that is not wholly there.
        var written: [String: (version: Int64, ends: [String: Int64])] = [:]
        /// The presentations of which somebody has waited in vain for something to be written, since it was, and when.
        var behindSince: [String: Instant] = [:]
        /// A slow disk is told of once in a while, not for every part.
        var alerts = LogRateLimiter(interval: .seconds(60))
        var hasStopped = false
        /// True when it has stopped and all that was announced is in the store.
        var isWhole = false
    }

    /// How long a publisher waits for what it publishes to be in the store.
    private static let patience = Duration.milliseconds(3)
    /// How far behind the writer is when that is told: a busy machine is now and then for a moment.
    private static let hiccup = Duration.seconds(1)
    /// When what failed is tried again.
    private static let retryPace = Duration.milliseconds(250)
    /// How long a server that stops waits for the disk.
    private static let farewell = Duration.seconds(2)

    private let queue = Monitor(Queue())
    private let progress = Monitor(Progress())
    private let thread: NamedThread
    private let remover: WindowRemover
    private let announcements: Announcements?
    private let clock: any MonotonicClock
    private let logger: Logger

    /// Starts the thread that writes to `store`, where `restored` is already. How far things are announced is noted in
    /// `announcements`.
    public init(
        _ store: any ObjectStore, restored: [RestoredPresentation], announcements: Announcements? = nil,
        clock: any MonotonicClock, logger: Logger, registry: MetricsRegistry
    ) {
        self.announcements = announcements
        self.clock = clock
        self.logger = logger
        var presentations: [String: StoredPresentation] = [:]
        for one in restored { presentations[one.presentation.id] = one.stored }
        let metrics = WindowMetrics(registry)
        remover = WindowRemover(store) { key, error in
            if let error {
                metrics.failures.increment()
                logger.warning(
                    "window.remove_failed", ["key": .public(key.path), "reason": .public(error.description)])
            } else {
                logger.info("window.removed", ["key": .public(key.path)])
            }
        }
        let writing = Writing(
            store: store, presentations: presentations, clock: clock, logger: logger, metrics: metrics, remover: remover
        )
        thread = NamedThread("window-writer") { [queue, progress] in Self.run(queue, progress, writing) }
    }

    /// Has `snapshot` written, and waits until it is, if that is soon: then a process that dies has announced nothing that
    /// another one cannot find.
    public func keep(_ snapshot: PresentationSnapshot, of channel: String) {
        write(snapshot, of: channel)
        announcements?.note(snapshot, of: channel)
    }

    private func write(_ snapshot: PresentationSnapshot, of channel: String) {
        let (id, version) = (snapshot.id, snapshot.version)
        let behindSince = progress.withLock { $0.behindSince[id] }
        queue.signal { queue in
            if queue.unwritten[id]?.snapshot.version ?? 0 < version { queue.unwritten[id] = (channel, snapshot) }
        }
        if let behindSince { return report(behindSince) }
        if !progress.wait(
            for: Self.patience, until: { ($0.written[id]?.version ?? 0) >= version || $0.behindSince[id] != nil })
        {
            progress.withLock { [now = clock.now] progress in
                guard progress.written[id]?.version ?? 0 < version else { return }
                progress.behindSince[id] = progress.behindSince[id] ?? now
            }
        }
    }

    private func report(_ behindSince: Instant) {
        let now = clock.now
        guard now - behindSince >= Self.hiccup else { return }
        if case .log(let folded) = progress.withLock({ $0.alerts.admit(at: now) }) {
            logger.warning("window.write_slow", ["folded": .public(folded)])
        }
    }

    /// Has the folders of presentations removed that nobody can read any more.
    public func remove(_ folders: [ObjectKey]) { remover.remove(folders) }

    /// Of each rendition of a presentation, the number of the first segment that is not wholly in the store.
    public func ends(of presentation: String) -> [String: Int64] {
        progress.withLock { $0.written[presentation]?.ends ?? [:] }
    }

    /// Ends the thread when it has tried once more to write what there is, and waits for that; not for long, for a disk that
    /// hangs.
    public func stop() {
        queue.signal { $0.isStopping = true }
        if progress.wait(for: Self.farewell, until: \.hasStopped) { thread.join() } else { thread.detach() }
        remover.stop()
        if progress.withLock(\.isWhole) { announcements?.forget() }
    }

    private static func run(_ queue: Monitor<Queue>, _ progress: Monitor<Progress>, _ writing: consuming Writing) {
        var waiting: Writing.Work = [:]
        var retryAt = ContinuousClock.now
        while true {
            queue.wait(for: retryPace) { !$0.unwritten.isEmpty || $0.isStopping }
            let (fresh, isStopping) = queue.withLock { queue in
                defer { queue.unwritten = [:] }
                return (queue.unwritten, queue.isStopping)
            }
            // Publishers come in any order.
            let known = progress.withLock { $0.written.mapValues(\.version) }
            waiting.merge(fresh.filter { known[$0] ?? 0 < $1.snapshot.version }) {
                $0.snapshot.version > $1.snapshot.version ? $0 : $1
            }
            // What failed waits for its time, and nothing else waits for that.
            let isDue = isStopping || ContinuousClock.now >= retryAt
            if isDue { retryAt = .now + retryPace }
            let work = isDue ? waiting : waiting.filter { [failing = writing.failing] in !failing.contains($0.key) }
            let gone = writing.write(work)
            var written: [(id: String, version: Int64, ends: [String: Int64])] = []
            for (id, item) in work where !writing.failing.contains(id) {
                written.append((id, item.snapshot.version, writing.presentations[id]?.ends ?? [:]))
                waiting[id] = nil
            }
            for id in gone { waiting[id] = nil }
            if isStopping { writing.stop() }
            let unwritten = queue.withLock { $0.unwritten.mapValues(\.snapshot.version) }
            progress.signal { [written] progress in
                for (id, version, ends) in written {
                    progress.written[id] = (version, ends)
                    if unwritten[id] ?? 0 <= version { progress.behindSince[id] = nil }
                }
                for id in gone { (progress.written[id], progress.behindSince[id]) = (nil, nil) }
                progress.hasStopped = isStopping
                progress.isWhole = isStopping && writing.failing.isEmpty
            }
            if isStopping { return }
        }
    }
}

/// What the writer's thread has in hand.
private struct Writing {
    typealias Work = [String: (channel: String, snapshot: PresentationSnapshot)]

    let store: any ObjectStore
    var presentations: [String: StoredPresentation]
    let clock: any MonotonicClock
    let logger: Logger
    let metrics: WindowMetrics
    let remover: WindowRemover
    /// The presentations that have ended, and when nobody may read them any more.
    private var ended: [String: Instant] = [:]
    /// The presentations that could not be written the last time.
    private(set) var failing: Set<String> = []

    init(
        store: any ObjectStore, presentations: [String: StoredPresentation], clock: any MonotonicClock, logger: Logger,
        metrics: WindowMetrics, remover: WindowRemover
    ) {
        self.store = store
        self.presentations = presentations
        self.clock = clock
        self.logger = logger
        self.metrics = metrics
        self.remover = remover
    }

    /// Writes `work`. Returns the presentations that nothing is kept of any more.
    mutating func write(_ work: Work) -> [String] {
        let wasFailing = !failing.isEmpty
        var fault: StoreError?
        for (id, item) in work {
            do throws(StoreError) {
                try write(item.snapshot, of: item.channel)
                failing.remove(id)
            } catch {
                failing.insert(id)
                fault = error
            }
        }
        if let fault { report(fault, isFirst: !wasFailing) }
        if wasFailing, failing.isEmpty { logger.info("window.write_recovered") }
        metrics.isFailing.set(failing.isEmpty ? 0 : 1)
        return forgetEnded()
    }

    private mutating func write(_ snapshot: PresentationSnapshot, of channel: String) throws(StoreError) {
        let id = snapshot.id
        guard let folder = StoredPresentation.folder(ofChannel: channel)?.appending(id) else { return }
        var stored = presentations[id] ?? StoredPresentation(folder: folder)
        defer { presentations[id] = stored }
        if snapshot.isEnded, ended[id] == nil { ended[id] = clock.now + snapshot.timeToRead }
        try stored.store(snapshot, in: store)
    }

    /// Tells of all presentations but those that could not be written that nothing was announced that is not in the store.
    func stop() {
        for (id, stored) in presentations where !failing.contains(id) { try? stored.stop() }
    }

    /// Removes the presentations that nobody may read any more.
    private mutating func forgetEnded() -> [String] {
        let now = clock.now
        let gone = ended.filter { $0.value <= now }.map(\.key)
        for id in gone {
            ended[id] = nil
            failing.remove(id)
            if let stored = presentations.removeValue(forKey: id) { remover.remove([stored.folder]) }
        }
        return gone
    }

    private func report(_ fault: StoreError, isFirst: Bool) {
        metrics.failures.increment()
        guard isFirst else { return }
        logger.error(
            "window.write_failed",
            [
                "reason": .public(fault.description),
                "effect": .public("viewers of the live edge go on; after a restart what is not written is missing"),
            ])
    }
}

/// How writing goes, in numbers.
private struct WindowMetrics: Sendable {
    let isFailing: Gauge
    let failures: Counter

    init(_ registry: MetricsRegistry) {
        isFailing = registry.gauge(
            "headwater_window_write_failing", help: "1 while what is published cannot be written to disk.")
        failures = registry.counter(
            "headwater_window_write_failures_total", help: "Times that what is published could not be written to disk.")
    }
}
