public import HLS
public import Packaging
internal import Locks
public import Time

/// Something that a viewer can wait for.
public enum Awaited: Sendable, Hashable {
    /// A presentation that clients can begin to play.
    case beginning
    /// A version of a rendition's playlist that reaches so far.
    case playlist(rendition: String, AwaitedPosition)
    /// A version of a rendition's I-frame playlist that reaches so far.
    case iFramePlaylist(rendition: String, AwaitedPosition)
    /// The part of that number, which the playlist has hinted at.
    case part(rendition: String, number: Int64)
}

/// How a wait ended.
public enum WaitOutcome: Sendable {
    /// What was awaited is in this snapshot.
    case published(PresentationSnapshot)
    /// It will not come: the presentation is over, or another one took its place.
    case cancelled
    /// It did not come in time.
    case timedOut
    /// The server is going down.
    case shuttingDown
}

/// What a channel's viewers see and wait for: the newest snapshot, and those who wait for a newer one.
///
/// The publisher's thread swaps the snapshot and tells the waker; it never wakes a viewer itself. Any thread may read.
public final class LiveOutput: Sendable {
    /// Called once, on the waker's thread, with what became of the wait.
    public typealias Resume = @Sendable (WaitOutcome) -> Void

    private struct Waiter {
        /// How many came before.
        let number: UInt64
        let deadline: Instant
        let resume: Resume
    }

    /// Those who wait for the same thing, in the order in which they came: thousands want the part that comes next.
    private struct Queue {
        let awaited: Awaited
        let presentation: String
        var waiters: [Waiter] = []
        /// The earliest deadline of them all.
        var deadline: Instant
    }

    private struct State {
        var snapshot: PresentationSnapshot?
        /// The presentations before it, which their viewers may still play to the end. Only so many.
        var ended: [(snapshot: PresentationSnapshot, forgetAt: Instant)] = []
        var queues: [Queue] = []
        var arrivals: UInt64 = 0
        var isClosed = false

        func snapshot(of presentation: String) -> PresentationSnapshot? {
            if let snapshot, snapshot.id == presentation { return snapshot }
            return ended.first { $0.snapshot.id == presentation }?.snapshot
        }

        /// Appends a waiter. Returns whether it is the first of its queue, and whether its deadline is.
        mutating func add(
            _ awaited: Awaited, _ presentation: String, _ deadline: Instant, _ resume: @escaping Resume
        ) -> (isFirst: Bool, isEarliest: Bool) {
            let waiter = Waiter(number: arrivals, deadline: deadline, resume: resume)
            arrivals += 1
            if let index = queues.firstIndex(where: { $0.awaited == awaited && $0.presentation == presentation }) {
                queues[index].waiters.append(waiter)
                if queues[index].deadline <= deadline { return (false, false) }
                queues[index].deadline = deadline
                return (false, true)
            }
            queues.append(Queue(awaited: awaited, presentation: presentation, waiters: [waiter], deadline: deadline))
            return (true, true)
        }

        /// Takes out whoever need not wait any more.
        mutating func takeSettled(at now: Instant) -> [Settled] {
            var progress: [String: Progress] = [:]
            for snapshot in [snapshot].compactMap(\.self) + ended.map(\.snapshot) {
                progress[snapshot.id] = Progress(snapshot)
            }
            var settled: [Settled] = []
            for index in queues.indices {
                var outcome = progress[queues[index].presentation]?.outcome(of: queues[index].awaited)
                if progress[queues[index].presentation] == nil { outcome = .cancelled }
                if outcome == nil, isClosed { outcome = .shuttingDown }
                if let outcome {
                    settled.append(Settled(outcome: outcome, waiters: queues[index].waiters))
                    queues[index].waiters = []
                } else if queues[index].deadline <= now {
                    let late = queues[index].waiters.filter { $0.deadline <= now }
                    settled.append(Settled(outcome: .timedOut, waiters: late))
                    queues[index].waiters.removeAll { $0.deadline <= now }
                    queues[index].deadline = queues[index].waiters.lazy.map(\.deadline).min() ?? now
                }
            }
            queues.removeAll { $0.waiters.isEmpty }
            return settled
        }
    }

    private struct Settled {
        let outcome: WaitOutcome
        let waiters: [Waiter]
    }

    private static let endedLimit = 4

    private let state = Mutex(State())
    private let waker: Waker

    /// An output whose viewers are woken by `waker`.
    public init(waker: Waker) { self.waker = waker }

    /// The newest snapshot; nothing while the channel has never been on air.
    public var snapshot: PresentationSnapshot? { state.withLock { $0.snapshot } }

    /// The newest snapshot of the presentation with that id, while it can be read.
    public func snapshot(of presentation: String) -> PresentationSnapshot? {
        state.withLock { $0.snapshot(of: presentation) }
    }

    /// All presentations that can be read, the newest first.
    public var snapshots: [PresentationSnapshot] {
        state.withLock { [$0.snapshot].compactMap(\.self) + $0.ended.map(\.snapshot).reversed() }
    }

