internal import CCurl

/// Where something is that HTTP is asked for (RFC 9110 §4.2), without a fragment.
public struct HTTPURL: Sendable, Hashable {
    /// The whole, without user and password.
    public let text: String
    /// `user:password`, as it stands there.
    private(set) var userInformation: String?
    /// What serves it: scheme, host and port.
    private let origin: String

    /// Reads `text`; nothing where it is no such address.
    public init?(_ text: String) {
        // libcurl takes any number of slashes.
        guard let mark = text.firstRange(of: "://"), text[mark.upperBound...].first != "/" else { return nil }
        self.init([text])
    }

    /// Reads the first, and each other as a reference of the one before.
    private init?(_ references: [String]) {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        for reference in references {
            // What is no visible character of ASCII would have to be encoded.
            guard reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK
            else { return nil }
        }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(url, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "http" || scheme == "https",
            let host = part(CURLUPART_HOST), let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT), port != "0"
        else { return nil }
        origin = "\(scheme)://\(host.lowercased()):\(port)"
        if let user = part(CURLUPART_USER) {
            userInformation = part(CURLUPART_PASSWORD).map { "\(user):\($0)" } ?? user
        }
        for rest in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT] { curl_url_set(url, rest, nil, 0) }
        guard let text = part(CURLUPART_URL, CURLU_NO_DEFAULT_PORT) else { return nil }
        self.text = text
    }

    /// What `reference`, found in an answer from here, means (RFC 3986 §5.2). It names no user.
    func resolving(_ reference: String) -> HTTPURL? {
        // libcurl would take a mere fragment for the name of a folder.
        let reference = String(reference.prefix { $0 != "#" })
        var url = HTTPURL(reference.isEmpty ? [text] : [text, reference])
        url?.userInformation = nil
        return url
    }

    /// The same with the user and password of `other`, if both are of one scheme, host and port and it has none itself.
    public func authorized(like other: HTTPURL) -> HTTPURL {
        guard userInformation == nil, origin == other.origin else { return self }
        var url = self
        url.userInformation = other.userInformation
        return url
    }

    /// The whole, as libcurl takes it.
    var authorizedText: String {
        guard let userInformation, let mark = text.firstRange(of: "://") else { return text }
        return text[..<mark.upperBound] + userInformation + "@" + text[mark.upperBound...]
    }
}
