import Glibc

/// A blocking HTTP client on a raw socket; every step gives up after a minute.
package final class TestClient {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package struct Response {
        package var statusLine = ""
        package var headers: [(String, String)] = []
        package var body: [UInt8] = []

        package var status: Int { Int(statusLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }
        package var text: String { String(decoding: body, as: UTF8.self) }
        package subscript(name: String) -> String? { headers.first { $0.0 == name.lowercased() }?.1 }
    }

    /// A program that another test starts must not keep the connection open.
    private static let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    /// Connects; `own` is the address that the server sees.
    package init(
        _ port: UInt16, host: String = "127.0.0.1", from own: String? = nil, receiveBuffer: Int32? = nil
    ) throws {
        let isIPv6 = host.contains(":")
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, TestClient.type, 0)
        if descriptor < 0 { throw Failure(description: "socket: \(errno)") }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, length)
        if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
        let connected: Int32
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            if let own {
                inet_pton(AF_INET, own, &address.sin_addr)
                _ = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        if connected != 0 { throw Failure(description: "connect: \(errno)") }
    }

    deinit { close() }

    package func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }

    /// Sends all of `text`, or as much as the server takes before it closes.
    package func send(_ text: String) { send(bytes: Array(text.utf8)) }

    package func send(bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Takes some bytes of what has arrived; how many.
    package func read(atMost limit: Int) -> Int {
        var piece = [UInt8](repeating: 0, count: limit)
        return max(0, recv(descriptor, &piece, limit, Int32(MSG_DONTWAIT)))
    }

    package func get(_ target: String, _ fields: String = "") throws -> Response {
        send("GET \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
        return try receive()
    }

    package func request(
        _ method: String, _ target: String, _ fields: String = "", body: String = ""
    ) throws -> Response {
        send("\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n\(body)")
        return try receive(hasBody: method != "HEAD")
    }

    package func receive(hasBody: Bool = true) throws -> Response {
        var response = Response()
        response.statusLine = try readLine()
        while case let line = try readLine(), !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { throw Failure(description: "bad field: \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            response.headers.append((line[..<colon].lowercased(), String(value)))
        }
        let hasNone = !hasBody || response.status == 204 || response.status == 304
        guard !hasNone, let length = response["Content-Length"].flatMap({ Int($0) }) else { return response }
        while buffer.count < length { try fill() }
        response.body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return response
    }

    /// Whether anything comes, the end included, before so many milliseconds have gone by.
    package func isReadable(within milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }

    /// True when the server has closed the connection and nothing is left to read.
    package func isAtEnd() -> Bool {
        if !buffer.isEmpty { return false }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    /// True when a reset has come: an end that reads like any other once the server has closed, but not an orderly one.
    package func isReset() -> Bool {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code != 0
    }

    private func readLine() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[..<end].filter { $0 != UInt8(ascii: "\r") }
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            try fill()
        }
    }

    private func fill() throws {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &piece, piece.count, 0)
        if count == 0 { throw Failure(description: "closed by the server") }
        if count < 0 { throw Failure(description: "recv: \(errno)") }
        buffer += piece[..<count]
    }
}
