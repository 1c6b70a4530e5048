internal import CMicroHTTPD
internal import Glibc
internal import Runtime
internal import Sockets
internal import Locks

/// An HTTP/1.1 server over libmicrohttpd: epoll workers, keep-alive, shared responses and parked requests.
///
/// ```swift
/// let server = try HTTPServer.start(HTTPServerConfiguration(address: "::", port: 8080), handler: origin)
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
    private let patrol: Patrol

    /// `@unchecked Sendable`: used by `start` and, once, under the lock of `daemon`, by `stop`.
    private struct Daemon: @unchecked Sendable { let handle: OpaquePointer }

    /// Listens and starts serving.
    /// - Parameters:
    ///   - handler: answers the requests, on the workers.
    ///   - observer: hears of connections and requests, on the workers.
    ///   - log: takes libmicrohttpd's messages, one line each, on any thread. Clients can cause many of them.
    public static func start(
        _ configuration: HTTPServerConfiguration, handler: any HTTPHandler, observer: (any HTTPServerObserver)? = nil,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(HTTPServerError) -> HTTPServer {
        let socket: ListeningSocket
        do throws(SocketError) {
            socket = try ListeningSocket(
                SocketAddress(host: configuration.address, port: configuration.port), isBlocking: false)
        } catch { throw .socket(error) }
        let core = ServerCore(configuration, handler: handler, observer: observer, log: log)
        guard let daemon = startDaemon(configuration, core, socket.descriptor) else {
            // Whether libmicrohttpd has closed the socket depends on how far it came: leave it to the process's end
            // rather than close a number that may be another file's by now.
            throw .workersRefused(socket.address)
        }
        return HTTPServer(port: socket.address.port, core: core, daemon: daemon, patrol: Patrol(core))
    }

    private init(port: UInt16, core: ServerCore, daemon: OpaquePointer, patrol: Patrol) {
        self.patrol = patrol
        self.port = port
        self.core = core
        self.daemon = Mutex(Daemon(handle: daemon))
    }

    deinit { stop() }

    /// How many requests are parked.
    public var parkedCount: Int { core.parkedCount }

    /// How many connections are open.
    public var connectionCount: Int { core.sockets.count }

    /// How many requests have been read and are not all answered, the parked ones among them.
    public var requestCount: Int { core.requestCount.load(ordering: .relaxed) }

    /// Stops serving.
    ///
    /// Requests that are parked, and those that come from here on, are answered with 503 and `Connection: close`. Answers
    /// on their way have `grace` to reach their clients; then all connections are closed. Returns when the workers are
    /// gone. A second call waits for the first. Not to be called on a worker.
    ///
    /// The listening socket is open until the end: `MHD_quiesce_daemon` of libmicrohttpd 0.9.75 aborts the process when a
    /// worker of a pool takes the socket out of its epoll set at the same moment.
    public func stop(grace: Duration = .seconds(2)) {
        daemon.withLock { daemon in
            guard let running = daemon else { return }
            core.beginStopping()
            core.drain(until: .now + grace)
            core.hangUp()
            patrol.stop()
            MHD_stop_daemon(running.handle)
            daemon = nil
        }
    }

    private static func startDaemon(
        _ configuration: HTTPServerConfiguration, _ core: ServerCore, _ descriptor: Int32
    ) -> OpaquePointer? {
        let workers = UInt32(clamping: max(1, configuration.workers))
        var options = mhd_options()
        options.listen_socket = descriptor
        options.workers = workers
        options.connection_memory = max(1024, configuration.connectionMemory)
        let connections = OpenSockets.withSpare(configuration.connectionLimit)
        options.connections = max(workers, UInt32(clamping: connections))
        options.idle_seconds = UInt32(clamping: configuration.idleTimeout.components.seconds)
        // Unretained: the server holds the core until the daemon is stopped.
        options.context = Unmanaged.passUnretained(core).toOpaque()
        options.accept = acceptConnection
        options.handle = handleRequest
        options.completed = requestCompleted
        options.connection_changed = connectionChanged
        options.request_line = requestLineRead
        options.unescape = keepEscapes
        options.log = logMessage
        return mhd_start(&options)
    }
}
