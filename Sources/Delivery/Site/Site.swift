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

/// The viewers' pages: `/` plays the first channel, `/watch/CHANNEL` the one it names; the broadcasters' page `/publish`,
/// which says how a feed does; and `/player/…`, what the pages are made of. Every answer is made once, when the site is.
public final class Site: Sendable {
    private struct Page: Sendable {
        let plain: HTTPResponse
        let gzip: HTTPResponse

        init(_ type: String, _ bytes: [UInt8], status: Int = 200, lifetime: String) {
            let body = ByteChunk(bytes)
            let headers = [
                ("Content-Type", type), ("Cache-Control", lifetime),
                ("Vary", "Accept-Encoding"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"),
                ("Content-Security-Policy", Site.contentSecurityPolicy),
            ]
            plain = HTTPResponse(status: status, headers: headers, body: .chunk(body))
            gzip =
                Gzip.compress(body).map { compressed in
                    HTTPResponse(
                        status: status, headers: headers + [("Content-Encoding", "gzip")], body: .chunk(compressed))
                } ?? plain
        }

        func response(to request: HTTPRequest) -> HTTPResponse {
            Gzip.isAcceptable(to: request.header("Accept-Encoding")) ? gzip : plain
        }
    }

    /// Everything comes from this server. hls.js plays from `blob:` URLs and works in a `blob:` worker.
    private static let contentSecurityPolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
        media-src 'self' blob:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'
        """

    private let pages: [String: Page]
    private let missing: Page

    /// The site of `channels`. `hls` is the hls.js module; without it the pages play where the browser itself does.
    public init(channels: [SiteChannel], hls: [UInt8]?) {
        let (html, script) = ("text/html; charset=utf-8", "text/javascript; charset=utf-8")
        var pages = [
            "/player/player.js": Page(script, PackageResources.player_js, lifetime: "no-cache"),
            "/player/player.css": Page("text/css; charset=utf-8", PackageResources.player_css, lifetime: "no-cache"),
            "/player/publish.js": Page(script, PackageResources.publish_js, lifetime: "no-cache"),
            "/player/publish.css": Page("text/css; charset=utf-8", PackageResources.publish_css, lifetime: "no-cache"),
            "/publish": Page(
                html,
                Self.framed(
                    PackageResources.publish_html, title: "Your feed", styles: ["publish"], scripts: ["publish"],
                    ["channels": Self.links(to: channels)]), lifetime: "no-cache"),
            "/player/icon.svg": Page("image/svg+xml", PackageResources.icon_svg, lifetime: "max-age=86400"),
            "/player/hls.LICENSE.txt": Page(
                "text/plain; charset=utf-8", PackageResources.hls_LICENSE_txt, lifetime: "max-age=86400"),
        ]
        if let hls { pages["/player/hls.js"] = Page(script, hls, lifetime: "max-age=86400") }
        for channel in channels {
            let values = [
                "name": Self.escaped(channel.name), "playlist": "/live/\(channel.id)/index.m3u8",
                "credit": hls == nil ? "" : "<p>Played with <a href=\"/player/hls.LICENSE.txt\">hls.js</a></p>",
                "channels": channels.count > 1 ? Self.links(to: channels, current: channel.id) : "",
            ]
            pages["/watch/\(channel.id)"] = Page(
                html,
                Self.framed(
                    PackageResources.page_html, title: Self.escaped(channel.name), scripts: ["player"], values),
                lifetime: "no-cache")
        }
        // Who is no browser gets another answer under the same name, so neither is kept.
        missing = Page(
            html,
            Self.framed(
                PackageResources.missing_html,
                title: channels.isEmpty ? "No channels yet" : "There is no such channel",
                [
                    "channels": Self.links(to: channels),
                    "text": channels.isEmpty
                        ? "Here they will be as soon as the server\u{2019}s configuration names one."
                        : "It may have another name now: those that exist are listed above.",
                ]), status: 404, lifetime: "no-store")
        pages["/"] = channels.first.flatMap { pages["/watch/\($0.id)"] }
        self.pages = pages
    }

    /// Answers a request for a page; nothing when there is no such page and the client is no browser that would show one.
    public func respond(to request: HTTPRequest) -> HTTPAnswer? {
        guard request.method == .get || request.method == .head else { return nil }
        if let page = pages[request.path] { return .response(page.response(to: request)) }
        let isBrowser = request.header("Accept").map { $0.contains("text/html") } ?? false
        return isBrowser ? .response(missing.response(to: request)) : nil
    }

    private static func links(to channels: [SiteChannel], current: String? = nil) -> String {
        channels.map { channel in
            let mark = channel.id == current ? " aria-current=\"page\"" : ""
            return "<a href=\"/watch/\(channel.id)\"\(mark)>\(escaped(channel.name))</a>"
        }.joined()
    }

    /// The page with `content` in the frame that all of them have. `title` is HTML, and a value of `content` too.
    private static func framed(
        _ content: [UInt8], title: String, styles: [String] = [], scripts: [String] = [], _ values: [String: String]
    ) -> [UInt8] {
        let values = values.merging(["title": title]) { value, _ in value }
        let head =
            styles.map { "<link rel=\"stylesheet\" href=\"/player/\($0).css\">\n" }
            + scripts.map { "<script type=\"module\" src=\"/player/\($0).js\"></script>\n" }
        let parts = ["head": head.joined(), "content": String(decoding: filled(content, values), as: UTF8.self)]
        return filled(PackageResources.frame_html, values.merging(parts) { _, part in part })
    }

    /// `template` with the values of its `{{names}}`.
    private static func filled(_ template: [UInt8], _ values: [String: String]) -> [UInt8] {
        var page = ""
        var rest = Substring(decoding: template, as: UTF8.self)
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            page += rest[..<open.lowerBound] + (values[String(rest[open.upperBound..<close.lowerBound])] ?? "")
            rest = rest[close.upperBound...]
        }
        return [UInt8]((page + rest).utf8)
    }

    /// Text as HTML shows it, in an attribute too.
    private static func escaped(_ text: String) -> String {
        // By scalars: a combining mark would hide the character it stands on.
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
