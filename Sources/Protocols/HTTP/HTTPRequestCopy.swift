public import Bytes

/// A request with memory of its own: for handlers that answer later, and for tests that need no socket.
public struct HTTPRequestCopy: Sendable {
    /// The method.
    public let method: HTTPMethod
    /// The decoded path, as in `HTTPRequest`.
    public let path: String
    /// The query as it was sent, without its `?`.
    public let rawQuery: String
    /// The fields in the order in which they were sent.
    public let headers: [(String, String)]
    /// The whole body.
    public let body: ByteChunk
    /// The client's address without its port.
    public let remoteAddress: String

    /// A request made of these parts.
    public init(
        method: HTTPMethod = .get, path: String, rawQuery: String = "", headers: [(String, String)] = [],
        body: ByteChunk = ByteChunk(), remoteAddress: String = ""
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// The first value that the query gives `name`, as in `HTTPRequest`.
    public func query(_ name: String) -> String? { QueryString.firstValue(of: name, in: rawQuery) }

    /// The value of the first field called `name`, in any case.
    public func header(_ name: String) -> String? { Self.value(of: name, in: headers) }

    /// The same request in the form that a handler takes.
    public var request: HTTPRequest {
        @_lifetime(borrow self)
        get {
            HTTPRequest(
                method: method, path: path, rawQuery: rawQuery, body: body,
                source: .copy(headers, remoteAddress: remoteAddress))
        }
    }

    static func value(of name: String, in fields: [(String, String)]) -> String? {
        fields.first { HeaderName.areEqual($0.0, name) }?.1
    }
}
