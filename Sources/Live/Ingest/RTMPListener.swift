public import Crypto
public import Sockets
public import Telemetry
public import Time

/// Takes RTMP publishers, with or without TLS: one thread accepts, one thread serves each connection.
public final class RTMPListener: Sendable {
    private let listener: TCPListener
    private let tls: (@Sendable () -> TLSServer)?
    private let gate: any PublishGate
    private let logger: Logger
    private let metrics: IngestMetrics
    private let clock: any MonotonicClock
    private let publishers: PublisherThreads

    /// Takes the publishers that come to `listener`, who wait until `start`. At most `connectionLimit` may be connected at
    /// once. With `tls` they speak TLS (RTMPS): it is asked for the certificate by the thread of each connection.
    public init(
        _ listener: TCPListener, tls: (@Sendable () -> TLSServer)? = nil, gate: any PublishGate, logger: Logger,
        metrics: IngestMetrics,
        connectionLimit: Int = 1024, clock: any MonotonicClock = SystemClocks()
    ) {
        self.listener = listener
        self.tls = tls
        self.gate = gate
        self.logger = logger
        self.metrics = metrics
        self.clock = clock
        publishers = PublisherThreads(scheme: tls == nil ? "rtmp" : "rtmps", limit: connectionLimit, metrics: metrics)
    }

    /// Where the listener listens, with the port that it was given.
    public var address: SocketAddress { listener.address }

    /// Begins to accept.
    public func start() {
        publishers.accept { [listener] in
            listener.accept()
        } serve: { [self] in
            serve($0)
        }
    }

    /// Takes no publisher any more; those who publish go on. Who comes from here on is refused by the system, or waits for
    /// the next process that has the socket.
    public func stopAccepting() {
        listener.shutDown()
        publishers.waitForAccepting()
        listener.close()
    }

    /// Tells all publishers, and waits until their connections are closed. Those that can connect anew are asked to, and are
    /// served on until they have, or `patience` is over.
    public func stop(patience: Duration = .seconds(5)) {
        stopAccepting()
        publishers.stop(patience: patience)
    }

    private func serve(_ connection: TCPConnection) {
        guard publishers.hasRoom else {
            metrics.refused("too_many_connections")
            logger.warning("ingest.refused", ["reason": .public("too_many_connections")])
            return connection.shutDown()
        }
        publishers.serve(
            RTMPPublisher(connection: connection, tls: tls, gate: gate, logger: logger, metrics: metrics, clock: clock))
    }
}
