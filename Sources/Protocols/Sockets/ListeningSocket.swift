internal import CLinux
internal import Glibc

/// A TCP socket that listens. Whoever takes `descriptor` owns it.
public struct ListeningSocket {
    /// The file descriptor.
    public let descriptor: Int32
    /// Where the socket listens, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Listens at `address`. The unspecified IPv6 address takes IPv4 connections too.
    /// - Parameter isBlocking: whether `accept` waits.
    public init(_ address: SocketAddress, isBlocking: Bool) throws(SocketError) {
        func failure(_ call: String, _ code: Int32 = errno) -> SocketError {
            SocketError(call: call, code: code, address: address)
        }
        guard let family = address.withSystemAddress({ address, _ in Int32(address.pointee.sa_family) }) else {
            throw failure("address", EINVAL)
        }
        var type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        if !isBlocking { type |= Int32(SOCK_NONBLOCK.rawValue) }
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw failure("socket") }
        var (on, off): (Int32, Int32) = (1, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
        }
        // The kernel cuts the backlog to net.core.somaxconn.
        guard address.withSystemAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 65_535) == 0 else {
            let error = failure("bind")
            close(descriptor)
            throw error
        }
        var actual = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &actual) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        self.descriptor = descriptor
        self.address = SocketAddress(host: address.host, port: SocketAddress(actual).port)
    }
}
