internal import Locks
internal import Runtime
internal import Telemetry

/// A publisher with a connection of its own, which is served on a thread of its own.
protocol ConnectedPublisher: Publisher, AnyObject {
    /// Serves the connection until it ends.
    func run()
    /// Has the other end leave, at once or as soon as it likes where it can go on elsewhere.
    func leave(reason: String)
}

extension ConnectedPublisher {
    func leave(reason: String) { disconnect(reason: reason) }
}

/// The threads of one protocol: the one that accepts publishers, and theirs, bounded in number.
final class PublisherThreads: Sendable {
    private struct State {
        var publishers: [ObjectIdentifier: (publisher: any ConnectedPublisher, thread: NamedThread?)] = [:]
        var finished: [NamedThread] = []
        var isStopping = false
    }

    private let scheme: String
    private let limit: Int
    private let metrics: IngestMetrics
    private let state = Monitor(State())
    private let accepting = Mutex<NamedThread?>(nil)

    /// No threads yet; they will be called after `scheme`, and `limit` at most will be publishers'.
    init(scheme: String, limit: Int, metrics: IngestMetrics) {
        (self.scheme, self.limit, self.metrics) = (scheme, limit, metrics)
    }

    /// Has `serve` called with each connection that `next` waits for, until there is none any more.
    func accept<Connection>(
        _ next: @escaping @Sendable () -> Connection?, serve: @escaping @Sendable (Connection) -> Void
    ) {
        let thread = NamedThread("\(scheme)-accept") {
            while let connection = next() { serve(connection) }
        }
        accepting.withLock { $0 = thread }
    }

    /// Waits until no connection is accepted any more. All who ask for it wait.
    func waitForAccepting() {
        accepting.withLock { $0.take()?.join() }
    }

    /// True when one more publisher has a place.
    var hasRoom: Bool { state.withLock { !$0.isStopping && $0.publishers.count < limit } }

    /// Serves `publisher` on a new thread.
    func serve(_ publisher: any ConnectedPublisher) {
        let key = ObjectIdentifier(publisher)
        state.withLock { $0.publishers[key] = (publisher, nil) }
        metrics.connections.add(1)
        let thread = NamedThread("\(scheme)-publisher") { [state, metrics] in
            publisher.run()
            metrics.connections.add(-1)
            state.signal { state in
                if let thread = state.publishers.removeValue(forKey: key)?.thread { state.finished.append(thread) }
            }
        }
        state.withLock { state in
            if state.publishers[key] == nil {
                state.finished.append(thread)
            } else {
                state.publishers[key]?.thread = thread
            }
        }
        joinFinished()
    }

    /// Tells all publishers, and waits until their connections are closed. Those that can go on elsewhere have `patience`
    /// to do so, and publish here until then.
    func stop(patience: Duration = .seconds(5)) {
        let reason = "The server is shutting down"
        state.signal { $0.isStopping = true }
        for publisher in publishers { publisher.leave(reason: reason) }
        if !state.wait(for: patience, until: { $0.publishers.isEmpty }) {
            for publisher in publishers { publisher.disconnect(reason: reason) }
            state.wait(for: .seconds(5)) { $0.publishers.isEmpty }
        }
        joinFinished()
    }

    private var publishers: [any ConnectedPublisher] {
        state.withLock { $0.publishers.values.map(\.publisher) }
    }

    /// No thread may be joined twice.
    private func joinFinished() {
        let threads = state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
        for thread in threads { thread.join() }
    }
}
