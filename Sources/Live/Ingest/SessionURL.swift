internal import Sockets

/// The address of a source that libavformat connects to itself, in such parts that it can be given a numeric host.
struct SessionURL: Sendable {
    let scheme: String
    /// `user:password@`, or nothing.
    private let userInformation: String
    let host: String
    let port: UInt16
    /// Path and query, or nothing.
    private let rest: String

    /// Reads `text`, whose scheme has a port that is usual.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let mark = text.firstRange(of: "://") else {
            return nil
        }
        scheme = text[..<mark.lowerBound].lowercased()
        let tail = text[mark.upperBound...]
        let end = tail.firstIndex { "/?#".contains($0) } ?? tail.endIndex
        rest = String(tail[end...])
        var authority = tail[..<end]
        if let at = authority.lastIndex(of: "@") {
            userInformation = String(authority[...at])
            authority = authority[authority.index(after: at)...]
        } else {
            userInformation = ""
        }
        let usual: UInt16 = ["rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443][scheme] ?? 0
        guard let (host, port) = HostAndPort.read(authority), !host.isEmpty else { return nil }
        (self.host, self.port) = (host, port ?? usual)
        // An RTMP stream is a name inside an application.
        guard !scheme.hasPrefix("rtmp") || application != nil else { return nil }
    }

    /// The same with that address in place of the host's name.
    func text(at address: SocketAddress) -> String { "\(scheme)://\(userInformation)\(address)\(rest)" }

    /// Of RTMP: what is before the last part of the path, and that part.
    private var application: (name: Substring, stream: Substring)? {
        let path = rest.dropFirst()
        let end = path.firstIndex(of: "?") ?? path.endIndex
        guard rest.hasPrefix("/"), let slash = path[..<end].lastIndex(of: "/"), slash > path.startIndex,
            path.index(after: slash) < end
        else { return nil }
        return (path[..<slash], path[path.index(after: slash)...])
    }

    /// What an RTMP server is told, which may serve many hosts: they are told apart by name.
    var rtmpOptions: [(name: String, value: String)] {
        guard scheme.hasPrefix("rtmp"), let application else { return [] }
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return [
            ("rtmp_app", String(application.name)), ("rtmp_playpath", String(application.stream)),
            ("rtmp_tcurl", "\(scheme)://\(authority)/\(application.name)"), ("rtmp_live", "live"),
        ]
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
enum HostAndPort {
    static func read(_ text: Substring) -> (host: String, port: UInt16?)? {
        var (host, rest) = (text, Substring())
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            (host, rest) = (text[..<end].dropFirst(), text[end...].dropFirst())
        } else if let colon = text.firstIndex(of: ":") {
            (host, rest) = (text[..<colon], text[colon...])
        }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), port)
    }
}
