internal import Glibc

/// A UDP socket that takes what one sender sends to an address of this machine, or to a group; for one thread.
///
/// While its sender goes on, nobody else's datagrams are taken: two streams in one would be none.
public final class DatagramSocket {
    /// What comes while nobody reads is kept, up to this, where the system allows it: a tenth of a second of 300 Mb/s.
    private static let bufferSize: Int32 = 4 << 20
    /// After so many milliseconds of silence another sender may take its place.
    private static let succession = 500

    private let descriptor: Int32
    /// The sender's address, in the system's form.
    private var sender: [UInt8] = []
    private var heard = 0

    /// Where it is bound, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Awaits datagrams at `address`. A group is joined on the network on which this machine has the address `interface`,
    /// or where the system chooses.
    public init(_ address: SocketAddress, joiningOn interface: String? = nil) throws(SocketError) {
        let family = address.withSystemAddress { address, _ in Int32(address.pointee.sa_family) }
        guard let family else { throw SocketError(call: "address", code: EINVAL, address: address) }
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw SocketError(call: "socket", code: errno, address: address) }
        do throws(SocketError) {
            func check(_ call: String, _ result: Int32?) throws(SocketError) {
                guard result == 0 else { throw SocketError(call: call, code: errno, address: address) }
            }
            let isGroup = address.isMulticast
            // Several servers may listen to a group.
            if isGroup { Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
            Self.set(descriptor, SOL_SOCKET, SO_RCVBUF, Self.bufferSize)
            // Only what is sent to that very group, and not to others at the same port.
            Self.set(descriptor, Int32(IPPROTO_IP), IP_MULTICAST_ALL, 0)
            try check("bind", address.withSystemAddress { bind(descriptor, $0, $1) })
            if isGroup { try check("join", Self.join(descriptor, address, family, interface)) }
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.address = SocketAddress(local: descriptor)
    }

    deinit { close(descriptor) }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func join(
        _ descriptor: Int32, _ group: SocketAddress, _ family: Int32, _ interface: String?
    ) -> Int32 {
        if family == AF_INET {
            var request = ip_mreq()
            inet_pton(AF_INET, group.host, &request.imr_multiaddr)
            if let interface { inet_pton(AF_INET, interface, &request.imr_interface) }
            return setsockopt(
                descriptor, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &request, socklen_t(MemoryLayout<ip_mreq>.size))
        }
        var request = ipv6_mreq()
        inet_pton(AF_INET6, group.host, &request.ipv6mr_multiaddr)
        return setsockopt(
            descriptor, Int32(IPPROTO_IPV6), IPV6_ADD_MEMBERSHIP, &request, socklen_t(MemoryLayout<ipv6_mreq>.size))
    }

    /// Waits for a datagram; false when none came in time.
    public func wait(for duration: Duration) -> Bool {
        let (seconds, attoseconds) = duration.components
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)) > 0
    }

    /// Waits for a datagram of the sender and puts it at the start of `buffer`; 0 when none came in time.
    public func receive(into buffer: UnsafeMutableRawBufferPointer, within duration: Duration) -> Int {
        guard wait(for: duration) else { return 0 }
        var from = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, $0, &length)
            }
        }
        guard count > 0 else { return 0 }
        let now = Self.milliseconds()
        let isSame = withUnsafeBytes(of: &from) { $0.prefix(Int(length)).elementsEqual(sender) }
        if !isSame {
            if !sender.isEmpty, now - heard < Self.succession { return 0 }
            sender = withUnsafeBytes(of: &from) { Array($0.prefix(Int(length))) }
        }
        heard = now
        return count
    }

    private static func milliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
