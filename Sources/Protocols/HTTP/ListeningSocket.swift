internal import CMicroHTTPD
internal import Glibc

/// A TCP socket that listens. Whoever takes `descriptor` owns it.
struct ListeningSocket {
    let descriptor: Int32
    /// The port it is bound to, also when any was asked for.
    let port: UInt16

    /// Binds to a numeric address; port 0 takes a free one. `::` takes IPv4 clients too.
    init(address: String, port: UInt16) throws(HTTPServerError) {
        var storage = sockaddr_storage()
        guard let length = Self.parse(address, port, into: &storage) else {
            throw HTTPServerError(.addressInvalid, address: address, port: port)
        }
        let descriptor = socket(
            Int32(storage.ss_family), Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw HTTPServerError(errorNumber: errno, address: address, port: port) }
        do {
            try Self.check(Self.set(SOL_SOCKET, SO_REUSEADDR, 1, on: descriptor), address, port)
            if Int32(storage.ss_family) == AF_INET6 {
                let isOnlyIPv6: Int32 = address == "::" ? 0 : 1
                try Self.check(Self.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, isOnlyIPv6, on: descriptor), address, port)
            }
            let bound = withUnsafePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try Self.check(bound, address, port)
            // The kernel cuts the backlog to net.core.somaxconn.
            try Self.check(listen(descriptor, 65_535), address, port)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.port = SocketAddress.port(of: descriptor) ?? port
    }

    private static func parse(_ address: String, _ port: UInt16, into storage: inout sockaddr_storage) -> socklen_t? {
        withUnsafeMutablePointer(to: &storage) { storage -> socklen_t? in
            let isIPv4 = storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                $0.pointee.sin_family = sa_family_t(AF_INET)
                $0.pointee.sin_port = port.bigEndian
                return inet_pton(AF_INET, address, &$0.pointee.sin_addr) == 1
            }
            if isIPv4 { return socklen_t(MemoryLayout<sockaddr_in>.size) }
            let isIPv6 = storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                $0.pointee = sockaddr_in6()
                $0.pointee.sin6_family = sa_family_t(AF_INET6)
                $0.pointee.sin6_port = port.bigEndian
                return inet_pton(AF_INET6, address, &$0.pointee.sin6_addr) == 1
            }
            return isIPv6 ? socklen_t(MemoryLayout<sockaddr_in6>.size) : nil
        }
    }

    private static func set(_ level: Int32, _ option: Int32, _ value: Int32, on descriptor: Int32) -> Int32 {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func check(_ result: Int32, _ address: String, _ port: UInt16) throws(HTTPServerError) {
        if result != 0 { throw HTTPServerError(errorNumber: errno, address: address, port: port) }
    }
}
