internal import Locks

/// What the patrol knows of a connection. The connection's worker says what it is at; the rest is the patrol's.
final class ConnectionWatch: Sendable {
    /// What the patrol has seen of a client.
    struct Sight {
        /// What the client has taken of what waits for it, and the second from which on that counts.
        var reading: (bytesTaken: UInt64, since: Int)?
        /// The number of the request that is awaited, and what had come when the patrol first saw that it was. Whatever
        /// a new connection has received belongs to its first request.
        var awaited: (number: Int, bytesReceived: UInt64) = (0, 0)
        /// The second in which the patrol first saw that something of that request had come.
        var begun: Int?
        /// True when the connection has been cut off, and its worker has not closed it yet.
        var isDropped = false
    }

    /// The number of the request that is awaited; below zero, and one more, while that one is parked or answered.
    private let awaiting = Atomic(0)
    /// What it is once no request is awaited any more.
    private static let ended = Int.min
    /// True while its request is parked: then nothing is expected of the client.
    let isParked = Atomic(false)
    /// Only the patrol's thread looks at it, under the lock of `OpenSockets`.
    let sight = Mutex(Sight())

    /// The next request is awaited from now on. Only the connection's worker.
    func awaitNextRequest() {
        let number = awaiting.load(ordering: .relaxed)
        if number == Self.ended { return }
        // It fails when the connection is ended at this moment, and then it stays so.
        _ = awaiting.compareExchange(
            expected: number, desired: number < 0 ? -number : number + 1, ordering: .relaxed)
    }

    /// The request that was awaited is whole; false when the connection was ended before, and must not answer it. Only the
    /// connection's worker.
    func requestIsWhole() -> Bool {
        let number = awaiting.load(ordering: .relaxed)
        if number < 0 { return number != Self.ended }
        return awaiting.compareExchange(expected: number, desired: -number - 1, ordering: .relaxed).exchanged
    }

    /// Ends the connection to further requests; false, and nothing happens, when one is parked or answered.
    func end() -> Bool {
        let number = awaiting.load(ordering: .relaxed)
        return number >= 0
            && awaiting.compareExchange(expected: number, desired: Self.ended, ordering: .relaxed).exchanged
    }

    /// The number of the request that is awaited; nothing while none is.
    var awaitedRequest: Int? {
        let number = awaiting.load(ordering: .relaxed)
        return number < 0 ? nil : number
    }
}
