internal import CMicroHTTPD
public import Sockets
internal import Locks

/// An HTTP/1.1 server over libmicrohttpd: epoll workers, keep-alive, shared responses and parked requests.
///
/// ```swift
/// let listener = try TCPListener(SocketAddress(host: "::", port: 8080))
/// let server = try HTTPServer.start(HTTPServerConfiguration(), on: listener, handler: origin)
/// defer { server.stop() }
/// ```
///
/// What the server answers by itself carries `commonHeaders`: 400 (a bad path, no `Host`, ambiguous framing, a request
/// line that is none), 413, 431 where the response's fields would not fit any more, 500 and 503. Only what libmicrohttpd
/// refuses while it still reads cannot be decorated, and has no field but `Date`, `Connection` and `Content-Length`:
/// 400 for a malformed field, version or chunk, 414 and 431 for a line or fields beyond the connection's memory,
/// 413 for a length beyond 64 bits, and 505.
public final class HTTPServer: Sendable {
    /// The port that is listened on.
    public let port: UInt16

    private let core: ServerCore
    private let daemon: Mutex<Daemon?>
    private let acceptor: Acceptor
    private let patrol: Patrol

    /// How long nobody may say anything before the rest of the connections count as idle: a client that has just got its
    /// playlist gets the part that it names on another connection.
    private static let silence = Duration.milliseconds(250)
    /// How long clients have to notice that their idle connections end.
    private static let farewell = Duration.milliseconds(250)

    /// Starts serving those who come to `listener`, which is the server's from here on.
    /// - Parameters:
    ///   - handler: answers the requests, on the workers.
    ///   - observer: hears of connections and requests, on the workers.
    ///   - log: takes libmicrohttpd's messages, one line each, on any thread. Clients can cause many of them.
    public static func start(
        _ configuration: HTTPServerConfiguration, on listener: TCPListener, handler: any HTTPHandler,
        observer: (any HTTPServerObserver)? = nil, log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(HTTPServerError) -> HTTPServer {
        let core = ServerCore(configuration, handler: handler, observer: observer, log: log)
        guard let daemon = startDaemon(configuration, core) else { throw .workersRefused(listener.address) }
        return HTTPServer(listener, core: core, daemon: Daemon(handle: daemon))
    }

    private init(_ listener: TCPListener, core: ServerCore, daemon: Daemon) {
        port = listener.address.port
        self.core = core
        self.daemon = Mutex(daemon)
        patrol = Patrol(core)
        acceptor = Acceptor(listener, core, daemon)
        acceptor.start()
    }

    deinit { stop() }

    /// How many requests are parked.
    public var parkedCount: Int { core.parkedCount }

    /// How many connections are open.
    public var connectionCount: Int { core.sockets.count }

    /// How many requests have been read and are not all answered, the parked ones among them.
    public var requestCount: Int { core.requestCount.load(ordering: .relaxed) }

    /// Lets what is under way come to its end, so that nobody notices when `stop` follows. Not to be called on a worker.
    ///
    /// No connection is taken any more: who connects waits in the socket's queue for the next process that has it, and is
    /// refused where there is none. Requests on connections that are open are answered as ever, the parked ones too, and
    /// told `Connection: close`. When nothing is under way and nobody has said anything for a moment, connections that are
    /// idle end, which is theirs to expect at any time (RFC 9112 §9.3.1 and §9.5): the sending side first (§9.6).
    /// - Returns: how many requests were still waiting for their answer when `limit` was over.
    public func drain(for limit: Duration) -> Int {
        acceptor.stop()
        core.beginDraining()
        let deadline = ContinuousClock.now + limit
        core.awaitSilence(of: Self.silence, until: deadline)
        core.sockets.endIdle()
        core.awaitQuiet(until: min(deadline, .now + Self.farewell))
        return requestCount
    }

    /// Stops serving.
    ///
    /// Requests that are parked, and those that come from here on, are answered with 503 and `Connection: close`. Answers
    /// on their way have `grace` to reach their clients; then all connections are closed. Returns when the workers are
    /// gone. A second call waits for the first. Not to be called on a worker.
    public func stop(grace: Duration = .seconds(2)) {
        daemon.withLock { daemon in
            guard let running = daemon else { return }
            acceptor.stop()
            core.beginStopping()
            core.awaitAnswers(until: .now + grace)
            core.hangUp()
            patrol.stop()
            MHD_stop_daemon(running.handle)
            daemon = nil
        }
    }

    private static func startDaemon(
        _ configuration: HTTPServerConfiguration, _ core: ServerCore
    ) -> OpaquePointer? {
        let workers = UInt32(clamping: max(1, configuration.workers))
        var options = mhd_options()
        options.workers = workers
        options.connection_memory = max(1024, configuration.connectionMemory)
        // The acceptor counts them. libmicrohttpd would give each worker its share of a limit, and close what is beyond.
        options.connections = .max
        options.idle_seconds = UInt32(clamping: configuration.idleTimeout.components.seconds)
        // Unretained: the server holds the core until the daemon is stopped.
        options.context = Unmanaged.passUnretained(core).toOpaque()
        options.handle = handleRequest
        options.completed = requestCompleted
        options.connection_changed = connectionChanged
        options.request_line = requestLineRead
        options.unescape = keepEscapes
        options.log = logMessage
        return mhd_start(&options)
    }
}
