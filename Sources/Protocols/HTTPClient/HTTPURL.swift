/// Where something is that HTTP fetches (RFC 9110 §4.2), in the parts that a request has.
public struct HTTPURL: Sendable, Hashable {
    /// True for `https`.
    public let isSecure: Bool
    /// `user:password`, as it stands there.
    let userInformation: String?
    /// The host's name, or its address without brackets.
    public let host: String
    /// The port.
    public let port: UInt16
    /// Path and query.
    public let target: String

    /// Reads `text`; nothing where it is no such address. A fragment is left out.
    public init?(_ text: String) {
        // What is no visible character of ASCII would have to be encoded, and ends requests early.
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let mark = text.firstRange(of: "://") else {
            return nil
        }
        switch text[..<mark.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let rest = text[mark.upperBound...].prefix { $0 != "#" }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var authority = rest[..<end]
        userInformation = authority.lastIndex(of: "@").map { at in
            defer { authority = authority[authority.index(after: at)...] }
            return String(authority[..<at])
        }
        guard let (host, port) = Self.hostAndPort(authority) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    private init(_ other: HTTPURL, userInformation: String?, target: String) {
        (isSecure, host, port) = (other.isSecure, other.host, other.port)
        (self.userInformation, self.target) = (userInformation, target)
    }

    /// The same with the user and password of `other`, if both are of one host.
    public func authorized(like other: HTTPURL) -> HTTPURL {
        guard userInformation == nil, hasSameOrigin(as: other) else { return self }
        return HTTPURL(self, userInformation: other.userInformation, target: target)
    }

    private static func hostAndPort(_ text: Substring) -> (String, UInt16?)? {
        var (host, rest) = (text, Substring())
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            (host, rest) = (text[..<end].dropFirst(), text[end...].dropFirst())
        } else if let colon = text.firstIndex(of: ":") {
            (host, rest) = (text[..<colon], text[colon...])
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty || rest == ":" { return (String(host), nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), port)
    }

    /// What `reference`, found in an answer from here, means (RFC 3986 §5.2).
    public func resolving(_ reference: String) -> HTTPURL? {
        let isAbsolute = reference.firstRange(of: "://").map {
            !reference[..<$0.lowerBound].contains { "/?#".contains($0) }
        }
        if isAbsolute == true { return HTTPURL(reference) }
        if reference.hasPrefix("//") { return HTTPURL((isSecure ? "https:" : "http:") + reference) }
        guard reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let reference = String(reference.prefix { $0 != "#" })
        let path = String(target.prefix { $0 != "?" })
        if reference.hasPrefix("/") { return HTTPURL(self, userInformation: userInformation, target: reference) }
        if reference.isEmpty { return self }
        if reference.hasPrefix("?") { return HTTPURL(self, userInformation: userInformation, target: path + reference) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/"
        return HTTPURL(self, userInformation: userInformation, target: folder + reference)
    }

    /// The host as a request names it, with its port where that is not the usual one.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The whole, without user and password.
    public var text: String { "\(isSecure ? "https" : "http")://\(authority)\(target)" }

    /// True when the other one is served by the same host and port in the same way.
    func hasSameOrigin(as other: HTTPURL) -> Bool {
        isSecure == other.isSecure && host == other.host && port == other.port
    }
}
