public import Sockets

/// Why a server could not start. `description` is for the person who configured it.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The workers could not be started.
    case workersRefused(SocketAddress)

    /// One sentence that says what to change.
    public var description: String {
        switch self {
        case .workersRefused(let address): "the HTTP workers for \(address) could not be started"
        }
    }
}
