internal import Sockets

/// Where datagrams are awaited: a group of multicast, or this machine.
struct DatagramAddress: Sendable {
    /// The group, or the address of this machine that they are sent to.
    let address: SocketAddress
    /// The address of this machine on the network that the group is joined on; the system's choice where it is not said.
    let interface: String?

    /// Reads what stands behind `udp://`: `[@]HOST:PORT[?localaddr=ADDRESS]`, without a host for any.
    init?(_ text: Substring) {
        let end = text.firstIndex { $0 == "/" || $0 == "?" } ?? text.endIndex
        var authority = text[..<end]
        if authority.hasPrefix("@") { authority = authority.dropFirst() }
        guard let (host, port) = HostAndPort.read(authority), let port else { return nil }
        address = SocketAddress(host: host.isEmpty ? "0.0.0.0" : host, port: port)
        guard address.isNumeric else { return nil }
        var interface: String?
        let query = text[end...].drop { $0 == "/" }
        guard query.isEmpty || query.hasPrefix("?") else { return nil }
        for option in query.dropFirst().split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0] == "localaddr", interface == nil else { return nil }
            interface = String(parts[1])
            guard SocketAddress(host: String(parts[1]), port: 0).isNumeric else { return nil }
        }
        self.interface = interface
    }
}
