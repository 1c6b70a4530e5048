internal import Glibc

extension SocketAddress {
    /// The addresses of the host of that name, or of that numeric address without brackets, in the order of the system;
    /// none when there is no such host. It waits for the answer as long as the system does.
    public static func addresses(of host: String, port: UInt16) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let name = current.pointee.ai_addr {
                found.append(SocketAddress(host: SocketAddress(name).host, port: port))
            }
            entry = current.pointee.ai_next
        }
        return found
    }
}
