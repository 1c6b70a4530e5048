import Glibc
import Testing

@testable import Sockets

/// What sd_listen_fds(3) says, and which listener each socket is for.
@Suite struct InheritedSocketsTests {
    private static let listeners = [
        InheritedSockets.Listener(name: "http", address: SocketAddress(host: "::", port: 8080)),
        InheritedSockets.Listener(name: "rtmp", address: SocketAddress(host: "0:0::0", port: 1935)),
    ]

    private func names(_ count: String?, _ names: String? = nil, owner: String? = "17") throws -> [String] {
        var variables = ["LISTEN_FDS": count, "LISTEN_PID": owner, "LISTEN_FDNAMES": names]
        variables["PATH"] = "/bin"
        return try InheritedSockets.names(in: variables.compactMapValues(\.self), process: 17)
    }

    private func socket(_ host: String, _ port: UInt16, descriptor: Int32 = 3) -> ListeningSocket {
        ListeningSocket(descriptor: descriptor, address: SocketAddress(host: host, port: port))
    }

    @Test func socketsAreCountedAndNamed() throws {
        #expect(try names("2", "http:rtmp") == ["http", "rtmp"])
        #expect(try names("2") == ["", ""])
        #expect(try names("2", ":rtmp") == ["", "rtmp"])
        #expect(try names("0", "") == [])
        #expect(try names(nil) == [])
    }

    @Test(arguments: [nil, "18", "", "x", "1.7e1"]) func whatIsMeantForAnotherProcessIsLeftAlone(owner: String?) throws
    {
        #expect(try names("2", owner: owner) == [])
        #expect(try names("nonsense", owner: owner) == [])
    }

    @Test(arguments: ["", "-1", "two", "65", "99999999999999999999"]) func aCountThatIsNoneIsAFault(count: String) {
        let fault = #expect(throws: InheritedSockets.Fault.self) { try names(count) }
        #expect(fault?.description.contains("\"\(count)\"") == true)
    }

    @Test(arguments: zip(["2", "2", "0"], ["http", "http:rtmp:metrics", "http"]))
    func asManyNamesAsDescriptorsAreExpected(count: String, list: String) {
        let fault = #expect(throws: InheritedSockets.Fault.self) { try names(count, list) }
        #expect(fault?.description.contains("for \(count) descriptors") == true)
    }

    @Test func aNameCountsForMoreThanAnAddress() throws {
        let sockets = InheritedSockets([("rtmp", socket("::", 8080)), ("http", socket("10.0.0.1", 1, descriptor: 4))])
        let assigned = try sockets.assigned(to: Self.listeners)
        #expect(assigned.mapValues(\.descriptor) == ["rtmp": 3, "http": 4])
    }

    @Test(arguments: ["", "headwater.socket"]) func aSocketWithoutANameIsKnownByItsAddress(name: String) throws {
        let sockets = InheritedSockets([(name, socket("::", 1935)), (name, socket("::", 8080, descriptor: 4))])
        let assigned = try sockets.assigned(to: Self.listeners)
        #expect(assigned.mapValues(\.descriptor) == ["rtmp": 3, "http": 4])
    }

    @Test(arguments: zip(["::", "0.0.0.0", "127.0.0.1"], [UInt16(8081), 8080, 1935]))
    func aSocketThatNobodyListensWithIsAFault(host: String, port: UInt16) {
        let sockets = InheritedSockets([("web", socket(host, port))])
        let fault = #expect(throws: InheritedSockets.Fault.self) { try sockets.assigned(to: Self.listeners) }
        let place = SocketAddress(host: host, port: port).description
        #expect(
            fault?.description.hasPrefix("the inherited socket at \(place) is for none of http ([::]:8080)") == true)
    }

    @Test func aListenerHasOneSocket() {
        let sockets = InheritedSockets([("http", socket("::", 80)), ("", socket("::", 8080, descriptor: 4))])
        let fault = #expect(throws: InheritedSockets.Fault.self) { try sockets.assigned(to: Self.listeners) }
        #expect(fault?.description == "two sockets are inherited for http, which has one")
    }

    @Test func onlySocketsThatListenForTCPAreTaken() throws {
        let listening = try ListeningSocket(SocketAddress(host: "127.0.0.1", port: 0))
        defer { close(listening.descriptor) }
        _ = fcntl(listening.descriptor, F_SETFL, 0)
        #expect(ListeningSocket(inherited: listening.descriptor)?.address == listening.address)
        #expect(fcntl(listening.descriptor, F_GETFL) & O_NONBLOCK != 0)
        let stream = Int32(SOCK_STREAM.rawValue)
        let local = Glibc.socket(AF_UNIX, stream, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An address of the family alone takes a free abstract name.
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(local, $0, 2) }
        }
        #expect(listen(local, 1) == 0)
        let others = [local, Glibc.socket(AF_INET, stream, 0), dup(0), Int32(1 << 20)]
        defer { for descriptor in others.dropLast() { close(descriptor) } }
        for descriptor in others { #expect(ListeningSocket(inherited: descriptor) == nil) }
    }
}
