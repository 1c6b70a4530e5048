public import Bytes
internal import CMicroHTTPD
internal import Sockets

/// A request as a handler sees it: its line decoded, its fields looked up only when asked for.
///
/// The value looks into the connection's own memory, so it cannot leave the call that it was handed to: the compiler
/// refuses to store it or to capture it in a task. A handler that answers later takes what it needs, or `copied()`.
public struct HTTPRequest: ~Escapable {
    enum Source {
        case connection(OpaquePointer)
        case copy([(String, String)], remoteAddress: String)
    }

    /// The method.
    public let method: HTTPMethod
    /// The path, percent-decoded exactly once and without the query; `*` for an `OPTIONS *`.
    ///
    /// It is never normalised: `.` and `..` segments and doubled slashes arrive as they were sent, and an encoded slash
    /// is a slash. It has no NUL.
    public let path: String
    /// The query as it was sent, without its `?`; "" when there is none.
    public let rawQuery: String
    /// The whole body. It is never longer than the server's upload limit.
    public let body: ByteChunk

    private let source: Source

    @_lifetime(immortal)
    init(method: HTTPMethod, path: String, rawQuery: String, body: ByteChunk, source: Source) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.body = body
        self.source = source
    }

    /// The first value that the query gives `name`, decoded; "" for a name without a value, nil when it is absent.
    ///
    /// A value whose percent-encoding is broken comes as it was sent.
    public func query(_ name: String) -> String? {
        rawQuery.isEmpty ? nil : QueryString.firstValue(of: name, in: rawQuery)
    }

    /// Whether the query has `name` more than once, so that another reader may take another value for it.
    public func isRepeated(query name: String) -> Bool {
        rawQuery.isEmpty ? false : QueryString.isRepeated(name, in: rawQuery)
    }

    /// The value of the first field called `name`, in any case.
    public func header(_ name: String) -> String? {
        switch source {
        case .connection(let connection): Self.value(of: name, in: connection)
        case .copy(let fields, _): HTTPRequestCopy.value(of: name, in: fields)
        }
    }

    /// The client's address without its port: `192.0.2.7`, `2001:db8::7`. An IPv4 client of a dual-stack listener
    /// has an IPv4 address. "" when it is not known.
    public var remoteAddress: String {
        switch source {
        case .connection(let connection): mhd_client_address(connection).map { SocketAddress($0).host } ?? ""
        case .copy(_, let remoteAddress): remoteAddress
        }
    }

    /// Everything that belongs to the request, to be kept as long as one likes.
    public func copied() -> HTTPRequestCopy {
        let fields: [(String, String)]
        switch source {
        case .connection(let connection): fields = Self.allFields(of: connection)
        case .copy(let kept, _): fields = kept
        }
        return HTTPRequestCopy(
            method: method, path: path, rawQuery: rawQuery, headers: fields, body: body, remoteAddress: remoteAddress)
    }

    /// Looks a field up in the request that `connection` is serving. Only while it is being handled.
    static func value(of name: String, in connection: OpaquePointer) -> String? {
        var value: UnsafePointer<CChar>?
        var length = 0
        let found = name.withCString {
            MHD_lookup_connection_value_n(connection, .HEADER_KIND, $0, name.utf8.count, &value, &length)
        }
        guard found == .YES else { return nil }
        return fieldText(value, length)
    }

    private static func allFields(of connection: OpaquePointer) -> [(String, String)] {
        var fields: [(String, String)] = []
        withUnsafeMutablePointer(to: &fields) { list in
            _ = MHD_get_connection_values_n(
                connection, .HEADER_KIND,
                { list, _, name, nameLength, value, valueLength in
                    list?.assumingMemoryBound(to: [(String, String)].self).pointee
                        .append((fieldText(name, nameLength), fieldText(value, valueLength)))
                    return .YES
                }, list)
        }
        return fields
    }
}

private func fieldText(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length), as: UTF8.self)
}
