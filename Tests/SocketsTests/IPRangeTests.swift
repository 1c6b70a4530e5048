import Sockets
import Testing

@Suite struct IPRangeTests {
    @Test(
        arguments: [
            ("203.0.113.0/24", "203.0.113.255", true), ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.77/24", "203.0.113.1", true), ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.6", false), ("128.0.0.0/1", "200.1.1.1", true), ("0.0.0.0/0", "9.9.9.9", true),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("::/0", "::1", true), ("::/0", "127.0.0.1", false), ("0.0.0.0/0", "::1", false),
            // Mapped into IPv6, as a socket for both hands it over.
            ("203.0.113.0/24", "::ffff:203.0.113.9", true),
        ])
    func addressesThatBeginAlikeAreInIt(range: String, address: String, isIn: Bool) throws {
        #expect(try #require(IPRange(range)).contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(
        arguments: [
            "", "/", "/24", "203.0.113.0/", "203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/+8", "203.0.113.0/8 ",
            "203.0.113/24", "2001:db8::/129", "[::1]/64", "localhost", "203.0.113.0/24/24", "1.2.3.4/0x8",
        ])
    func whatIsNoRangeIsNone(text: String) {
        #expect(IPRange(text) == nil)
    }

    @Test func aClientIsAnIPv4AddressOrAnIPv6NetworkOf64Bits() throws {
        func client(_ text: String) throws -> IPRange { IPRange(clientAt: try #require(IPAddress(text))) }
        #expect(try client("192.0.2.1") == client("::ffff:192.0.2.1"))
        #expect(try client("192.0.2.1") != client("192.0.2.2"))
        #expect(try client("2001:db8:0:1::1") == client("2001:db8:0:1:ffff::9"))
        #expect(try client("2001:db8:0:1::1") != client("2001:db8:0:2::1"))
    }

    @Test func onlyFourOrSixteenBytesAreAnAddress() {
        #expect(IPAddress(bytes: [1, 2, 3]) == nil && IPAddress(bytes: []) == nil)
        #expect(IPAddress(bytes: [1, 2, 3, 4]) == IPAddress("1.2.3.4"))
    }
}
