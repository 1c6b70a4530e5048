/// Whoever answers the requests of an `HTTPServer`.
public protocol HTTPHandler: Sendable {
    /// Answers `request`, or parks it to be answered later.
    ///
    /// Called on a worker of the server, of which there is one per core: it must not block, for every connection of
    /// that worker waits. It must not stop the server either. A `HEAD` is answered like a `GET`; the server leaves the
    /// body out.
    func respond(to request: HTTPRequest) -> HTTPAnswer
}

/// What a handler does with a request.
public enum HTTPAnswer: Sendable {
    /// Answered now.
    case response(HTTPResponse)
    /// Answered by `resume(with:)` of the ticket that the closure is given, at any time, also before the closure returns.
    ///
    /// The closure is called once, soon and on the same worker, when the server has a place for one more request that
    /// waits. When it has none it answers with 503 and never calls it, so that whoever keeps tickets keeps no more of
    /// them than there are places.
    case park(@Sendable (ParkedRequest) -> Void)
}
