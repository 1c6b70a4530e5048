internal import CCurl

/// Asks an HTTP server something, over libcurl; one connection for each request.
///
///     let answer = try HTTPClient(timeout: .seconds(3)).post(body, to: "https://example.org/hook") { isWanted }
///
/// A request waits on the thread of the caller. Redirects are answers like others, proxies that the environment names are
/// not used, certificates are checked against the system's, and nothing longer than the limits is read.
public struct HTTPClient: Sendable {
    /// How often a request that waits asks whether it is still wanted, in milliseconds.
    private static let pace = 50

    private let timeout: Duration
    private let headLimit: Int
    private let bodyLimit: Int

    /// A client that waits at most `timeout` for each whole answer, of which it takes so many bytes.
    public init(timeout: Duration, headLimit: Int = 16_384, bodyLimit: Int = 65_536) {
        (self.timeout, self.headLimit, self.bodyLimit) = (timeout, headLimit, bodyLimit)
    }

    /// True when `text` is a URL that a request can go to.
    public static func takes(_ text: String) -> Bool {
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), let url = curl_url() else { return false }
        defer { curl_url_cleanup(url) }
        return curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK
    }

    /// The answer to POST `url` with that body. It is given up as soon as `isWanted`, which is asked many times a second, is
    /// false.
    public func post(
        _ body: [UInt8], to url: String, headers: [(name: String, value: String)] = [],
        while isWanted: () -> Bool = { true }
    ) throws(HTTPClientError) -> HTTPClientAnswer {
        guard Self.takes(url), var transfer = HTTPTransfer(headLimit: headLimit, bodyLimit: bodyLimit) else {
            throw .badURL
        }
        transfer.prepare(post: body, to: url, headers: headers)
        let deadline = ContinuousClock.now + timeout
        while try transfer.isRunning() {
            guard isWanted() else { throw .abandoned }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw .timedOut }
            let milliseconds = left.components.seconds > 0 ? Self.pace : Int(left / .milliseconds(1)) + 1
            transfer.wait(milliseconds: min(milliseconds, Self.pace))
        }
        return try transfer.answer()
    }
}
