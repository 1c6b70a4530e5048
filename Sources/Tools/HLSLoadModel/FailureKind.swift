internal import Glibc

/// Why a request failed.
public enum FailureKind: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server answered with this status instead of 200, or 206 for a range.
    case status(Int)
    /// Nobody listens at the server's port.
    case refused
    /// The connection was reset, or broke otherwise.
    case reset
    /// The server closed the connection before the answer was whole.
    case closed
    /// The answer did not come in time.
    case timeout
    /// The answer cannot be read.
    case malformed(MalformedResponse)
    /// TLS could not be agreed upon.
    case tls
    /// The server's name or address leads nowhere, by the system's error number.
    case unreachable(Int32)
    /// The generator has no file descriptor or port left: no fault of the server's.
    case exhausted

    /// The kind behind one of the system's error numbers.
    public init(systemError code: Int32) {
        self =
            switch code {
            case ECONNREFUSED: .refused
            case ECONNRESET, EPIPE, ECONNABORTED: .reset
            case ETIMEDOUT: .timeout
            case EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM: .exhausted
            default: .unreachable(code)
            }
    }

    /// The name in reports.
    public var description: String {
        switch self {
        case .status(let code): "status \(code)"
        case .refused: "connection refused"
        case .reset: "connection reset"
        case .closed: "closed within an answer"
        case .timeout: "timeout"
        case .malformed(let fault): "malformed \(fault)"
        case .tls: "TLS"
        case .unreachable(let code): "unreachable (error \(code))"
        case .exhausted: "no descriptor or port left"
        }
    }
}
