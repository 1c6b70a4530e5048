internal import Locks
internal import Runtime
internal import Telemetry

/// A publisher with a connection of its own, which is served on a thread of its own.
protocol ConnectedPublisher: Publisher, AnyObject {
    /// Serves the connection until it ends.
    func run()
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

    /// Tells all publishers, and waits until their connections are closed.
    func stop() {
        let publishers = state.signal { state in
            state.isStopping = true
            return state.publishers.values.map(\.publisher)
        }
        for publisher in publishers { publisher.disconnect(reason: "The server is shutting down") }
        state.wait(for: .seconds(5)) { $0.publishers.isEmpty }
        joinFinished()
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
