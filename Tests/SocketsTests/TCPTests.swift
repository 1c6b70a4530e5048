import Glibc
import Runtime
import Sockets
import Testing

@Suite(.timeLimit(.minutes(1))) struct TCPTests {
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
        #expect(thrown?.description.contains("taken by another process") == true)
    }

    @Test(arguments: ["localhost", "", "300.1.1.1", "::g"])
    func whatIsNoAddressIsRefused(host: String) {
        #expect(throws: SocketError.self) { try TCPListener(SocketAddress(host: host, port: 0)) }
    }

    @Test func shuttingDownEndsAccept() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let isOver = Monitor(false)
        let thread = NamedThread("accept") {
            while listener.accept() != nil {}
            isOver.signal { $0 = true }
        }
        listener.shutDown()
        #expect(isOver.wait(for: .seconds(10)) { $0 })
        thread.join()
    }
}
