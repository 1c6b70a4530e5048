internal import CMicroHTTPD
internal import Locks

/// The ticket of a request that is answered later.
///
/// A handler returns `.park` with a closure that gives the ticket to whoever will know the answer. The connection then
/// costs its memory and nothing else until `resume(with:)`.
///
/// Why this is safe against libmicrohttpd 0.9.75:
/// - A connection is suspended and its address written into the ticket under the ticket's lock, so no one can resume a
///   connection that is not suspended yet; a `resume` that comes earlier only leaves its response in the ticket.
/// - A suspended connection has no events and no timeout. Nothing but the one call to `MHD_resume_connection` can
///   end that state, so the address stays valid until this call, also when the client has gone.
/// - After that call the address is never used again: the response is queued on the connection's own worker, which
///   libmicrohttpd makes call the access handler once more.
/// - The server counts the ticket as parked until that call has returned, and stops its daemon only when no ticket is
///   parked: the call touches memory of the daemon to its very end.
public final class ParkedRequest: Sendable {
    private enum State {
        case unused
        /// Resumed before it was parked.
        case answeredEarly(HTTPResponse)
        case parked(ParkedConnection)
        /// Resumed; the worker has not fetched the response yet.
        case resumed(HTTPResponse)
        case finished
    }

    /// What parking a ticket came to.
    enum Parking {
        case suspended
        case answered(HTTPResponse)
        /// The server is stopping.
        case refused
    }

    private let state = Mutex(State.unused)

    /// A ticket for one request, whose place among those that wait has been taken.
    init() {}

    /// Answers the request with `response`.
    ///
    /// May be called from any thread, before or after the handler has returned, and when the client is long gone. It
    /// does not block and costs about a microsecond. Not from within a lock that the handler takes.
    /// - Returns: true the first time; false, and nothing happens, when the request was answered before.
    @discardableResult
    public func resume(with response: HTTPResponse) -> Bool {
        var parked: ParkedConnection?
        let isFirst = state.withLock { state in
            switch state {
            case .unused: state = .answeredEarly(response)
            case .parked(let connection):
                parked = connection
                state = .resumed(response)
            case .answeredEarly, .resumed, .finished: return false
            }
            return true
        }
        if let parked {
            MHD_resume_connection(parked.connection)
            parked.core.unpark(self, of: parked.client)
        }
        return isFirst
    }

    /// Suspends `connection`, which is one of `client`, until `resume`. Once, on its worker, within the access handler.
    /// The place is left when it comes to anything but suspension.
    func park(_ connection: OpaquePointer, of core: ServerCore, client: UInt64) -> Parking {
        // Suspending and entering the ticket in the server's list happen under the ticket's lock; neither calls back.
        state.withLock { state in
            if case .answeredEarly(let response) = state {
                state = .finished
                core.leave(client)
                return .answered(response)
            }
            guard core.park(self) else {
                state = .finished
                core.leave(client)
                return .refused
            }
            MHD_suspend_connection(connection)
            state = .parked(ParkedConnection(connection: connection, client: client, core: core))
            return .suspended
        }
    }

    /// The response that the request was resumed with, once. Only on the connection's worker.
    func takeResponse() -> HTTPResponse? {
        state.withLock { state in
            guard case .resumed(let response) = state else { return nil }
            state = .finished
            return response
        }
    }
}

/// Where a parked request waits. `@unchecked Sendable`: `connection` is used by one thread only, the one that takes it
/// out of the ticket under the ticket's lock, and then only to resume it.
private struct ParkedConnection: @unchecked Sendable {
    let connection: OpaquePointer
    let client: UInt64
    let core: ServerCore
}
