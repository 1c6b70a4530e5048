public import HLSRules

/// Something to ask a server for, with the bytes of the request, which all viewers send alike.
public final class Resource: Sendable {
    /// The server.
    public let server: ServerAddress
    /// The request as it is sent.
    public let request: [UInt8]

    /// GET of `url`, or of a range of it; nothing when it is no http or https URL.
    public init?(_ url: String, range: MediaPlaylist.ByteRange? = nil) {
        guard let server = ServerAddress(url: url), url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        self.server = server
        let target = url.dropFirst(server.isSecure ? 8 : 7).drop { $0 != "/" && $0 != "?" && $0 != "#" }
            .prefix { $0 != "#" }
        var text = "GET \(target.hasPrefix("/") ? "" : "/")\(target) HTTP/1.1\r\nHost: \(server)\r\n"
        text += "Accept: */*\r\nUser-Agent: hls-load\r\n"
        // Of a compressed body a range would be another one, so browsers ask for it as it is.
        text += "Accept-Encoding: \(range == nil ? "gzip" : "identity")\r\n"
        if let range {
            let (last, overflows) = range.start.addingReportingOverflow(range.length - 1)
            guard range.length > 0, !overflows else { return nil }
            text += "Range: bytes=\(range.start)-\(last)\r\n"
        }
        request = Array((text + "\r\n").utf8)
    }
}
