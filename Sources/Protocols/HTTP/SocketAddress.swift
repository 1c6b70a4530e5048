internal import CMicroHTTPD
internal import Glibc

/// Addresses of sockets as text.
enum SocketAddress {
    /// The numeric host of `address` without port or zone; an IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2) as
    /// IPv4. "" for anything else.
    static func text(_ address: UnsafePointer<sockaddr>?) -> String {
        guard let address else { return "" }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { format(AF_INET, $0) }
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { bytes in
                    let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
                    return isMapped
                        ? format(AF_INET, UnsafeRawBufferPointer(rebasing: bytes[12...])) : format(AF_INET6, bytes)
                }
            }
        default: return ""
        }
    }

    /// The port that `descriptor` is bound to.
    static func port(of descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage -> UInt16? in
            let found = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
            guard found == 0 else { return nil }
            // The port stands at the same place in sockaddr_in and sockaddr_in6.
            return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    private static func format(_ family: Int32, _ address: UnsafeRawBufferPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard let start = text.baseAddress,
                inet_ntop(family, address.baseAddress, start, socklen_t(text.count)) != nil
            else { return "" }
            return String(cString: start)
        }
    }
}
