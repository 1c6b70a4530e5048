internal import Glibc

/// Why there is no answer to a client, or no whole one.
public enum HTTPFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is none, or of a scheme that is not known.
    case badAddress
    /// No host of that name.
    case unknownHost
    /// The host, or the one that an answer leads to, has an address that may not be asked, and no other.
    case forbiddenAddress(isRedirect: Bool)
    /// An answer leads to another scheme, or nowhere.
    case badRedirect
    /// One answer after another leads elsewhere.
    case endlessRedirects
    /// No connection: the system's error number.
    case unreachable(Int32)
    /// The connection cannot be secured, or the host is not who it should be.
    case insecure
    /// The connection ended before anything came.
    case hungUp
    /// What came is no answer.
    case malformed
    /// The head of the answer is longer than any.
    case endlessHeaders
    /// The body is longer than is read.
    case tooLong
    /// The answer did not come in time.
    case noAnswer
    /// Nothing came for too long.
    case silent
    /// The connection ended before the answer did.
    case cutOff
    /// The host says no, with that status.
    case status(Int)
    /// Nobody wants it any more.
    case stopped

    /// One sentence, without addresses.
    public var description: String {
        switch self {
        case .badAddress: "the address is no address"
        case .unknownHost: "no host of that name was found"
        case .forbiddenAddress(false): "the host has an address that may not be asked"
        case .forbiddenAddress(true): "the answer leads to an address that may not be asked"
        case .badRedirect: "the answer leads to something else than HTTP"
        case .endlessRedirects: "one answer after another leads elsewhere"
        case .unreachable(let code): "no connection: \(String(cString: strerror(code)))"
        case .insecure: "no secure connection: the certificate is not trusted, or TLS failed"
        case .hungUp: "the connection ended before anything came"
        case .malformed: "what came is no answer of HTTP/1.1"
        case .endlessHeaders: "the head of the answer does not end"
        case .tooLong: "the answer is longer than is read"
        case .noAnswer: "no answer came in time"
        case .silent: "nothing came any more"
        case .cutOff: "the connection ended before the answer did"
        case .status(let status): "the answer was \(status)"
        case .stopped: "stopped"
        }
    }
}
