internal import Sockets

/// `HOST:PORT`, the host a numeric address, in brackets where it is IPv6.
struct ListenAddress {
    let address: SocketAddress

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        address = SocketAddress(host: String(host), port: port)
    }
}
