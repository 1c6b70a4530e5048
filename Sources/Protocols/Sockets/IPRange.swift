/// The addresses that begin with the same bits: CIDR, RFC 4632 §3.1 and RFC 4291 §2.3.
public struct IPRange: Sendable, Hashable {
    /// The first of the addresses.
    public let first: IPAddress
    /// How many bits are the same in all of them: 0 to 32, or to 128.
    public let prefixLength: Int

    /// The addresses that share the first `prefixLength` bits with `address`; nothing when it has fewer.
    public init?(_ address: IPAddress, prefixLength: Int) {
        guard (0...address.bytes.count * 8).contains(prefixLength) else { return nil }
        var bytes = address.bytes
        for index in bytes.indices {
            let kept = min(max(prefixLength - index * 8, 0), 8)
            bytes[index] &= ~UInt8(truncatingIfNeeded: 0xFF >> kept)
        }
        guard let first = IPAddress(bytes: bytes), first.bytes.count == bytes.count else { return nil }
        (self.first, self.prefixLength) = (first, prefixLength)
    }

    /// The range that `text` writes: `203.0.113.0/24`, `2001:db8::/32`, or one address.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
        guard parts.count > 1 else {
            self.init(address, prefixLength: address.bytes.count * 8)
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        self.init(address, prefixLength: length)
    }

    /// What is most likely one client's: an IPv4 address, or an IPv6 network of 64 bits.
    public init(clientAt address: IPAddress) {
        let isV4 = address.bytes.count == 4
        self = IPRange(address, prefixLength: isV4 ? 32 : 64) ?? IPRange(whole: address)
    }

    private init(whole address: IPAddress) { (first, prefixLength) = (address, address.bytes.count * 8) }

    /// True when `address` is one of them.
    public func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == first.bytes.count && IPRange(address, prefixLength: prefixLength) == self
    }
}
