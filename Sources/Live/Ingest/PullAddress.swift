internal import Bytes
internal import HTTP
internal import Sockets

/// Where a source is that the server fetches: the schemes here are all that there are.
///
/// | Scheme | What |
/// |---|---|
/// | `http`, `https` | a playlist (HLS), or a stream or file in one piece |
/// | `rtsp`, `rtsps` | RTSP, over its TCP connection |
/// | `rtmp`, `rtmps` | a stream that an RTMP server plays |
/// | `udp` | MPEG-TS in datagrams: `udp://GROUP:PORT` of multicast, `udp://:PORT` or `udp://ADDRESS:PORT` of this machine |
/// | `file` | a file of this machine: `file:///PATH` |
public struct PullAddress: Sendable {
    /// What kind of source it is.
    enum Kind: Sendable {
        case http(HTTPURL)
        case session(SessionURL)
        case datagrams(DatagramAddress)
        case file(path: String)
    }

    let kind: Kind

    /// The scheme, as it stands in logs.
    public let scheme: String

    /// True for a file, which can be played again and again.
    public var isFile: Bool { if case .file = kind { true } else { false } }

    /// Why a text is no such address. It never has a value in it.
    public enum Fault: Error, Equatable, Sendable, CustomStringConvertible {
        /// The scheme is not one of those.
        case scheme
        /// Host, port or path are missing, or have characters that would have to be percent-encoded.
        case address

        /// One sentence.
        public var description: String {
            switch self {
            case .scheme: "the scheme is not http, https, rtsp, rtsps, rtmp, rtmps, udp or file"
            case .address: "the address has no host, port or path that it could have"
            }
        }
    }

    /// Reads `text`.
    public init(_ text: String) throws(Fault) {
        guard let mark = text.firstRange(of: "://") else { throw .scheme }
        scheme = text[..<mark.lowerBound].lowercased()
        let kind: Kind?
        switch scheme {
        case "http", "https": kind = HTTPURL(text).map(Kind.http)
        case "rtsp", "rtsps", "rtmp", "rtmps": kind = SessionURL(text).map(Kind.session)
        case "udp": kind = DatagramAddress(text[mark.upperBound...]).map(Kind.datagrams)
        case "file":
            // RFC 8089 §2.
            let path = String(
                decoding: PercentEscapes.decoded(Array(text[mark.upperBound...].utf8)[...]), as: UTF8.self)
            kind = path.hasPrefix("/") && !path.utf8.contains(0) ? .file(path: path) : nil
        default: throw .scheme
        }
        guard let kind else { throw .address }
        self.kind = kind
    }
}

extension SocketAddress {
    /// True where nothing is fetched from unless the configuration permits it.
    var isLocal: Bool { isReserved || isOfThisMachine }
}
