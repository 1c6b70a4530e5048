internal import Glibc
internal import HLSLoadModel
internal import Locks
internal import Sockets

/// Where servers are: each name is looked up once for all viewers.
final class AddressBook: Sendable {
    private let known: Mutex<[ServerAddress: SocketAddress]>
    private let resolutions: [LoadOptions.Resolution]

    init(_ resolutions: [LoadOptions.Resolution]) {
        self.resolutions = resolutions
        known = Mutex([:])
    }

    /// The address of `server`; nothing when its name has none.
    func address(of server: ServerAddress) -> SocketAddress? {
        if let address = known.withLock({ $0[server] }) { return address }
        guard let address = lookUp(server) else { return nil }
        known.withLock { $0[server] = address }
        return address
    }

    private func lookUp(_ server: ServerAddress) -> SocketAddress? {
        if let fixed = resolutions.first(where: { $0.host == server.host && $0.port == server.port }) {
            return SocketAddress(host: fixed.address, port: server.port)
        }
        // IPv4 first, for the sake of the many addresses that its loopback has.
        for family in [AF_INET, AF_INET6] {
            var hints = addrinfo()
            hints.ai_family = family
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(server.host, nil, &hints, &list) == 0 else { continue }
            defer { freeaddrinfo(list) }
            if let address = list?.pointee.ai_addr {
                return SocketAddress(host: SocketAddress(address).host, port: server.port)
            }
        }
        return nil
    }
}