    /// How many viewers wait.
    public var waiterCount: Int { state.withLock { $0.queues.reduce(0) { $0 + $1.waiters.count } } }

    /// Makes `snapshot` the newest one, if it is: of two threads, the one with the older may come last. Cheap: whoever
    /// waits is woken later, elsewhere.
    public func publish(_ snapshot: PresentationSnapshot) {
        let hasWaiters = state.withLock { state in
            if let current = state.snapshot(of: snapshot.id), current.version >= snapshot.version { return false }
            state.snapshot = snapshot
            return !state.queues.isEmpty
        }
        if hasWaiters { waker.wake(self) }
    }

    /// Keeps `snapshot`, the last one of a presentation that gives place to another, readable until `instant`. Until the
    /// other is published it is the newest of all.
    public func end(_ snapshot: PresentationSnapshot, forgetAt instant: Instant) {
        state.withLock { state in
            if let current = state.snapshot, current.id == snapshot.id, current.version < snapshot.version {
                state.snapshot = snapshot
            }
            state.ended.append((snapshot, instant))
            if state.ended.count > Self.endedLimit { state.ended.removeFirst() }
        }
        waker.wake(self)
    }

    /// Lets go of the presentation that has ended, when its time is over at `now`.
    public func forgetEnded(at now: Instant) {
        state.withLock { state in
            state.ended.removeAll { $0.forgetAt <= now }
        }
    }

    /// Waits for something of `presentation` until `deadline`; `resume` is called exactly once. When it is there
    /// already, or cannot come any more, it is called soon.
    public func wait(
        for awaited: Awaited, of presentation: String, until deadline: Instant, resume: @escaping Resume
    ) {
        let (isEarliest, isSettled) = state.withLock { state in
            let (isFirst, isEarliest) = state.add(awaited, presentation, deadline, resume)
            // Whoever comes later stands behind one who has been looked at, or will be: publishing wakes him.
            guard isFirst else { return (isEarliest, state.isClosed) }
            var progress = Progress(state.snapshot(of: presentation))
            return (isEarliest, state.isClosed || progress.outcome(of: awaited) != nil)
        }
        if isEarliest { waker.note(deadline, of: self) }
        if isSettled { waker.wake(self) }
    }

    /// Ends all waits, now and from now on.
    public func close() {
        state.withLock { $0.isClosed = true }
        waker.wake(self)
    }

    /// Resumes whoever need not wait any more, in the order in which they came. Returns the earliest deadline left.
    func settle(at now: Instant) -> Instant? {
        let (settled, next) = state.withLock { ($0.takeSettled(at: now), $0.queues.lazy.map(\.deadline).min()) }
        Self.resume(settled)
        return next
    }

    private static func resume(_ settled: [Settled]) {
        var positions = settled.map { _ in 0 }
        while true {
            var next: (queue: Int, number: UInt64)?
            for (queue, position) in positions.enumerated() where position < settled[queue].waiters.count {
                let number = settled[queue].waiters[position].number
                if number < next?.number ?? .max { next = (queue, number) }
            }
            guard let queue = next?.queue else { return }
            settled[queue].waiters[positions[queue]].resume(settled[queue].outcome)
            positions[queue] += 1
        }
    }
}

/// How far a snapshot has got, worked out once for all who wait.
private struct Progress {
    private let snapshot: PresentationSnapshot?
    private let renditions: [(name: String, edge: PlaylistEdge, nextPart: Int64)]
    /// Every key frame is counted for them, and hardly anybody waits for them.
    private var iFrameEdges: [String: PlaylistEdge] = [:]

    init(_ snapshot: PresentationSnapshot?) {
        self.snapshot = snapshot
        renditions = (snapshot?.renditions ?? []).map { ($0.name, $0.playlistEdge, $0.nextPartNumber) }
    }

    /// How a wait for `awaited` has ended; nothing while it goes on.
    mutating func outcome(of awaited: Awaited) -> WaitOutcome? {
        let name: String? =
            switch awaited {
            case .beginning: nil
            case .playlist(let name, _), .iFramePlaylist(let name, _), .part(let name, _): name
            }
        guard let snapshot, let rendition = renditions.first(where: { name == nil || $0.name == name }) else {
            return .cancelled
        }
        switch awaited {
        case .beginning: return snapshot.isPlayable ? .published(snapshot) : nil
        case .playlist(_, let position):
            return rendition.edge.decide(position) == .answer ? .published(snapshot) : nil
        case .iFramePlaylist(let name, let position):
            let edge = iFrameEdges[name] ?? snapshot.rendition(name)?.iFramePlaylistEdge
            iFrameEdges[name] = edge
            return edge?.decide(position) == .answer ? .published(snapshot) : nil
        case .part(_, let number):
            if number < rendition.nextPart { return .published(snapshot) }
            return rendition.edge.isEnded ? .cancelled : nil
        }
    }
}
