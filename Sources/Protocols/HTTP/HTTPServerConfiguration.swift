internal import Runtime

/// Within which bounds an `HTTPServer` serves.
public struct HTTPServerConfiguration: Sendable {
    /// How many threads serve: one for each core.
    public var workers = UsableCores.count
    /// How many connections may be open. The first request on one of an eighth more gets 503; further ones wait in the
    /// kernel's queue.
    public var connectionLimit = 20_000
    /// How many connections one client may have open. The first request on one of an eighth more gets 503; further ones
    /// are closed at once. 0 sets no limit. A client is an IPv4 address or an IPv6 network of 64 bits; many viewers may
    /// share it, and all do behind a proxy.
    public var connectionsPerAddress = 1024
    /// How many requests may be parked; more get 503.
    public var parkedLimit = 20_000
    /// How many requests of one client may be parked; more get 503.
    public var parkedPerAddress = 1024
    /// After how long without a byte in either direction a connection is closed. Parked requests do not count. Whole
    /// seconds; 0 sets no limit.
    public var idleTimeout = Duration.seconds(30)
    /// How long a client has from the first byte of a request to its last. Whole seconds, looked at once in each; 0 sets
    /// no limit.
    public var requestTimeout = Duration.seconds(10)
    /// How many bytes a client has to take within `slowReaderWindow` while there are some for it; one that takes fewer
    /// is cut off. 0 sets no limit.
    public var slowReaderBytes = 65_536
    /// How long a reader is watched before it counts as slow. Whole seconds.
    public var slowReaderWindow = Duration.seconds(20)
    /// How much memory a connection has for request line, request fields, 64 bytes for each field, a copy of the cookies
    /// and 64 bytes for each, and the fields of the response: most of what a viewer who waits costs. Half of it is the
    /// buffer to read into, as long as nothing else needs it. The default takes three kibibytes of a browser's fields,
    /// forty cookies among them.
    public var connectionMemory = 10_240
    /// How long a request body may be; a longer one gets 413.
    public var uploadLimit = 65_536
    /// Fields of every response that the server makes itself (400, 413, 431, 500, 503): CORS belongs here.
    public var commonHeaders: [(String, String)] = []

    /// The defaults.
    public init() {}
}
