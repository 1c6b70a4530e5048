/// What a server has answered to a client.
public struct HTTPClientAnswer: Sendable, Hashable {
    /// The status code. RFC 9110 §15.
    public let status: Int
    /// The body, as it came.
    public let body: [UInt8]

    init(status: Int, body: [UInt8]) { (self.status, self.body) = (status, body) }
}
