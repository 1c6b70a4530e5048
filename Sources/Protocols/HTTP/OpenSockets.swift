internal import Glibc
internal import Locks

/// The sockets of a server's open connections, so that it can end them itself: when it stops, and when a client wears it
/// out.
///
/// A socket is in here from the moment its connection begins until just before libmicrohttpd closes it, and it is only
/// touched under the lock: its number cannot have become another file's.
final class OpenSockets: Sendable {
    private struct State {
        var isClosing = false
        /// Connections that were let in and have not begun yet.
        var admitted = 0
        var connections: [Int32: ConnectionWatch] = [:]
    }

    private let state = Mutex(State())

    /// How many connections are open.
    var count: Int { state.withLock { $0.connections.count } }

    /// True when no connection is open and none is about to begin.
    var isQuiet: Bool { state.withLock { $0.admitted == 0 && $0.connections.isEmpty } }

    /// Whether a client that has connected may begin.
    func admit() -> Bool {
        state.withLock { state in
            if !state.isClosing { state.admitted += 1 }
            return !state.isClosing
        }
    }

    /// A connection has begun.
    func insert(_ descriptor: Int32, _ watch: ConnectionWatch) {
        state.withLock { state in
            state.admitted -= 1
            state.connections[descriptor] = watch
            if state.isClosing { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// A connection is about to be closed.
    func remove(_ descriptor: Int32) {
        state.withLock { _ = $0.connections.removeValue(forKey: descriptor) }
    }

    /// Lets no one in any more, and ends all connections: the workers find them hung up, and close them.
    func hangUp() {
        state.withLock { state in
            state.isClosing = true
            for descriptor in state.connections.keys { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Ends the connections for which `reason` has one; returns the reasons.
    func drop(_ reason: (Int32, ConnectionWatch) -> DropReason?) -> [DropReason] {
        state.withLock { state in
            state.connections.compactMap { descriptor, watch in
                guard let reason = reason(descriptor, watch) else { return nil }
                shutdown(descriptor, Int32(SHUT_RDWR))
                return reason
            }
        }
    }
}
