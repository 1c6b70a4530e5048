internal import CLinux
internal import Glibc

/// A listening TCP socket.
public final class TCPListener: Sendable {
    private let descriptor: Int32
    /// Where the socket listens, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Listens at `address`. The unspecified IPv6 address takes IPv4 connections too.
    public init(_ address: SocketAddress, backlog: Int32 = 512) throws(SocketError) {
        func failure(_ call: String) -> SocketError { SocketError(call: call, code: errno, address: address) }
        let isIPv6 = address.host.contains(":")
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, type, 0)
        self.descriptor = descriptor
        guard descriptor >= 0 else {
            self.address = address
            throw failure("socket")
        }
        var (on, off): (Int32, Int32) = (1, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if isIPv6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
        }
        errno = EADDRNOTAVAIL
        let bound = address.withSystemAddress { bind(descriptor, $0, $1) } ?? -1
        guard bound == 0, listen(descriptor, backlog) == 0 else {
            let error = failure("bind")
            // From here on the object is whole, and `deinit` closes the socket.
            self.address = address
            throw error
        }
        var actual = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &actual) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        self.address = SocketAddress(host: address.host, port: SocketAddress(actual).port)
    }

    deinit { Glibc.close(descriptor) }

    /// Waits for the next connection; nothing once the listener was shut down.
    public func accept() -> TCPConnection? {
        while true {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    accept4(descriptor, $0, &length, Int32(SOCK_CLOEXEC.rawValue))
                }
            }
            if accepted >= 0 { return TCPConnection(descriptor: accepted, peer: SocketAddress(peer)) }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(50_000)  // the connection waits until a descriptor is free
            default: return nil
            }
        }
    }

    /// Ends `accept`, now and from now on.
    public func shutDown() { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
}
