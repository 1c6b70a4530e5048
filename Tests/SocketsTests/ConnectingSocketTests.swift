import Glibc
import Sockets
import Testing

@Suite(.timeLimit(.minutes(30))) struct ConnectingSocketTests {
    @Test func aConnectionComesFromTheAddressThatWasAskedFor() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let poller = try #require(SocketPoller(capacity: 4))
        for source in ["127.0.0.1", "127.0.0.77", nil] {
            let socket = try ConnectingSocket(to: listener.address, from: source)
            defer { close(socket.descriptor) }
            poller.add(socket.descriptor, token: 7, .writing)
            #expect(poller.wait(milliseconds: 60_000) == 1)
            #expect(poller[0] == 7)
            #expect(ConnectingSocket.failure(of: socket.descriptor) == 0)
            #expect(listener.accept()?.peer.host == source ?? "127.0.0.1")
        }
    }

    @Test func aPortThatNobodyListensAtRefuses() throws {
        let address: SocketAddress
        do { address = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0)).address }
        let poller = try #require(SocketPoller(capacity: 4))
        var code: Int32 = 0
        do {
            let socket = try ConnectingSocket(to: address)
            defer { close(socket.descriptor) }
            poller.add(socket.descriptor, token: 1, .writing)
            #expect(poller.wait(milliseconds: 60_000) == 1)
            code = ConnectingSocket.failure(of: socket.descriptor)
        } catch {
            code = error.code
        }
        #expect(code == ECONNREFUSED)
    }

    @Test func anAddressOfAnotherMachineCannotBeTheSource() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        #expect(throws: SocketError.self) { _ = try ConnectingSocket(to: listener.address, from: "192.0.2.1") }
        #expect(throws: SocketError.self) { _ = try ConnectingSocket(to: SocketAddress(host: "x", port: 1)) }
    }

    @Test func aPollerReportsWhatItWasLastAskedFor() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let poller = try #require(SocketPoller(capacity: 4))
        let socket = try ConnectingSocket(to: listener.address)
        defer { close(socket.descriptor) }
        poller.add(socket.descriptor, token: 1, .writing)
        #expect(poller.wait(milliseconds: 60_000) == 1)
        poller.change(socket.descriptor, token: 2, .reading)
        #expect(poller.wait(milliseconds: 0) == 0)
        let peer = try #require(listener.accept())
        #expect(peer.write([1, 2, 3]))
        #expect(poller.wait(milliseconds: 60_000) == 1)
        #expect(poller[0] == 2)
    }
}
