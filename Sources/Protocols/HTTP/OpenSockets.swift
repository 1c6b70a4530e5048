internal import Glibc
internal import Locks

/// The sockets of a server's open connections, so that it can count them, and end them itself: when it stops, and when
/// a client wears it out.
///
/// A socket is in here from the moment its connection begins until just before libmicrohttpd closes it, and it is only
/// touched under the lock: its number cannot have become another file's.
final class OpenSockets: Sendable {
    private struct State {
        var isClosing = false
        /// Connections that were let in and have not begun yet, and the bounds that they are over.
        var admitted: [Int32: HTTPBound?] = [:]
        var connections: [Int32: ConnectionWatch] = [:]
        /// How many of both each client has.
        var clients: [UInt64: Int] = [:]

        var count: Int { admitted.count + connections.count }

        mutating func leave(_ client: UInt64) {
            let left = clients[client, default: 1] - 1
            clients[client] = left > 0 ? left : nil
        }
    }

    private let state = Mutex(State())
    private let limit: Int
    private let perClient: Int

    /// No sockets yet. A limit of 0 for one client is none.
    init(limit: Int, perClient: Int) {
        self.limit = limit
        self.perClient = perClient > 0 ? perClient : .max
    }

    /// `limit` and the connections beyond it that are let in to be told that there are too many.
    static func withSpare(_ limit: Int) -> Int {
        let (sum, overflows) = limit.addingReportingOverflow(limit / 8 + 16)
        return overflows ? .max : sum
    }

    /// How many connections are open, those among them that are about to begin.
    var count: Int { state.withLock { $0.count } }

    /// True while there may be one more connection, or one that is let in to be told that there are too many.
    var hasRoom: Bool { state.withLock { $0.count < Self.withSpare(limit) } }

    /// Whether a client that has connected may begin. Those in all are bounded by `hasRoom`. Each is judged when it comes:
    /// the workers begin in no order.
    func admit(_ descriptor: Int32, of client: UInt64) -> Bool {
        state.withLock { state in
            let ofClient = state.clients[client, default: 0] + 1
            if ofClient > Self.withSpare(perClient) { return false }
            state.clients[client] = ofClient
            state.admitted.updateValue(
                state.count >= limit ? .connections : ofClient > perClient ? .connectionsPerAddress : nil,
                forKey: descriptor)
            return true
        }
    }

    /// One that was admitted does not begin after all.
    func turnAway(_ descriptor: Int32, of client: UInt64) {
        state.withLock { state in
            state.admitted.removeValue(forKey: descriptor)
            state.leave(client)
        }
    }

    /// A connection has begun. Returns the bound that it is over, if there is one.
    func insert(_ descriptor: Int32, _ watch: ConnectionWatch) -> HTTPBound? {
        state.withLock { state in
            state.connections[descriptor] = watch
            if state.isClosing { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return state.admitted.removeValue(forKey: descriptor) ?? nil
        }
    }

    /// A connection of `client` is about to be closed.
    func remove(_ descriptor: Int32, of client: UInt64) {
        state.withLock { state in
            state.connections[descriptor] = nil
            state.leave(client)
        }
    }

    /// Ends the sending side of the connections on which nothing is under way, whose clients close them then. What a
    /// client has sent by now, or sends before it notices, is read and not answered.
    func endIdle() {
        state.withLock { state in
            for (descriptor, watch) in state.connections {
                var byte: UInt8 = 0
                // A request is there and has not been read: it is answered as usual.
                if recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) > 0 { continue }
                if watch.end() { shutdown(descriptor, Int32(SHUT_WR)) }
            }
        }
    }

    /// Ends all connections, also those that are about to begin: the workers find them hung up, and close them.
    func hangUp() {
        state.withLock { state in
            state.isClosing = true
            for descriptor in state.connections.keys { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Ends the connections for which `reason` has one; returns the reasons, each once.
    ///
    /// What was not sent yet is thrown away: the kernel would keep it for a client that does not read. A worker that
    /// was reading at the same moment can overlook the end, so it is told again until it closes.
    func drop(_ reason: (Int32, ConnectionWatch) -> DropReason?) -> [DropReason] {
        state.withLock { state in
            state.connections.compactMap { descriptor, watch in
                let isDropped = watch.sight.withLock { $0.isDropped }
                let reason = isDropped ? nil : reason(descriptor, watch)
                guard isDropped || reason != nil else { return nil }
                watch.sight.withLock { $0.isDropped = true }
                var lingering = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
                shutdown(descriptor, Int32(SHUT_RDWR))
                return reason
            }
        }
    }
}
