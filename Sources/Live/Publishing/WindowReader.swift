public import ObjectStore
internal import Packaging
internal import Runtime
public import Time

/// Reads what is not in memory any more, on threads of its own: a disk that is slow holds up who asks for what is on it, and
/// nobody else, and those not for ever.
public final class WindowReader: Sendable {
    /// What came of a request.
    public enum Outcome: Sendable {
        /// The open segment. What was asked for is in memory.
        case read(StoredObject)
        /// It is not there, or it cannot be read.
        case missing
        /// The disk was too slow, or is asked for too much.
        case tooLate
        /// The server is going down.
        case shuttingDown
    }

    /// Which bytes of which segment.
    public struct Request: Sendable {
        let key: ObjectKey
        let byteCount: Int
        let part: Range<Int>

        /// The segment of that number, which has at least `byteCount` bytes, of which those of `part` will be sent. Nothing
        /// when no store could have it.
        public init?(
            segment number: Int64, of rendition: String, presentation: String, channel: String, byteCount: Int,
            part: Range<Int>
        ) {
            guard
                let key = StoredPresentation.folder(ofChannel: channel)?.appending(presentation)?.appending(rendition)?
                    .appending(MediaResource.segment(number).fileName)
            else { return nil }
            (self.key, self.byteCount, self.part) = (key, byteCount, part)
        }
    }

    /// Called once, on a thread of the reader or on the one that asks.
    public typealias Completion = @Sendable (Outcome) -> Void

    private struct Job {
        let request: Request
        let deadline: Instant
        let completion: Completion
    }

    private struct State {
        /// The jobs that nobody has been told about, by number: the order in which they came.
        var jobs: [Int: Job] = [:]
        /// The numbers of those that wait for a thread.
        var waiting: ArraySlice<Int> = []
        var nextNumber = 0
        var isStopping = false
        /// How many threads have ended.
        var ended = 0

        /// The jobs that must not wait any longer, and leave.
        mutating func takeOverdue(at now: Instant) -> [Job] {
            let overdue = jobs.filter { $0.value.deadline <= now || isStopping }.sorted { $0.key < $1.key }
            for (number, _) in overdue { jobs[number] = nil }
            waiting.removeAll { jobs[$0] == nil }
            return overdue.map(\.value)
        }
    }

    /// How many requests may be in hand.
    private static let limit = 1024
    /// How often deadlines are looked at.
    private static let pace = Duration.milliseconds(100)
    /// How long a server that stops waits for a disk that hangs.
    private static let farewell = Duration.seconds(1)

    private let state = Monitor(State())
    private let threads: [NamedThread]

    /// Starts the threads that read from `store`, and one that keeps deadlines.
    public init(_ store: any ObjectStore, threads count: Int = 4, clock: any MonotonicClock) {
        let readers = (0..<count).map { [state] _ in
            NamedThread("window-reader") { Self.run(state, store) }
        }
        threads =
            readers + [NamedThread("window-patience") { [state] in Self.keepDeadlines(of: state, clock) }]
    }

    /// Opens a segment, and sees to it that what will be sent of it is in memory: what sends it does not wait for the disk.
    /// When that has not come about at `deadline`, it is too late.
    public func open(_ request: Request, until deadline: Instant, then completion: @escaping Completion) {
        let refusal: Outcome? = state.signal { state in
            if state.isStopping { return .shuttingDown }
            guard state.jobs.count < Self.limit else { return .tooLate }
            state.jobs[state.nextNumber] = Job(request: request, deadline: deadline, completion: completion)
            state.waiting.append(state.nextNumber)
            state.nextNumber += 1
            return nil
        }
        if let refusal { completion(refusal) }
    }

    /// Ends the threads; who waits for one of them is told. Later calls do nothing.
    public func stop() {
        let isFirst = state.signal { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        guard isFirst else { return }
        let haveEnded = state.wait(for: Self.farewell) { [count = threads.count] in $0.ended == count }
        for thread in threads { if haveEnded { thread.join() } else { thread.detach() } }
    }

    private static func run(_ state: Monitor<State>, _ store: any ObjectStore) {
        while true {
            state.wait(for: .seconds(3600)) { !$0.waiting.isEmpty || $0.isStopping }
            let (number, job) = state.withLock { state -> (Int, Job?) in
                let number = state.waiting.popFirst() ?? -1
                return (number, state.jobs[number])
            }
            if let job {
                let outcome = read(job.request, store)
                // Somebody may have lost patience.
                let isAwaited = state.withLock { $0.jobs.removeValue(forKey: number) != nil }
                if isAwaited { job.completion(outcome) }
            } else if state.withLock({ $0.isStopping }) {
                return state.signal { $0.ended += 1 }
            }
        }
    }

    private static func read(_ request: Request, _ store: any ObjectStore) -> Outcome {
        guard let object = try? store.open(request.key), request.byteCount <= object.length,
            (try? object.load(request.part)) != nil
        else { return .missing }
        return .read(object)
    }

    private static func keepDeadlines(of state: Monitor<State>, _ clock: any MonotonicClock) {
        while true {
            state.wait(for: pace, until: \.isStopping)
            let (overdue, isStopping) = state.withLock { ($0.takeOverdue(at: clock.now), $0.isStopping) }
            for job in overdue { job.completion(isStopping ? .shuttingDown : .tooLate) }
            if isStopping { return state.signal { $0.ended += 1 } }
        }
    }
}
