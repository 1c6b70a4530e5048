import Glibc
import Runtime
import Testing

@testable import Sockets

@Suite(.timeLimit(.minutes(30))) struct TCPTests {
    @Test(arguments: ["127.0.0.1", "::1", "::", "0.0.0.0"])
    func aFreePortIsFoundAtEveryAddress(host: String) throws {
        let listener = try TCPListener(SocketAddress(host: host, port: 0))
        #expect(listener.address.port > 0)
        #expect(listener.address.host == host)
    }

    @Test func aTakenPortSaysSo() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        var thrown: SocketError?
        do { _ = try TCPListener(listener.address) } catch { thrown = error }
        #expect(thrown?.isAddressInUse == true)
        #expect(thrown?.description.contains("127.0.0.1:\(listener.address.port) is taken by another process") == true)
    }

    @Test(
        arguments: zip(
            ["localhost", "", "300.1.1.1", "::g", "192.0.2.1"],
            [String](repeating: "is not a numeric", count: 4) + ["is no address of this machine"]))
    func whatIsNoAddressIsRefused(host: String, text: String) {
        let error = #expect(throws: SocketError.self) { try TCPListener(SocketAddress(host: host, port: 0)) }
        #expect(error?.description.contains(text) == true)
    }

    @Test func shuttingDownEndsAccept() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let isOver = Monitor(false)
        let thread = NamedThread("accept") {
            while listener.accept() != nil {}
            isOver.signal { $0 = true }
        }
        listener.shutDown()
        #expect(isOver.wait(for: .seconds(60)) { $0 })
        thread.join()
    }

    @Test func whoConnectsToASharedSocketOutlivesAListener() throws {
        let socket = try ListeningSocket(SocketAddress(host: "127.0.0.1", port: 0))
        let shared = dup(socket.descriptor)
        let first = try TCPListener(socket)
        first.shutDown()
        #expect(first.accept() == nil)
        let early = try ConnectingSocket(to: first.address)
        first.close()
        let late = try ConnectingSocket(to: first.address)
        defer { for socket in [early, late] { close(socket.descriptor) } }
        let second = try TCPListener(try #require(ListeningSocket(inherited: shared)))
        #expect(second.address == first.address)
        #expect(second.accept() != nil && second.accept() != nil)
    }

    @Test func aClosedListenerRefuses() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        listener.close()
        listener.close()
        _ = try TCPListener(listener.address)
    }
}
