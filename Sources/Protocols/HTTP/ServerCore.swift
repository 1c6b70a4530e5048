internal import Bytes
internal import CMicroHTTPD
internal import Glibc
internal import Locks

/// What the workers of one server share. It outlives the daemon.
final class ServerCore: Sendable {
    private struct Waiting {
        var isStopping = false
        var tickets: [ObjectIdentifier: ParkedRequest] = [:]
        /// How many places are taken: by the tickets, and by those that are about to be parked.
        var places = 0
        /// How many of them each client has.
        var clients: [UInt64: Int] = [:]

        mutating func leave(_ client: UInt64) {
            places -= 1
            let left = clients[client, default: 1] - 1
            clients[client] = left > 0 ? left : nil
        }
    }

    /// Most requests have none, and a chunk is an allocation.
    static let emptyBody = ByteChunk()

    let handler: any HTTPHandler
    let observer: (any HTTPServerObserver)?
    let log: @Sendable (String) -> Void
    let connectionMemory: Int
    let uploadLimit: Int
    let idleMilliseconds: Int
    let requestSeconds: Int
    let slowReaderBytes: UInt64
    let slowReaderSeconds: Int
    private let parkedLimit: Int
    private let parkedPerAddress: Int
    let refusals: Refusals
    let sockets: OpenSockets
    /// Requests whose fields have been read and whose answer is not all sent.
    let requestCount = Atomic(0)

    private let waiting = Mutex(Waiting())
    /// The same as `Waiting.isStopping`, for every request to read.
    private let stopping = Atomic(false)
    private let draining = Atomic(false)

    init(
        _ configuration: HTTPServerConfiguration, handler: any HTTPHandler, observer: (any HTTPServerObserver)?,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.handler = handler
        self.observer = observer
        self.log = log
        connectionMemory = configuration.connectionMemory
        uploadLimit = configuration.uploadLimit
        sockets = OpenSockets(limit: configuration.connectionLimit, perClient: configuration.connectionsPerAddress)
        parkedLimit = configuration.parkedLimit
        parkedPerAddress = configuration.parkedPerAddress
        requestSeconds = Int(configuration.requestTimeout.components.seconds)
        slowReaderBytes = UInt64(clamping: configuration.slowReaderBytes)
        slowReaderSeconds = max(1, Int(configuration.slowReaderWindow.components.seconds))
        idleMilliseconds = Int(configuration.idleTimeout.components.seconds) * 1000
        refusals = Refusals(commonHeaders: configuration.commonHeaders)
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// True when every answer is the last one on its connection.
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Whether a client that has connected may begin.
    func admit(_ descriptor: Int32, of client: UInt64) -> Bool {
        if sockets.admit(descriptor, of: client) { return true }
        observer?.boundReached(.connectionsPerAddress)
        return false
    }

    var parkedCount: Int { waiting.withLock { $0.tickets.count } }

    /// Takes a place among the requests that wait; a refusal when there is none for `client`.
    func takePlace(_ client: UInt64) -> HTTPResponse? {
        let refusal: (response: HTTPResponse, bound: HTTPBound?)? = waiting.withLock { waiting in
            if waiting.isStopping { return (refusals.stopping, nil) }
            if waiting.places >= parkedLimit { return (refusals.tooManyParked, .parked) }
            if waiting.clients[client, default: 0] >= parkedPerAddress {
                return (refusals.tooManyParked, .parkedPerAddress)
            }
            waiting.places += 1
            waiting.clients[client, default: 0] += 1
            return nil
        }
        if let bound = refusal?.bound { observer?.boundReached(bound) }
        return refusal?.response
    }

    /// Gives a place back that no ticket was parked at.
    func leave(_ client: UInt64) { waiting.withLock { $0.leave(client) } }

    /// Enters a ticket whose connection is about to be suspended; false when the server is stopping.
    func park(_ ticket: ParkedRequest) -> Bool {
        waiting.withLock { waiting in
            if waiting.isStopping { return false }
            waiting.tickets[ObjectIdentifier(ticket)] = ticket
            return true
        }
    }

    /// Strikes a ticket of `client` out whose connection has been resumed.
    func unpark(_ ticket: ParkedRequest, of client: UInt64) {
        waiting.withLock { waiting in
            waiting.tickets[ObjectIdentifier(ticket)] = nil
            waiting.leave(client)
        }
    }

    /// From here on every request is answered with 503, and so is every one that is parked.
    func beginStopping() {
        let tickets = waiting.withLock { waiting in
            waiting.isStopping = true
            return Array(waiting.tickets.values)
        }
        stopping.store(true, ordering: .releasing)
        for ticket in tickets { ticket.resume(with: refusals.stopping) }
    }

    /// From here on every answer says `Connection: close`.
    func beginDraining() { draining.store(true, ordering: .releasing) }

    // What follows asks every millisecond: a stop happens once in a server's life, and a signal would cost every request.

    /// Waits until no request is under way and none has come for so long, or no connection is left, or until `deadline`.
    func awaitSilence(of length: Duration, until deadline: ContinuousClock.Instant) {
        var last = ContinuousClock.now
        var connections = sockets.count
        while sockets.count > 0, ContinuousClock.now - last < length, ContinuousClock.now < deadline {
            usleep(1000)
            // Each request ends its connection, also one that came and went since the last look.
            let isBusy = requestCount.load(ordering: .acquiring) > 0 || sockets.count != connections
            if isBusy { (last, connections) = (.now, sockets.count) }
        }
    }

    /// Waits until no connection is left, or until `deadline`.
    func awaitQuiet(until deadline: ContinuousClock.Instant) {
        while sockets.count > 0, ContinuousClock.now < deadline { usleep(1000) }
    }

    /// Waits until nothing is parked, and until all answers are sent or `deadline` has passed.
    func awaitAnswers(until deadline: ContinuousClock.Instant) {
        while parkedCount > 0 || (requestCount.load(ordering: .acquiring) > 0 && ContinuousClock.now < deadline) {
            usleep(1000)
        }
    }

    /// Ends all connections while the workers still run as usual; returns when they have closed them.
    ///
    /// A daemon may be told to stop only then: libmicrohttpd 0.9.75 crashes when a worker refuses a malformed request
    /// after that, because queueing the refusal does nothing any more but reports success.
    func hangUp() {
        sockets.hangUp()
        awaitQuiet(until: .now + .seconds(5))
    }
}
