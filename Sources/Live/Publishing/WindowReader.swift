internal import Bytes
public import ObjectStore
internal import Packaging
internal import Runtime

/// Reads what is not in memory any more, on threads of its own: a disk that is slow holds up who asks for what is on it, and
/// nobody else.
public final class WindowReader: Sendable {
    /// Called once, on a thread of the reader, with the open segment; with nothing when it cannot be read.
    public typealias Completion = @Sendable (StoredObject?) -> Void

    private struct Job {
        let key: ObjectKey
        let range: Range<Int>
        let completion: Completion
    }

    private struct State {
        var jobs: [Job] = []
        var isStopping = false
    }

    /// How many reads may wait for a thread.
    private static let queueLimit = 1024

    private let state = Monitor(State())
    private let threads: [NamedThread]

    /// Starts the threads that read from `store`.
    public init(_ store: any ObjectStore, threads count: Int = 4) {
        threads = (0..<count).map { [state] _ in
            NamedThread("window-reader") { Self.run(state, store) }
        }
    }

    /// Opens a segment, and sees to it that the bytes of `range` are in memory: what sends them does not wait for the disk.
    /// False when there is too much to do.
    public func open(
        segment number: Int64, of rendition: String, presentation: String, channel: String, range: Range<Int>,
        then completion: @escaping Completion
    ) -> Bool {
        let name = MediaResource.segment(number).fileName
        guard let folder = StoredPresentation.folder(ofChannel: channel),
            let key = folder.appending(presentation)?.appending(rendition)?.appending(name)
        else { return false }
        return state.signal { state in
            guard state.jobs.count < Self.queueLimit, !state.isStopping else { return false }
            state.jobs.append(Job(key: key, range: range, completion: completion))
            return true
        }
    }

    /// Ends the threads; what waits for one of them is told that it cannot be read.
    public func stop() {
        state.signal { $0.isStopping = true }
        for thread in threads { thread.join() }
    }

    private static func run(_ state: Monitor<State>, _ store: any ObjectStore) {
        while true {
            state.wait(for: .seconds(3600)) { !$0.jobs.isEmpty || $0.isStopping }
            let (job, isStopping) = state.withLock { state in
                (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopping)
            }
            guard let job else {
                if isStopping { return }
                continue
            }
            job.completion(isStopping ? nil : read(job, store))
        }
    }

    private static func read(_ job: Job, _ store: any ObjectStore) -> StoredObject? {
        guard let object = try? store.open(job.key), job.range.upperBound <= object.length,
            (try? object.load(job.range)) != nil
        else { return nil }
        return object
    }
}
