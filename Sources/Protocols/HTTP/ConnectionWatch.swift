internal import Locks

/// What the patrol knows of a connection. The connection's worker says what it is at; the rest is the patrol's.
final class ConnectionWatch: Sendable {
    /// What the patrol has seen of a client's reading.
    struct Reading {
        var bytesTaken: UInt64
        /// The second from which on `bytesTaken` counts.
        var since: Int
    }

    /// The second since which a request has been awaited; negative while one is parked or answered.
    private let awaiting: Atomic<Int>
    /// Only the patrol's thread looks at it, under the lock of `OpenSockets`.
    let reading = Mutex<Reading?>(nil)

    /// A connection that has just begun.
    init(second: Int) { awaiting = Atomic(second) }

    /// A request is awaited from now on.
    func awaitRequest(second: Int) { awaiting.store(second, ordering: .relaxed) }

    /// A request is whole.
    func requestIsWhole() { awaiting.store(-1, ordering: .relaxed) }

    /// For how long a request has been awaited, at `second`; nothing while none is.
    func waited(at second: Int) -> Int? {
        let since = awaiting.load(ordering: .relaxed)
        return since < 0 ? nil : second - since
    }
}
