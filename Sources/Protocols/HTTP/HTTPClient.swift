internal import Time

/// Hands things to an HTTP server and takes its answers, over a connection of its own for each.
///
///     let answer = try HTTPClient(timeout: .seconds(3)).post(body, to: "https://example.org/hook") { isWanted }
///
/// A request waits on the thread of the caller. Redirects are answers like others, and nothing longer than the limits is
/// read.
public struct HTTPClient: Sendable {
    private let timeout: Duration
    private let headLimit: Int
    private let bodyLimit: Int

    /// A client that waits at most `timeout` for each whole answer, of which it takes so many bytes.
    public init(timeout: Duration, headLimit: Int = 16_384, bodyLimit: Int = 65_536) {
        (self.timeout, self.headLimit, self.bodyLimit) = (timeout, headLimit, bodyLimit)
    }

    /// The answer to POST `url` with that body. It is given up as soon as `isWanted`, which is asked many times a second, is
    /// false.
    public func post(
        _ body: [UInt8], to url: String, headers: [(name: String, value: String)] = [],
        while isWanted: () -> Bool = { true }
    ) throws(HTTPFault) -> HTTPClientAnswer {
        guard let url = HTTPURL(url) else { throw .badAddress }
        let clock = SystemClocks()
        let deadline = clock.now + timeout
        var transfer = try HTTPTransfer(url, headLimit: headLimit)
        transfer.post(body, headers: headers)
        let status = try transfer.head(until: deadline, of: clock, while: isWanted)
        var body: [UInt8] = []
        while try transfer.receive(until: deadline, of: clock, late: .noAnswer, while: isWanted) {
            transfer.take {
                body += $0
                return $0.count
            }
            guard body.count <= bodyLimit else { throw .tooLong }
        }
        return HTTPClientAnswer(status: status, body: body)
    }
}
