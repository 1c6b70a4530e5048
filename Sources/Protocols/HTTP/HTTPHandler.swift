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
    /// Answered by `resume(with:)` of this ticket, which may already have been called. A ticket serves one request;
    /// one that comes a second time gets its second request answered with 500.
    case park(ParkedRequest)
}
