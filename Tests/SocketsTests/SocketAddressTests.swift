import Sockets
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.1.2.3",
        "240.0.0.1", "255.255.255.255", "192.0.0.192", "100.100.100.200", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "fd00:ec2::254", "localhost", "",
    ])
    func whatNoSourceHasIsReserved(host: String) {
        #expect(SocketAddress(host: host, port: 1).isReserved)
    }

    @Test(arguments: [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "192.0.2.1", "100.64.0.1", "8.8.8.8", "169.253.0.1", "169.255.0.1",
        "223.255.255.255", "126.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "fd12:3456::1", "2001:db8::1",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ])
    func othersAreNot(host: String) { #expect(!SocketAddress(host: host, port: 1).isReserved) }

    /// However it is written.
    @Test(arguments: ["localhost", "127.1", "2130706433", "0x7f000001", "017700000001"])
    func namesOfThisMachineAreLookedUpAsItsAddresses(name: String) {
        let found = SocketAddress.addresses(of: name, port: 9)
        #expect(!found.isEmpty && found.allSatisfy { $0.isReserved && $0.port == 9 })
    }

    @Test func thisMachineIsKnownByTheAddressesOfItsInterfaces() {
        let own = ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
        #expect(own.allSatisfy { SocketAddress(host: $0, port: 1).isOfThisMachine })
        #expect(["198.51.100.1", "2001:db8::1", "x"].allSatisfy { !SocketAddress(host: $0, port: 1).isOfThisMachine })
    }

    @Test func groupsAreKnown() {
        #expect(["224.0.0.1", "239.255.1.1", "ff02::1"].allSatisfy { SocketAddress(host: $0, port: 1).isMulticast })
        #expect(["10.0.0.1", "::1", "fe80::1", "x"].allSatisfy { !SocketAddress(host: $0, port: 1).isMulticast })
    }
}
