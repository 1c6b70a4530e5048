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
        /// Connections that were let in and have not begun yet.
        var admitted = 0
        var connections: [Int32: ConnectionWatch] = [:]
        /// How many of them each client has.
        var clients: [UInt64: Int] = [:]
    }

    /// What becomes of a client that has connected.
    enum Admission { case admitted, refused, stopping }

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

    /// How many connections are open.
    var count: Int { state.withLock { $0.connections.count } }

    /// True when no connection is open and none is about to begin.
    var isQuiet: Bool { state.withLock { $0.admitted == 0 && $0.connections.isEmpty } }

    /// Whether a client that has connected may begin. Those in all are bounded by libmicrohttpd.
    func admit(_ client: UInt64) -> Admission {
        state.withLock { state in
            if state.isClosing { return .stopping }
            if state.clients[client, default: 0] >= Self.withSpare(perClient) { return .refused }
            state.admitted += 1
            return .admitted
        }
    }

    /// A connection of `client` has begun. Returns the bound that it is over, if there is one.
    func insert(_ descriptor: Int32, _ watch: ConnectionWatch, of client: UInt64) -> HTTPBound? {
        state.withLock { state in
            state.admitted -= 1
            state.connections[descriptor] = watch
            let ofClient = state.clients[client, default: 0] + 1
            state.clients[client] = ofClient
            if state.isClosing { shutdown(descriptor, Int32(SHUT_RDWR)) }
            if state.connections.count > limit { return .connections }
            return ofClient > perClient ? .connectionsPerAddress : nil
        }
    }

    /// A connection of `client` is about to be closed.
    func remove(_ descriptor: Int32, of client: UInt64) {
        state.withLock { state in
            state.connections[descriptor] = nil
            let left = state.clients[client, default: 1] - 1
            state.clients[client] = left > 0 ? left : nil
        }
    }

    /// Lets no one in any more, and ends all connections: the workers find them hung up, and close them.
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
