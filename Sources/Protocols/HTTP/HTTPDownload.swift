public import Sockets
internal import Time

/// Something that is fetched with HTTP/1.1 and read bit by bit, over a connection of its own; for one thread.
///
///     let download = try HTTPDownload(url, patience) { !$0.isReserved }
///     let count = try download.read(into: buffer)
///
/// Each address is checked right before the connection to that very address is made, also after a redirect. User and
/// password go to no other scheme, host or port.
public final class HTTPDownload {
    /// How many redirects are followed.
    private static let redirectLimit = 5
    /// How much is thrown away to come to a part, of a host that does not send parts.
    private static let skipLimit: Int64 = 8 << 20

    private let permits: (SocketAddress) -> Bool
    private let patience: HTTPPatience
    private var transfer: HTTPTransfer
    /// How much comes before what is wanted.
    private var toSkip: Int64 = 0
    /// Where it was in the end, after redirects, without user and password.
    public var location: String { transfer.url.text }
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
        (self.permits, self.patience) = (permits, patience)
        transfer = try Self.ask(url, from: offset, to: end, patience, permits)
        let isPart = transfer.status == 206
        length = isPart ? transfer.wholeLength : transfer.bodyLength
        sendsParts = isPart || transfer["accept-ranges"]?.lowercased() == "bytes"
        if !isPart { toSkip = offset }
    }

    /// Goes on at `offset`; false where the host sends no parts or does not answer.
    public func seek(to offset: Int64) -> Bool {
        guard sendsParts, offset >= 0,
            let answer = try? Self.ask(transfer.url, from: offset, to: nil, patience, permits),
            answer.status == 206 || offset == 0
        else { return false }
        transfer = answer
        toSkip = 0
        return true
    }

    /// Waits for bytes and puts them at the start of `buffer`, which is not empty; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(HTTPFault) -> Int {
        while try transfer.receive(
            until: patience.clock.now + patience.silence, of: patience.clock, late: .silent, while: patience.isWanted)
        {
            var count = 0
            transfer.take { bytes in
                let skipped = Int(min(toSkip, Int64(bytes.count)))
                toSkip -= Int64(skipped)
                let wanted = UnsafeRawBufferPointer(rebasing: bytes[skipped...].prefix(buffer.count))
                buffer.copyMemory(from: wanted)
                count = wanted.count
                return skipped + count
            }
            if count > 0 { return count }
        }
        return 0
    }

    private static func ask(
        _ first: HTTPURL, from offset: Int64, to end: Int64?, _ patience: HTTPPatience,
        _ permits: @escaping (SocketAddress) -> Bool
    ) throws(HTTPFault) -> HTTPTransfer {
        let deadline = patience.clock.now + patience.answer
        var url = first
        for turn in 0...redirectLimit {
            var transfer = try HTTPTransfer(url, isRedirect: turn > 0, permits: permits)
            transfer.get(from: offset, to: end)
            let status = try transfer.head(until: deadline, of: patience.clock, while: patience.isWanted)
            switch status {
            case 200, 206:
                guard offset <= skipLimit || status == 206 else { throw .status(status) }
                return transfer
            case 301, 302, 303, 307, 308:
                guard let place = transfer["location"], let next = url.resolving(place) else { throw .badRedirect }
                url = next.authorized(like: first)
            default: throw .status(status)
            }
        }
        throw .endlessRedirects
    }
}

extension HTTPTransfer {
    /// How long the body is, where the head tells.
    fileprivate var bodyLength: Int64? {
        self["transfer-encoding"] == nil ? self["content-length"].flatMap { Int64($0) } : nil
    }

    /// How long the whole is of which this is a part (RFC 9110 §14.4).
    fileprivate var wholeLength: Int64? { self["content-range"]?.split(separator: "/").last.flatMap { Int64($0) } }
}
