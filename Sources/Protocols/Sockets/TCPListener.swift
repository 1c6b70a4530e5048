internal import CLinux
internal import Glibc

/// A listening TCP socket.
public final class TCPListener: Sendable {
    private let descriptor: Int32
    /// Where the socket listens, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Listens at `address`. The unspecified IPv6 address takes IPv4 connections too.
    public init(_ address: SocketAddress) throws(SocketError) {
        let socket = try ListeningSocket(address, isBlocking: true)
        descriptor = socket.descriptor
        self.address = socket.address
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
