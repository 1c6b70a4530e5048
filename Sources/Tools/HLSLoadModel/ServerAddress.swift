/// Where the server of a URL is: scheme, host and port.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// True for https.
    public let isSecure: Bool
    /// The host's name or numeric address, without brackets.
    public let host: String
    /// The TCP port.
    public let port: UInt16

    /// The server of an http or https URL; nothing for any other.
    public init?(url: String) {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(isSecure ? 8 : 7)
        self.init(authority: rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }, isSecure: isSecure)
    }

    private init?(authority: Substring, isSecure: Bool) {
        self.isSecure = isSecure
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            let rest = authority[authority.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else {
            let halves = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(halves.first ?? "")
            if halves.count == 2 { port = halves[1] }
        }
        guard !host.isEmpty, !host.contains("@"), host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        if let port {
            guard let number = UInt16(port), number > 0 else { return nil }
            self.port = number
        } else {
            self.port = isSecure ? 443 : 80
        }
    }

    /// The value of the Host field (RFC 9110 §7.2).
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}
