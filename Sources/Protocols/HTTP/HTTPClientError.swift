/// Why there is no answer. What it says holds nothing of the request.
public enum HTTPClientError: Error, Sendable, Hashable {
    /// It is no URL of HTTP or HTTPS.
    case badURL
    /// There was no whole answer in time.
    case timedOut
    /// The caller did not want to wait any longer.
    case abandoned
    /// The head or the body has more bytes than are taken.
    case tooLong
    /// There is no connection, no trust in it, or nothing comes over it: why, in a few words.
    case unreachable(String)
    /// What came is no whole answer: why, in a few words.
    case broken(String)
}
