internal import Bytes
public import HTTP

/// A channel as the site shows it.
public struct SiteChannel: Sendable {
    /// The name in URLs.
    public let id: String
    /// The name for people.
    public let name: String

    /// A channel of that name.
    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

/// The viewers' pages: `/` plays the first channel, `/watch/CHANNEL` the one it names, and `/player/…` is what the pages
/// are made of. Every answer is made once, when the site is.
public final class Site: Sendable {
    private struct Page: Sendable {
        let plain: HTTPResponse
        let gzip: HTTPResponse

        init(_ type: String, _ bytes: [UInt8], cacheSeconds: Int) {
            let body = ByteChunk(bytes)
            let headers = [
                ("Content-Type", type), ("Cache-Control", cacheSeconds > 0 ? "max-age=\(cacheSeconds)" : "no-cache"),
                ("Vary", "Accept-Encoding"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"),
                ("Content-Security-Policy", Site.contentSecurityPolicy),
            ]
            plain = HTTPResponse(status: 200, headers: headers, body: .chunk(body))
            gzip =
                Gzip.compress(body).map { compressed in
                    HTTPResponse(
                        status: 200, headers: headers + [("Content-Encoding", "gzip")], body: .chunk(compressed))
                } ?? plain
        }
    }

    /// Everything comes from this server. hls.js plays from `blob:` URLs and works in a `blob:` worker.
    private static let contentSecurityPolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
        media-src 'self' blob:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'
        """

    private let pages: [String: Page]

    /// The site of `channels`. `hls` is the hls.js module; without it the pages play where the browser itself does.
    public init(channels: [SiteChannel], hls: [UInt8]?) {
        let (html, script) = ("text/html; charset=utf-8", "text/javascript; charset=utf-8")
        var pages = [
            "/player/player.js": Page(script, PackageResources.player_js, cacheSeconds: 0),
            "/player/player.css": Page("text/css; charset=utf-8", PackageResources.player_css, cacheSeconds: 0),
            "/player/icon.svg": Page("image/svg+xml", PackageResources.icon_svg, cacheSeconds: 86_400),
            "/player/hls.LICENSE.txt": Page(
                "text/plain; charset=utf-8", PackageResources.hls_LICENSE_txt, cacheSeconds: 86_400),
        ]
        if let hls { pages["/player/hls.js"] = Page(script, hls, cacheSeconds: 86_400) }
        for channel in channels {
            pages["/watch/\(channel.id)"] = Page(html, Self.page(of: channel, among: channels), cacheSeconds: 0)
        }
        pages["/"] = channels.first.flatMap { pages["/watch/\($0.id)"] }
        self.pages = pages
    }

    /// Answers a request for a page; nothing when there is no such page.
    public func respond(to request: HTTPRequest) -> HTTPAnswer? {
        guard let page = pages[request.path], request.method == .get || request.method == .head else { return nil }
        return .response(Gzip.isAcceptable(to: request.header("Accept-Encoding")) ? page.gzip : page.plain)
    }

    private static func page(of channel: SiteChannel, among channels: [SiteChannel]) -> [UInt8] {
        let links = channels.map { other in
            let current = other.id == channel.id ? " aria-current=\"page\"" : ""
            return "<a href=\"/watch/\(other.id)\"\(current)>\(escaped(other.name))</a>"
        }
        let values = [
            "name": escaped(channel.name), "playlist": "/live/\(channel.id)/index.m3u8",
            "channels": channels.count > 1 ? links.joined() : "",
        ]
        var page = ""
        var rest = Substring(decoding: PackageResources.page_html, as: UTF8.self)
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            page += rest[..<open.lowerBound] + (values[String(rest[open.upperBound..<close.lowerBound])] ?? "")
            rest = rest[close.upperBound...]
        }
        return [UInt8]((page + rest).utf8)
    }

    /// Text as HTML shows it, in an attribute too.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
    }
}
