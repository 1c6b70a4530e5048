internal import Runtime
public import Sockets
internal import Locks
public import Telemetry
public import Time

/// Takes RTMP publishers: one thread accepts, one thread serves each connection.
public final class RTMPListener: Sendable {
    private struct State {
        var publishers: [ObjectIdentifier: (publisher: RTMPPublisher, thread: NamedThread?)] = [:]
        var finished: [NamedThread] = []
        var isStopping = false
    }

    private let listener: TCPListener
    private let gate: any PublishGate
    private let logger: Logger
    private let metrics: IngestMetrics
    private let connectionLimit: Int
    private let clock: any MonotonicClock
    private let state = Monitor(State())
    private let thread = Mutex<NamedThread?>(nil)

    /// Takes the publishers that come to `listener`, who wait until `start`. At most `connectionLimit` may be connected at
    /// once.
    public init(
        _ listener: TCPListener, gate: any PublishGate, logger: Logger, metrics: IngestMetrics,
        connectionLimit: Int = 1024, clock: any MonotonicClock = SystemClocks()
    ) {
        self.listener = listener
        self.gate = gate
        self.logger = logger
        self.metrics = metrics
        self.connectionLimit = connectionLimit
        self.clock = clock
    }

    /// Where the listener listens, with the port that it was given.
    public var address: SocketAddress { listener.address }

    /// Begins to accept.
    public func start() {
        let accepting = NamedThread("rtmp-accept") { [self] in
            while let connection = listener.accept() { serve(connection) }
        }
        thread.withLock { $0 = accepting }
    }

    /// Takes no publisher any more; those who publish go on. Who comes from here on is refused by the system, or waits for
    /// the next process that has the socket.
    public func stopAccepting() {
        listener.shutDown()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        listener.close()
    }

    /// Tells all publishers, and waits until their connections are closed.
    public func stop() {
        stopAccepting()
        let publishers = state.signal { state in
            state.isStopping = true
            return state.publishers.values.map(\.publisher)
        }
        for publisher in publishers { publisher.disconnect(reason: "The server is shutting down") }
        state.wait(for: .seconds(5)) { $0.publishers.isEmpty }
        for thread in state.withLock({ $0.finished }) { thread.join() }
    }

    private func serve(_ connection: TCPConnection) {
        let isFull = state.withLock { $0.isStopping || $0.publishers.count >= connectionLimit }
        guard !isFull else {
            metrics.refused("too_many_connections")
            logger.warning("ingest.refused", ["reason": .public("too_many_connections")])
            return connection.shutDown()
        }
        let publisher = RTMPPublisher(
            connection: connection, gate: gate, logger: logger, metrics: metrics, clock: clock)
        let key = ObjectIdentifier(publisher)
        state.withLock { $0.publishers[key] = (publisher, nil) }
        metrics.connections.add(1)
        let thread = NamedThread("rtmp-publisher") { [state, metrics] in
            publisher.run()
            metrics.connections.add(-1)
            state.signal { state in
                if let thread = state.publishers.removeValue(forKey: key)?.thread { state.finished.append(thread) }
            }
        }
        let ended = state.withLock { state -> [NamedThread] in
            if state.publishers[key] == nil {
                state.finished.append(thread)
            } else {
                state.publishers[key]?.thread = thread
            }
            defer { state.finished = [] }
            return state.finished
        }
        for thread in ended { thread.join() }
    }
}
