public import HLS
public import Packaging
internal import Locks
public import Time

/// Something that a viewer can wait for.
public enum Awaited: Sendable, Hashable {
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
        let awaited: Awaited
        let presentation: String
        let deadline: Instant
        let resume: Resume
    }

    private struct State {
        var snapshot: PresentationSnapshot?
        /// The presentations before it, which their viewers may still play to the end. Only so many.
        var ended: [(snapshot: PresentationSnapshot, forgetAt: Instant)] = []
        var waiters: [Waiter] = []
        var isClosed = false

        func snapshot(of presentation: String) -> PresentationSnapshot? {
            if let snapshot, snapshot.id == presentation { return snapshot }
            return ended.first { $0.snapshot.id == presentation }?.snapshot
        }
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
    public var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Makes `snapshot` the newest one, if it is: of two threads, the one with the older may come last. Cheap: whoever
    /// waits is woken later, elsewhere.
    public func publish(_ snapshot: PresentationSnapshot) {
        let hasWaiters = state.withLock { state in
            if let current = state.snapshot(of: snapshot.id), current.version >= snapshot.version { return false }
            state.snapshot = snapshot
            return !state.waiters.isEmpty
        }
        if hasWaiters { waker.wake(self) }
    }

    /// Keeps `snapshot`, the last one of a presentation that gives place to another, readable until `instant`.
    public func end(_ snapshot: PresentationSnapshot, forgetAt instant: Instant) {
        state.withLock { state in
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
        let waiter = Waiter(awaited: awaited, presentation: presentation, deadline: deadline, resume: resume)
        let isSettled = state.withLock { state in
            state.waiters.append(waiter)
            var progress = Progress(state.snapshot(of: presentation))
            return state.isClosed || progress.outcome(of: waiter.awaited) != nil
        }
        waker.note(deadline, of: self)
        if isSettled { waker.wake(self) }
    }

    /// Ends all waits, now and from now on.
    public func close() {
        state.withLock { $0.isClosed = true }
        waker.wake(self)
    }

    /// Resumes whoever need not wait any more, in the order in which they came. Returns the earliest deadline left.
    func settle(at now: Instant) -> Instant? {
        var settled: [(Waiter, WaitOutcome)] = []
        let next = state.withLock { state -> Instant? in
            guard !state.waiters.isEmpty else { return nil }
            var progress: [String: Progress] = [:]
            for snapshot in [state.snapshot].compactMap(\.self) + state.ended.map(\.snapshot) {
                progress[snapshot.id] = Progress(snapshot)
            }
            state.waiters.removeAll { waiter in
                var outcome = progress[waiter.presentation]?.outcome(of: waiter.awaited)
                if progress[waiter.presentation] == nil { outcome = .cancelled }
                if outcome == nil, state.isClosed { outcome = .shuttingDown }
                if outcome == nil, waiter.deadline <= now { outcome = .timedOut }
                guard let outcome else { return false }
                settled.append((waiter, outcome))
                return true
            }
            return state.waiters.lazy.map(\.deadline).min()
        }
        for (waiter, outcome) in settled { waiter.resume(outcome) }
        return next
    }
}

/// How far a snapshot has got, worked out once for all who wait.
private struct Progress {
    private let snapshot: PresentationSnapshot?
    private let renditions: [(name: String, edge: PlaylistEdge, nextPart: Int64)]
    /// Every key frame is counted for it, and hardly anybody waits for it.
    private lazy var iFrameEdge = snapshot?.rendition(Presentation.video)?.iFramePlaylistEdge

    init(_ snapshot: PresentationSnapshot?) {
        self.snapshot = snapshot
        renditions = (snapshot?.renditions ?? []).map { ($0.name, $0.playlistEdge, $0.nextPartNumber) }
    }

    /// How a wait for `awaited` has ended; nothing while it goes on.
    mutating func outcome(of awaited: Awaited) -> WaitOutcome? {
        let name =
            switch awaited {
            case .playlist(let name, _), .iFramePlaylist(let name, _), .part(let name, _): name
            }
        guard let snapshot, let rendition = renditions.first(where: { $0.name == name }) else { return .cancelled }
        switch awaited {
        case .playlist(_, let position):
            return rendition.edge.decide(position) == .answer ? .published(snapshot) : nil
        case .iFramePlaylist(_, let position):
            return iFrameEdge?.decide(position) == .answer ? .published(snapshot) : nil
        case .part(_, let number):
            if number < rendition.nextPart { return .published(snapshot) }
            return rendition.edge.isEnded ? .cancelled : nil
        }
    }
}
