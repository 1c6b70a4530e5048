import Glibc
import Locks
import Runtime
import Sockets

/// A server that answers each HTTP request with bytes that a test writes, right or wrong.
public final class RawServer: Sendable {
    /// One request, and the connection that it came on.
    public struct Exchange: Sendable {
        /// The head and the body, as they came.
        public let request: String
        private let connection: TCPConnection

        fileprivate init(request: String, connection: TCPConnection) {
            (self.request, self.connection) = (request, connection)
        }

        /// Sends `text`; false when nobody takes it.
        @discardableResult public func send(_ text: String) -> Bool { connection.write(Array(text.utf8)) }

        /// Waits until the client has left; false when it has not within ten seconds.
        public func isLeft() -> Bool {
            connection.setTimeout(.seconds(10))
            return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) {
                connection.read(into: $0) == .closed
            }
        }
    }

    private let listener: TCPListener
    private let seen = Monitor<[String]>([])
    private let accepting = Mutex<NamedThread?>(nil)

    /// A server at a port of its own, that lets `answer` deal with each request on a thread of its own, and then closes the
    /// connection.
    public init(_ answer: @escaping @Sendable (Exchange) -> Void) throws {
        listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let thread = NamedThread("raw-accept") { [listener, seen] in
            var threads: [NamedThread] = []
            while let connection = listener.accept() {
                threads.append(
                    NamedThread("raw-answer") {
                        let request = Self.request(connection)
                        seen.withLock { $0.append(request) }
                        answer(Exchange(request: request, connection: connection))
                        connection.closeGracefully()
                    })
            }
            for thread in threads { thread.join() }
        }
        accepting.withLock { $0 = thread }
    }

    /// A server that answers each request with `text`.
    public convenience init(_ text: String) throws { try self.init { $0.send(text) } }

    /// The requests that came.
    public var requests: [String] { seen.withLock { $0 } }

    /// Its port.
    public var port: UInt16 { listener.address.port }

    /// The URL of anything there.
    public var url: String { "http://127.0.0.1:\(port)/hook" }

    /// Takes no more requests, and waits for those that it has.
    public func stop() {
        listener.shutDown()
        accepting.withLock { $0.take()?.join() }
        listener.close()
    }

    /// A request with a body of the length that its head says.
    private static func request(_ connection: TCPConnection) -> String {
        connection.setTimeout(.seconds(10))
        var bytes: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            while !isWhole(String(decoding: bytes, as: UTF8.self)) {
                guard case .bytes(let count) = connection.read(into: buffer) else { break }
                bytes += buffer[..<count]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isWhole(_ text: String) -> Bool {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        let field = text[..<end.lowerBound].split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        let length = field.flatMap { Int($0.dropFirst(16)) } ?? 0
        return text[end.upperBound...].utf8.count >= length
    }
}
