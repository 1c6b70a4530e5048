/// Resolution of a reference against the URL of the playlist that names it (RFC 3986 §5.2).
public enum URIReference {
    /// `reference` as an absolute URL, seen from `base`.
    public static func resolve(_ reference: String, against base: String) -> String {
        if scheme(of: reference) != nil { return reference }
        guard let scheme = scheme(of: base) else { return reference }
        let afterScheme = base.dropFirst(scheme.count + 1)
        guard afterScheme.hasPrefix("//") else { return reference }
        if reference.hasPrefix("//") { return scheme + ":" + reference }
        let authority = afterScheme.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let root = scheme + "://" + authority
        let basePath = afterScheme.dropFirst(2 + authority.count).prefix { $0 != "?" && $0 != "#" }
        let path = reference.prefix { $0 != "?" && $0 != "#" }
        let tail = reference.dropFirst(path.count).prefix { $0 != "#" }
        if path.isEmpty { return root + basePath + tail }
        if path.hasPrefix("/") { return root + withoutDots(path) + tail }
        let folder = basePath.lastIndex(of: "/").map { basePath[...$0] } ?? "/"
        return root + withoutDots(folder + path) + tail
    }

    /// The query parameters of a URL, without percent-decoding.
    public static func query(of url: String) -> [String: String] {
        guard let mark = url.firstIndex(of: "?") else { return [:] }
        var parameters: [String: String] = [:]
        for pair in url[mark...].dropFirst().prefix(while: { $0 != "#" }).split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters[String(halves[0])] = halves.count == 2 ? String(halves[1]) : ""
        }
        return parameters
    }

    /// `url` with `parameters` added to its query.
    public static func adding(_ parameters: String, to url: String) -> String {
        url + (url.contains("?") ? "&" : "?") + parameters
    }

    private static func scheme(of url: String) -> String? {
        guard let colon = url.firstIndex(of: ":") else { return nil }
        let scheme = url[..<colon]
        guard let first = scheme.first, first.isLetter,
            scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" || $0 == ".") })
        else { return nil }
        return String(scheme)
    }

    private static func withoutDots(_ path: some StringProtocol) -> String {
        var parts: [Substring] = []
        let pieces = String(path).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            if piece == "." || piece == ".." {
                if piece == ".." { _ = parts.popLast() }
                if isLast { parts.append("") }
            } else {
                parts.append(piece)
            }
        }
        return "/" + parts.joined(separator: "/")
    }
}
