internal import Glibc

extension SocketAddress {
    /// True for what no source of media on another machine has: addresses of this machine and of its link, of groups, of
    /// nobody, and of the services that tell a virtual machine its secrets. Addresses of private networks are ordinary
    /// (RFC 1918, and `fc00::/7`). IPv4 addresses are found inside IPv6 ones too. RFC 6890 §2.2.
    public var isReserved: Bool {
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return Self.isReserved(UInt32(bigEndian: v4.s_addr)) }
        var v6 = in6_addr()
        // The name of a link's interface may stand behind it.
        guard inet_pton(AF_INET6, String(host.prefix { $0 != "%" }), &v6) == 1 else { return true }
        return Self.isReserved(withUnsafeBytes(of: v6) { Array($0) })
    }

    /// True for an address of this machine, whatever network it is in. Nothing is known where the system does not tell, such as
    /// to a service that may not use `AF_NETLINK`.
    public var isOfThisMachine: Bool {
        let own = IPAddress.ofThisMachine
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, host, &v6) == 1 else { return IPAddress(host).map(own.contains) ?? false }
        let bytes = withUnsafeBytes(of: v6) { Array($0) }
        let inside = Self.v4(inside: bytes).map { $0.map(String.init).joined(separator: ".") }
        return [host, inside].compactMap { $0.flatMap { IPAddress($0) } }.contains(where: own.contains)
    }

    /// The IPv4 address inside an IPv6 one that is translated (RFC 6052, and its local form) or of 6to4.
    private static func v4(inside bytes: [UInt8]) -> ArraySlice<UInt8>? {
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B]) { return bytes[12...] }
        return bytes.starts(with: [0x20, 0x02]) ? bytes[2..<6] : nil
    }

    private static func isReserved(_ address: UInt32) -> Bool {
        switch address >> 24 {
        // This network, loopback, groups, and what is kept back with the broadcast.
        case 0, 127, 224...255: true
        // Link-local; protocol assignments.
        case 169: address >> 16 == 0xA9FE
        case 192: address >> 8 == 0xC0_0000
        // One service that tells secrets is among the addresses that carriers share.
        case 100: address == 0x6464_64C8
        default: false
        }
    }

    private static func isReserved(_ bytes: [UInt8]) -> Bool {
        func isReserved(_ v4: ArraySlice<UInt8>) -> Bool {
            Self.isReserved(v4.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
        // Groups, link-local, site-local.
        if bytes[0] == 0xFF || bytes[0] == 0xFE && bytes[1] >= 0x80 { return true }
        // Nobody, loopback, IPv4-compatible and IPv4-mapped.
        if bytes[..<10].allSatisfy({ $0 == 0 }) {
            return bytes[10] != 0xFF || bytes[11] != 0xFF || isReserved(bytes[12...])
        }
        if let inside = v4(inside: bytes) { return isReserved(inside) }
        return bytes == [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54]
    }
}
