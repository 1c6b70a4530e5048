import Crypto
import Glibc
import Locks
import RawAnswers
import Runtime
import Sockets
import TestTools
import Testing
import Time

@testable import HTTP

@Suite(.timeLimit(.minutes(10))) struct HTTPTransferTests {
    @Test func littleIsHeldOfWhatIsNotTaken() throws {
        let server = try RawServer { exchange in
            exchange.send("HTTP/1.1 200 OK\r\n\r\n")
            exchange.send(String(repeating: "x", count: 8 << 20))
        }
        defer { server.stop() }
        let clock = SystemClocks()
        let deadline = clock.now + .seconds(60)
        var transfer = try HTTPTransfer(try #require(HTTPURL(server.url)))
        transfer.get()
        let status = try transfer.head(until: deadline, of: clock) { true }
        #expect(status == 200)
        var (most, all) = (0, 0)
        while try transfer.receive(until: deadline, of: clock, late: .silent, while: { true }) {
            transfer.take {
                most = max(most, $0.count)
                all += $0.count
                return $0.count
            }
            // More is there at once than is wanted.
            if all < 1 << 20 { usleep(5000) }
        }
        #expect(most <= 96 << 10 && all == 8 << 20)
    }

    @Test(.enabled(if: Tool.areThere("openssl"))) func whoIsNotTrustedIsToldNothing() throws {
        let certificate = try TestCertificate()
        let tls = try TLSServer(certificates: certificate.pem, key: certificate.key)
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let connections = Mutex(0)
        let heard = Mutex(0)
        let thread = NamedThread("stranger") {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)
            defer { buffer.deallocate() }
            while let connection = listener.accept() {
                connections.withLock { $0 += 1 }
                let secured = TLSConnection(over: connection, of: tls)
                while case .bytes(let count) = secured.read(into: buffer) { heard.withLock { $0 += count } }
            }
        }
        let url = "https://localhost:\(listener.address.port)/"
        #expect(throws: HTTPFault.insecure) {
            try HTTPDownload(try #require(HTTPURL(url)), HTTPPatience { true }) { _ in true }
        }
        #expect(throws: HTTPFault.insecure) { try HTTPClient(timeout: .seconds(20)).post([1], to: url) }
        listener.shutDown()
        thread.join()
        #expect(connections.withLock { $0 } == 2 && heard.withLock { $0 } == 0)
    }
}
