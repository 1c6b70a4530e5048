internal import Crypto
public import Sockets
internal import Time

/// Something that is fetched with HTTP/1.1 and read bit by bit, over a connection of its own; for one thread.
///
///     let download = try HTTPDownload(url, patience) { !$0.isReserved }
///     let count = try download.read(into: buffer)
///
/// Each address is checked right before the connection to that very address is made, also after a redirect. There are no
/// proxies, cookies or stored answers. Certificates are verified with the system's authorities.
public final class HTTPDownload {
    /// How many redirects are followed.
    private static let redirectLimit = 5
    /// How much is thrown away to come to a part, of a host that does not send parts.
    private static let skipLimit: Int64 = 8 << 20
    private static let bufferSize = 65_536

    /// The system's authorities are read once.
    private static let client = TLSClient(verifies: true)

    private let permits: (SocketAddress) -> Bool
    private let patience: HTTPPatience
    private var connection: HTTPConnection
    private var body: HTTPBodyReader
    /// What came and was not taken yet.
    private var pending: [UInt8]
    private var taken = 0
    /// How much comes before what is wanted.
    private var toSkip: Int64 = 0
    /// Where it was in the end, after redirects, without user and password.
    public var location: String { url.text }
    private var url: HTTPURL
    /// How many bytes there are in all, where the host tells.
    public let length: Int64?
    /// True when the host sends parts.
    public let sendsParts: Bool

    /// Asks for the bytes of `url` from `offset` on, up to `end` where one is given, and waits for the head of the answer.
    /// Only addresses that `permits` says yes to are connected to.
    public init(
        _ url: HTTPURL, from offset: Int64 = 0, to end: Int64? = nil, _ patience: HTTPPatience,
        permits: @escaping (SocketAddress) -> Bool
    ) throws(HTTPFault) {
        let answer = try Self.ask(url, from: offset, to: end, patience, permits)
        (self.permits, self.patience) = (permits, patience)
        (connection, body, pending, self.url) = (answer.connection, answer.body, answer.pending, answer.url)
        let remaining = answer.body.remaining
        length = answer.head.status == 206 ? answer.head.wholeLength : remaining
        sendsParts = answer.head["accept-ranges"]?.lowercased() == "bytes" || answer.head.status == 206
        if answer.head.status != 206 { toSkip = offset }
    }

    /// Goes on at `offset`; false where the host sends no parts or does not answer.
    public func seek(to offset: Int64) -> Bool {
        guard sendsParts, offset >= 0,
            let answer = try? Self.ask(url, from: offset, to: nil, patience, permits),
            answer.head.status == 206 || offset == 0
        else { return false }
        (connection, body, pending, taken) = (answer.connection, answer.body, answer.pending, 0)
        toSkip = 0
        return true
    }

    /// Waits for bytes and puts them at the start of `buffer`; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(HTTPFault) -> Int {
        while true {
            if body.isAtEnd { return 0 }
            if taken < pending.count {
                let step = pending.withUnsafeBytes { bytes in
                    Result { () throws(HTTPFault) in
                        try body.take(UnsafeRawBufferPointer(rebasing: bytes[taken...]), into: buffer)
                    }
                }
                let (count, found) = try step.get()
                taken += count
                let skipped = Int(min(toSkip, Int64(found)))
                toSkip -= Int64(skipped)
                guard found > skipped else { continue }
                if skipped > 0, let base = buffer.baseAddress {
                    base.copyMemory(from: base + skipped, byteCount: found - skipped)
                }
                return found - skipped
            }
            guard try receive() else {
                guard body.endsWithConnection else { throw .cutOff }
                return 0
            }
        }
    }

    /// False when the connection has ended.
    private func receive() throws(HTTPFault) -> Bool {
        taken = 0
        pending = try Self.bytes(
            from: connection, patience.clock.now + patience.silence, late: .silent)
        return !pending.isEmpty
    }

    private static func bytes(
        from connection: HTTPConnection, _ deadline: Instant, late: HTTPFault
    ) throws(HTTPFault) -> [UInt8] {
        var fault: HTTPFault?
        let bytes = [UInt8](unsafeUninitializedCapacity: bufferSize) { buffer, count in
            do throws(HTTPFault) {
                count = try connection.read(into: UnsafeMutableRawBufferPointer(buffer), deadline, late: late)
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        return bytes
    }
}

// MARK: - Asking

extension HTTPDownload {
    private struct Answer {
        let connection: HTTPConnection
        let head: HTTPAnswerHead
        let body: HTTPBodyReader
        let pending: [UInt8]
        let url: HTTPURL
    }

    private static func ask(
        _ first: HTTPURL, from offset: Int64, to end: Int64?, _ patience: HTTPPatience,
        _ permits: (SocketAddress) -> Bool
    ) throws(HTTPFault) -> Answer {
        let deadline = patience.clock.now + patience.answer
        var url = first
        for turn in 0...redirectLimit {
            let connection = try HTTPConnection.open(
                url, client, isRedirect: turn > 0, permits: permits, deadline: deadline, patience)
            try connection.write(
                request(url, from: offset, to: end, authorized: url.hasSameOrigin(as: first)), deadline)
            let (head, rest) = try head(from: connection, deadline)
            switch head.status {
            case 200, 206:
                guard offset <= skipLimit || head.status == 206 else { throw .status(head.status) }
                return Answer(
                    connection: connection, head: head, body: try head.framing(), pending: rest, url: url)
            case 301, 302, 303, 307, 308:
                guard let place = head["location"], let next = url.resolving(place) else { throw .badRedirect }
                url = next
            default: throw .status(head.status)
            }
        }
        throw .endlessRedirects
    }

    private static func head(
        from connection: HTTPConnection, _ deadline: Instant
    ) throws(HTTPFault) -> (HTTPAnswerHead, [UInt8]) {
        var bytes: [UInt8] = []
        while true {
            let start = bytes.count
            let more = try self.bytes(from: connection, deadline, late: .noAnswer)
            guard !more.isEmpty else { throw bytes.isEmpty ? .cutOff : .malformed }
            bytes += more
            var searched = start - 3
            while let end = HTTPAnswerHead.end(in: bytes, from: searched) {
                let head = try HTTPAnswerHead(bytes[..<end])
                bytes.removeFirst(end)
                if head.status >= 200 { return (head, bytes) }
                // Others follow it: RFC 9110 §15.2.
                searched = 0
            }
            guard bytes.count <= HTTPAnswerHead.limit else { throw .endlessHeaders }
        }
    }

    private static func request(_ url: HTTPURL, from offset: Int64, to end: Int64?, authorized: Bool) -> [UInt8] {
        var lines = [
            "GET \(url.target) HTTP/1.1", "Host: \(url.authority)", "User-Agent: Headwater", "Accept: */*",
            "Connection: close",
        ]
        if authorized, let user = url.userInformation {
            lines.append("Authorization: Basic \(Base64.encoded(PercentEncoded.decoded(user)))")
        }
        if offset > 0 || end != nil { lines.append("Range: bytes=\(offset)-\(end.map { String($0 - 1) } ?? "")") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

extension HTTPAnswerHead {
    /// How long the whole is of which this is a part (RFC 9110 §14.4).
    fileprivate var wholeLength: Int64? {
        self["content-range"]?.split(separator: "/").last.flatMap { Int64($0) }
    }
}
