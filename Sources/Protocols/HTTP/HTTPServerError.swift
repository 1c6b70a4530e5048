internal import Glibc

/// Why a server could not start. `description` is for the person who configured it.
public struct HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable name for the kind of failure.
    public enum Code: String, Sendable {
        /// The address is not a numeric IPv4 or IPv6 address.
        case addressInvalid = "http.address_invalid"
        /// The machine has no such address, or no IPv6.
        case addressUnavailable = "http.address_unavailable"
        /// Something else listens on the port.
        case portTaken = "http.port_taken"
        /// The port is reserved for privileged processes.
        case notPermitted = "http.not_permitted"
        /// The process may open no more files.
        case outOfDescriptors = "http.out_of_descriptors"
        /// The workers could not be started.
        case workersRefused = "http.workers_refused"
        /// Any other failure of the operating system.
        case system = "http.system"
    }

    /// The kind of failure.
    public let code: Code
    /// The address that was to be listened on.
    public let address: String
    /// The port that was to be listened on.
    public let port: UInt16
    /// The operating system's error number, or 0.
    public let errorNumber: Int32

    init(_ code: Code, address: String, port: UInt16, errorNumber: Int32 = 0) {
        self.code = code
        self.address = address
        self.port = port
        self.errorNumber = errorNumber
    }

    init(errorNumber: Int32, address: String, port: UInt16) {
        let code: Code =
            switch errorNumber {
            case EADDRINUSE: .portTaken
            case EACCES, EPERM: .notPermitted
            case EADDRNOTAVAIL, EAFNOSUPPORT: .addressUnavailable
            case EMFILE, ENFILE: .outOfDescriptors
            default: .system
            }
        self.init(code, address: address, port: port, errorNumber: errorNumber)
    }

    /// One sentence that says what to change.
    public var description: String {
        switch code {
        case .addressInvalid: "\"\(address)\" is not a numeric IPv4 or IPv6 address"
        case .addressUnavailable: "this machine has no address \(address) to listen on"
        case .portTaken: "port \(port) on \(address) is taken: another program listens there"
        case .notPermitted: "port \(port) on \(address) may not be opened by this user"
        case .outOfDescriptors: "no file descriptor is left to listen on \(address) port \(port)"
        case .workersRefused: "the HTTP workers for \(address) port \(port) could not be started"
        case .system: "cannot listen on \(address) port \(port): \(String(cString: strerror(errorNumber)))"
        }
    }
}
