import Glibc
import RTMP

/// The other end of an RTMP connection: a socket, and what an encoder writes into it.
final class Stranger {
    private let descriptor: Int32
    private var heard: [UInt8] = []

    init(_ port: UInt16) {
        // A program that another test starts must not keep the connection open.
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(descriptor, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Waits until the server has closed the connection.
    func isClosed() -> Bool { listen(for: 60_000) { false } == .closed }

    /// True when the connection outlives the server's next look at it, which comes every half second.
    func staysOpen() -> Bool { listen(for: 700) { false } == .timedOut }

    /// Waits for `text` in what the server says.
    func hears(_ text: String) -> Bool {
        listen(for: 60_000) { String(decoding: self.heard, as: UTF8.self).contains(text) } == .enough
    }

    /// True when `text` was in what the server has said.
    func hasHeard(_ text: String) -> Bool { String(decoding: heard, as: UTF8.self).contains(text) }

    private enum End { case enough, closed, timedOut }

    private func listen(for milliseconds: Int, until isEnough: () -> Bool) -> End {
        var patience = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isEnough() {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return .closed }
            if count < 0 { return .timedOut }
            heard += buffer[..<count]
        }
        return .enough
    }
}

/// What an encoder writes: RTMP 1.0 §5.2, §5.3, each message in one chunk.
enum Wire {
    static let handshake: [UInt8] = [3] + [UInt8](repeating: 0, count: 1536 * 2)

    /// The first chunk of a message of `length` bytes, of which `payload` is the beginning.
    static func message(
        _ type: UInt8, on chunkStream: UInt8 = 3, time: Int = 0, length: Int? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        let length = length ?? payload.count
        return [chunkStream] + bytes(time) + bytes(length) + [type, 1, 0, 0, 0] + payload
    }

    static func command(_ values: AMF0Value...) -> [UInt8] { message(20, AMF0Writer.bytes(of: values)) }

    static func video(_ payload: [UInt8], time: Int = 0) -> [UInt8] { message(9, on: 6, time: time, payload) }
    static func audio(_ payload: [UInt8], time: Int = 0) -> [UInt8] { message(8, on: 4, time: time, payload) }

    static func connection(app: String = "live", _ more: [AMF0Property] = []) -> [UInt8] {
        // Chunks of 1 MiB, so that no message is cut.
        handshake + [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0x10, 0, 0]
            + command("connect", .number(1), .object([AMF0Property("app", .string(app))] + more))
            + command("createStream", .number(2), .null)
    }

    static func publish(_ name: String) -> [UInt8] { command("publish", .number(3), .null, .string(name), "live") }

    private static func bytes(_ value: Int) -> [UInt8] {
        [
            UInt8(truncatingIfNeeded: value >> 16), UInt8(truncatingIfNeeded: value >> 8),
            UInt8(truncatingIfNeeded: value),
        ]
    }
}
