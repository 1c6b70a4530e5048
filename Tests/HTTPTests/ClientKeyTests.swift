import CMicroHTTPD
import Glibc
import Testing

/// Whom the server takes for one client.
@Suite struct ClientKeyTests {
    private func key(_ text: String) -> UInt64 {
        var v4 = sockaddr_in()
        if inet_pton(AF_INET, text, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            return withUnsafePointer(to: &v4) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { client_key($0) }
            }
        }
        var v6 = sockaddr_in6()
        v6.sin6_family = sa_family_t(AF_INET6)
        #expect(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        return withUnsafePointer(to: &v6) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { client_key($0) } }
    }

    @Test func anIPv4AddressIsAClient() {
        #expect(key("192.0.2.1") == key("192.0.2.1"))
        #expect(key("192.0.2.1") != key("192.0.2.2"))
        #expect(key("::ffff:192.0.2.1") == key("192.0.2.1"))
        #expect(key("::ffff:192.0.2.1") != key("::ffff:192.0.2.2"))
    }

    @Test func anIPv6NetworkOf64BitsIsAClient() {
        #expect(key("2001:db8:0:1::1") == key("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        #expect(key("2001:db8:0:1::1") != key("2001:db8:0:2::1"))
    }
}
