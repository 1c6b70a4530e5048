internal import CLinux
internal import Glibc

/// A TCP socket that listens and whose `accept` does not wait. Whoever takes `descriptor` owns it.
public struct ListeningSocket: Sendable {
    /// The file descriptor.
    public let descriptor: Int32
    /// Where the socket listens, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Listens at `address`. The unspecified IPv6 address takes IPv4 connections too.
    public init(_ address: SocketAddress) throws(SocketError) {
        let (descriptor, family) = try address.openSocket()
        var (on, off): (Int32, Int32) = (1, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
        }
        // The kernel cuts the backlog to net.core.somaxconn.
        guard address.withSystemAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 65_535) == 0 else {
            let error = SocketError(call: "bind", code: errno, address: address)
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.address = SocketAddress(host: address.host, port: SocketAddress(local: descriptor).port)
    }

    /// The socket behind a descriptor that another process has opened; nothing when it is not one that listens for TCP.
    init?(inherited descriptor: Int32) {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
        }
        guard option(SO_ACCEPTCONN) == 1, option(SO_PROTOCOL) == Int32(IPPROTO_TCP) else { return nil }
        // A property of the socket, which all who have it share; it is theirs to expect from one that is handed on.
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else { return nil }
        self.descriptor = descriptor
        address = SocketAddress(local: descriptor)
    }

    init(descriptor: Int32, address: SocketAddress) {
        (self.descriptor, self.address) = (descriptor, address)
    }
}
