internal import Glibc
internal import Locks
internal import Sockets

/// The UDP port of a listener before the first call. From then on it is libsrt's, whose thread looks at it more than a hundred
/// times in a second, whether anything comes or not.
final class SRTPort: Sendable {
    /// Nothing once libsrt has it, or it was closed.
    private let descriptor: Mutex<Int32?>
    /// With the port that the system chose where 0 was asked for.
    let address: SocketAddress

    /// Binds `address`; nothing where that cannot be. As many bytes of calls wait as in libsrt's hands: all encoders call at
    /// once when a server is back.
    init?(_ address: SocketAddress, receiveBuffer: Int32) {
        let family = address.withSystemAddress { address, _ in Int32(address.pointee.sa_family) }
        guard let family else { return nil }
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var isIPv6Only: Int32 = 0
        let size = socklen_t(MemoryLayout<Int32>.size)
        if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isIPv6Only, size) }
        var receiveBuffer = receiveBuffer
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, size)
        guard address.withSystemAddress({ bind(descriptor, $0, $1) }) == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        self.descriptor = Mutex(descriptor)
        var actual = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let port = withUnsafeMutablePointer(to: &actual) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length) == 0 ? SocketAddress($0).port : address.port
            }
        }
        self.address = SocketAddress(host: address.host, port: port)
    }

    deinit { close() }

    /// True until it was given away or closed.
    var isOurs: Bool { descriptor.withLock { $0 != nil } }

    /// Waits until somebody calls, for a moment.
    func wait() -> Bool {
        guard let descriptor = descriptor.withLock(\.self) else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 100) > 0
    }

    /// Has `take` take a descriptor of the socket, which closes it even where it fails. True when it is ours no longer.
    func handOver(to take: (Int32) -> Bool) -> Bool {
        descriptor.withLock { descriptor in
            guard let own = descriptor else { return false }
            let copy = fcntl(own, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0, take(copy) else { return false }
            Glibc.close(own)
            descriptor = nil
            return true
        }
    }

    func close() {
        descriptor.withLock { descriptor in
            guard let own = descriptor else { return }
            // Who waits has it until it wakes, and nobody else could bind the port.
            shutdown(own, Int32(SHUT_RDWR))
            Glibc.close(own)
            descriptor = nil
        }
    }
}
