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

    /// Binds `address`; nothing where that cannot be.
    init?(_ address: SocketAddress) {
        let family = address.withSystemAddress { address, _ in Int32(address.pointee.sa_family) }
        guard let family else { return nil }
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var isIPv6Only: Int32 = 0
        let size = socklen_t(MemoryLayout<Int32>.size)
        if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isIPv6Only, size) }
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

    /// Gives the socket away: who takes it closes it. Nothing where it was closed.
    func take() -> Int32? {
        descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
    }

    func close() { if let descriptor = take() { Glibc.close(descriptor) } }
}
