/// Hears what a server does, for counters. All calls come from the server's workers and must not block.
public protocol HTTPServerObserver: Sendable {
    /// A client connected.
    func connectionOpened()
    /// A connection is gone.
    func connectionClosed()
    /// A request is over.
    /// - Parameters:
    ///   - status: what it was answered with; 0 when the client left before it had sent all of it.
    ///   - wasDelivered: false when the connection broke before all of the answer was handed to the kernel.
    func requestCompleted(method: HTTPMethod, status: Int, wasDelivered: Bool)
    /// A request was turned away before it was understood: malformed, or too large for the connection's memory.
    func requestRejected()
    /// A connection or a request was turned away because there are as many as there may be.
    func boundReached(_ bound: HTTPBound)
    /// A connection was cut off: a request did not become whole in time, or the client took its answer too slowly.
    func connectionDropped(_ reason: DropReason)
}

/// How many there may be of something, by the name of its setting. Whoever is over it gets 503.
public enum HTTPBound: String, Sendable, CaseIterable {
    /// Connections in all.
    case connections
    /// Connections of one client.
    case connectionsPerAddress
    /// Parked requests in all.
    case parked
    /// Parked requests of one client.
    case parkedPerAddress
}

/// Why a connection was cut off.
public enum DropReason: String, Sendable, CaseIterable {
    /// Its request did not become whole in time.
    case slowRequest = "slow_request"
    /// The client hardly took what was sent to it.
    case slowReader = "slow_reader"
}

extension HTTPServerObserver {
    /// Does nothing.
    public func connectionOpened() {}
    /// Does nothing.
    public func connectionClosed() {}
    /// Does nothing.
    public func requestCompleted(method: HTTPMethod, status: Int, wasDelivered: Bool) {}
    /// Does nothing.
    public func requestRejected() {}
    /// Does nothing.
    public func boundReached(_ bound: HTTPBound) {}
    /// Does nothing.
    public func connectionDropped(_ reason: DropReason) {}
}
