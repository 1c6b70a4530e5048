import Glibc
import HTTP
import Locks
import Sockets

/// Answers with a closure.
struct ClosureHandler: HTTPHandler {
    let body: @Sendable (HTTPRequest) -> HTTPAnswer

    init(_ body: @escaping @Sendable (HTTPRequest) -> HTTPAnswer) { self.body = body }

    func respond(to request: HTTPRequest) -> HTTPAnswer { body(request) }
}

/// Counts what a server reports.
final class CountingObserver: HTTPServerObserver {
    struct Counts {
        var opened = 0
        var closed = 0
        var rejected = 0
        var statuses: [Int: Int] = [:]
        var undelivered = 0
        var bounds: [HTTPBound] = []
        var dropped: [DropReason] = []
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func connectionOpened() { state.withLock { $0.opened += 1 } }
    func connectionClosed() { state.withLock { $0.closed += 1 } }
    func boundReached(_ bound: HTTPBound) { state.withLock { $0.bounds.append(bound) } }
    func connectionDropped(_ reason: DropReason) { state.withLock { $0.dropped.append(reason) } }
    func requestRejected() { state.withLock { $0.rejected += 1 } }
    func requestCompleted(method: HTTPMethod, status: Int, wasDelivered: Bool) {
        state.withLock {
            $0.statuses[status, default: 0] += 1
            if !wasDelivered { $0.undelivered += 1 }
        }
    }
}

/// What the server and its tests share: tickets that a handler parked, in order.
final class Tickets: Sendable {
    private let state = Mutex<[ParkedRequest]>([])

    var all: [ParkedRequest] { state.withLock { $0 } }

    func park() -> HTTPAnswer {
        .park { ticket in self.state.withLock { $0.append(ticket) } }
    }
}

func startServer(
    address: String = "127.0.0.1", port: UInt16 = 0, observer: (any HTTPServerObserver)? = nil,
    log: @escaping @Sendable (String) -> Void = { _ in },
    configure: (inout HTTPServerConfiguration) -> Void = { _ in },
    handler: @escaping @Sendable (HTTPRequest) -> HTTPAnswer
) throws -> HTTPServer {
    var configuration = HTTPServerConfiguration()
    configuration.workers = 2
    configuration.commonHeaders = [("Access-Control-Allow-Origin", "*")]
    configure(&configuration)
    return try HTTPServer.start(
        configuration, on: TCPListener(SocketAddress(host: address, port: port)), handler: ClosureHandler(handler),
        observer: observer, log: log)
}

/// Runs `body` on `count` threads and waits for all of them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Job: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let threads = (0..<count).map { index in
        var thread = pthread_t()
        let job = Unmanaged.passRetained(Job { body(index) })
        pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, job.toOpaque())
        return thread
    }
    for thread in threads { pthread_join(thread, nil) }
}
