internal import Sockets

/// Where something listens: as a text `HOST:PORT`, the host a numeric address, in brackets where it is IPv6.
struct ListenAddress {
    let address: SocketAddress

    init(host: String, port: Int) { address = SocketAddress(host: host, port: UInt16(clamping: port)) }

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        address = SocketAddress(host: String(host), port: port)
    }

    /// True when nobody can listen at both.
    func clashes(with other: ListenAddress) -> Bool {
        guard address.port > 0, address.port == other.address.port, let mine = IPAddress(address.host),
            let others = IPAddress(other.address.host)
        else { return false }
        return mine.takes(others) || others.takes(mine)
    }
}

extension IPAddress {
    /// True when who listens here gets what is for `other`: `::` is for all, `0.0.0.0` for IPv4.
    fileprivate func takes(_ other: IPAddress) -> Bool {
        self == other || bytes.allSatisfy { $0 == 0 } && bytes.count >= other.bytes.count
    }
}
