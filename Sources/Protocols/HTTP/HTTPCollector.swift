internal import CCurl
internal import Glibc
internal import Sockets

/// What libcurl hands over and asks during one transfer.
final class HTTPCollector {
    /// How much of a body waits to be taken before the transfer pauses.
    private static let capacity = 65_536

    private let headLimit: Int
    private let permits: (SocketAddress) -> Bool
    /// How much of heads came, with those of trailers.
    private(set) var headLength = 0
    /// Whether the empty line came that ends a head. libcurl takes a head that is cut off for a whole one.
    private(set) var isHeadWhole = false
    /// What makes it impossible to go on.
    private(set) var fault: HTTPFault?
    /// True when a connection was refused.
    private(set) var hasRefused = false
    /// True when a connection was permitted.
    private(set) var hasPermitted = false
    /// The system's error number, where there was no socket for one.
    private(set) var socketError: Int32 = 0
    /// True when libcurl keeps back what it has, until it is told to go on.
    private var isPaused = false
    private var body: [UInt8] = []
    private var taken = 0

    init(headLimit: Int, permits: @escaping (SocketAddress) -> Bool) {
        (self.headLimit, self.permits) = (headLimit, permits)
    }

    /// A socket for a connection to `address`, if there may be one.
    func open(_ address: UnsafePointer<curl_sockaddr>) -> Int32 {
        guard permits(SocketAddress(ccurl_address(address))) else {
            hasRefused = true
            return CURL_SOCKET_BAD
        }
        hasPermitted = true
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
        if descriptor < 0 { socketError = errno }
        return descriptor
    }

    /// Takes a line of the head; false when that is the end.
    func take(head line: UnsafeRawBufferPointer) -> Bool {
        headLength += line.count
        if line.starts(with: "HTTP/".utf8) { isHeadWhole = false }
        if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) { isHeadWhole = true }
        if headLength > headLimit {
            fault = .endlessHeaders
        } else if !Self.isPlain(line) {
            fault = .malformed
        }
        return fault == nil
    }

    /// False for the field of a coding that libcurl would undo (RFC 9112 §6.1), beside chunks: nobody asked for one, and
    /// what comes out may be of any size.
    private static func isPlain(_ line: UnsafeRawBufferPointer) -> Bool {
        let words = String(decoding: line, as: UTF8.self).lowercased().split { $0 == ":" || $0.isWhitespace }
        return words.first != "transfer-encoding" || words.dropFirst().elementsEqual(["chunked"])
    }

    /// Takes a piece of the body; false when it is to come again later.
    func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        isPaused = body.count >= Self.capacity
        if !isPaused { body.append(contentsOf: bytes) }
        return !isPaused
    }

    /// True when nothing of the body waits to be taken.
    var isEmpty: Bool { body.isEmpty }

    /// True once, when libcurl has to be told to go on.
    func goesOn() -> Bool {
        defer { isPaused = false }
        return isPaused
    }

    /// Hands what waits to `use`, which answers how much of it is not wanted any more.
    func take(_ use: (UnsafeRawBufferPointer) -> Int) {
        taken += body.withUnsafeBytes { use(UnsafeRawBufferPointer(rebasing: $0[taken...])) }
        guard taken >= body.count else { return }
        body.removeAll(keepingCapacity: true)
        taken = 0
    }
}
