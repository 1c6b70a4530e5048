public import Glibc

/// Where a socket listens: a numeric IPv4 or IPv6 address and a port.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address in its textual form, without brackets: `0.0.0.0`, `::`, `127.0.0.1`.
    public let host: String
    /// The port; 0 asks the system for a free one.
    public let port: UInt16

    /// That address and port.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// True when `host` is an address of this machine's loopback interface.
    public var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.") }

    /// True when `host` is an address, and no name.
    public var isNumeric: Bool { withSystemAddress { _, _ in true } ?? false }

    /// True for an address of a group of receivers (RFC 1112 §4, RFC 4291 §2.7).
    public var isMulticast: Bool {
        withSystemAddress { address, _ in
            address.withMemoryRebound(to: UInt8.self, capacity: 16) { bytes in
                Int32(address.pointee.sa_family) == AF_INET ? bytes[4] >> 4 == 14 : bytes[8] == 0xFF
            }
        } ?? false
    }

    /// Calls `body` with the system's form of the address; nothing when `host` is no numeric address.
    package func withSystemAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
        var v4 = sockaddr_in()
        if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            return withUnsafePointer(to: &v4) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var v6 = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 else { return nil }
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_port = port.bigEndian
        return withUnsafePointer(to: &v6) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    /// A new TCP socket of the address's family, which never blocks and which no child inherits.
    func openSocket() throws(SocketError) -> (descriptor: Int32, family: Int32) {
        guard let family = withSystemAddress({ address, _ in Int32(address.pointee.sa_family) }) else {
            throw SocketError(call: "address", code: EINVAL, address: self)
        }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw SocketError(call: "socket", code: errno, address: self) }
        return (descriptor, family)
    }

    /// The address in the system's form, an IPv4 address mapped into IPv6 in its IPv4 form (RFC 4291 §2.5.5.2). The
    /// host is "" for anything that is no IP address.
    public init(_ address: UnsafePointer<sockaddr>) {
        let length = Int(INET6_ADDRSTRLEN)
        self = withUnsafeTemporaryAllocation(of: CChar.self, capacity: length) { text in
            guard let base = text.baseAddress else { return SocketAddress(host: "", port: 0) }
            switch Int32(address.pointee.sa_family) {
            case AF_INET:
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                    var address = v4.pointee.sin_addr
                    inet_ntop(AF_INET, &address, base, socklen_t(length))
                    return SocketAddress(host: String(cString: base), port: UInt16(bigEndian: v4.pointee.sin_port))
                }
            case AF_INET6:
                return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
                    var address = v6.pointee.sin6_addr
                    inet_ntop(AF_INET6, &address, base, socklen_t(length))
                    let text = String(cString: base)
                    let host = text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
                    return SocketAddress(host: host, port: UInt16(bigEndian: v6.pointee.sin6_port))
                }
            default: return SocketAddress(host: "", port: 0)
            }
        }
    }

    /// The address that the socket behind `descriptor` is bound to.
    init(local descriptor: Int32) {
        var actual = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &actual) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        self.init(actual)
    }

    /// The same address as the system writes it; itself when its host is no numeric address.
    var canonical: SocketAddress { withSystemAddress { address, _ in SocketAddress(address) } ?? self }

    /// The address in `storage`.
    init(_ storage: sockaddr_storage) {
        self = withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
        }
    }
}

/// Why a socket could not be used: what was tried, and what the system said.
public struct SocketError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The failed call, such as `bind`.
    public let call: String
    /// The system's error number.
    public let code: Int32
    /// The address concerned.
    public let address: SocketAddress

    /// True when another process has the port.
    public var isAddressInUse: Bool { code == EADDRINUSE }

    /// One sentence that says what to do.
    public var description: String {
        switch code {
        case EINVAL where call == "address": "\"\(address.host)\" is not a numeric IPv4 or IPv6 address"
        case EADDRINUSE: "\(address) is taken by another process: stop it, or choose another port"
        case EACCES: "\(address) may not be used by this user: ports below 1024 need the right to bind them"
        case EADDRNOTAVAIL, EAFNOSUPPORT: "\(address.host) is no address of this machine"
        default: "\(call) failed for \(address): \(String(cString: strerror(code)))"
        }
    }
}
