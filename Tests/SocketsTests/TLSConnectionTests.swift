import Crypto
import Glibc
import Runtime
import Sockets
import TestTools
import Testing

/// TLS over real sockets: what a reader sees of a peer that keeps to it, or does not.
@Suite(.timeLimit(.minutes(30)), .enabled(if: Tool.areThere("openssl"))) struct TLSConnectionTests {
    let server: TLSServer
    let listener: TCPListener
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        let certificate = try TestCertificate()
        server = try TLSServer(certificates: certificate.pem, key: certificate.key)
        listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
    }

    /// Both ends of a connection, the client's without blocking.
    private func connect() throws -> (socket: Int32, tcp: TCPConnection, tls: TLSConnection) {
        let socket = try ConnectingSocket(to: listener.address)
        let tcp = try #require(listener.accept())
        tcp.setTimeout(.milliseconds(200))
        return (socket.descriptor, tcp, TLSConnection(over: tcp, of: server))
    }

    private func handshake(_ socket: Int32, _ tls: TLSConnection) throws -> TLSClientConnection {
        let client = try #require(TLSClient(verifies: false))
        let connection = try #require(TLSClientConnection(client, descriptor: socket, host: "localhost"))
        var rounds = 0
        while connection.handshake() != .done(1) || !tls.isEstablished, rounds < 100 {
            _ = tls.read(into: buffer)
            rounds += 1
        }
        #expect(tls.isEstablished)
        return connection
    }

    /// The next bytes that the client gets, until it has so many or the connection ends.
    private func hear(_ client: TLSClientConnection, _ count: Int) -> ([UInt8], TLSClientConnection.Step) {
        var (heard, step) = ([UInt8](), TLSClientConnection.Step.wantsReading)
        let deadline = ContinuousClock.now + .seconds(60)
        while heard.count < count, ContinuousClock.now < deadline {
            step = client.read(into: buffer)
            switch step {
            case .done(let more): heard += buffer[..<more]
            case .wantsReading, .wantsWriting: usleep(1000)
            case .closed, .failed: return (heard, step)
            }
        }
        return (heard, step)
    }

    @Test func bytesGoBothWaysAndTheEndIsTold() throws {
        let (socket, _, tls) = try connect()
        defer { close(socket) }
        #expect(!tls.write([1]))
        let client = try handshake(socket, tls)
        let message = [UInt8]((0..<50_000).map { UInt8(truncatingIfNeeded: $0 >> 2) })
        #expect(message.withUnsafeBytes { client.write($0) } == .done(16_384))
        var heard: [UInt8] = []
        while heard.count < 16_384, case .bytes(let count) = tls.read(into: buffer) { heard += buffer[..<count] }
        #expect(heard == Array(message.prefix(16_384)))
        #expect(tls.read(into: buffer) == .timedOut)
        #expect(tls.write(message))
        #expect(hear(client, message.count).0 == message)
        tls.closeGracefully()
        let end = hear(client, 1)
        #expect(end.0.isEmpty && end.1 == .closed)
    }

    @Test func aReadWaitsForOnePieceOnly() throws {
        let (socket, _, tls) = try connect()
        defer { close(socket) }
        #expect(tls.read(into: buffer) == .timedOut)
        for byte in [22, 3, 1, 2, 0] as [UInt8] {
            #expect(send(socket, [byte], 1, 0) == 1)
            #expect(tls.read(into: buffer) == .bytes(0))
        }
        #expect(!tls.isEstablished)
        #expect(tls.read(into: buffer) == .timedOut)
    }

    @Test func anotherProtocolIsAFailure() throws {
        let (socket, _, tls) = try connect()
        defer { close(socket) }
        #expect(send(socket, [3, 0, 0], 3, 0) == 3)
        #expect(tls.read(into: buffer) == .failed(.notTLS(firstByte: 3)))
    }

    @Test func anEndWithoutCloseNotifyIsAnEnd() throws {
        for isHandshakeDone in [false, true] {
            let (socket, _, tls) = try connect()
            let client = isHandshakeDone ? try handshake(socket, tls) : nil
            close(socket)
            #expect(tls.read(into: buffer) == .closed)
            withExtendedLifetime(client) {}
        }
    }

    @Test func aPeerThatTakesNothingEndsWrites() throws {
        let (socket, _, tls) = try connect()
        defer { close(socket) }
        let client = try handshake(socket, tls)
        #expect(!tls.write([UInt8](repeating: 1, count: 64 << 20)))
        withExtendedLifetime(client) {}
    }

    @Test func shuttingDownEndsARead() throws {
        let (socket, tcp, tls) = try connect()
        defer { close(socket) }
        let client = try handshake(socket, tls)
        tcp.setTimeout(.seconds(60))
        let thread = NamedThread("shutdown") { tcp.shutDown() }
        #expect(tls.read(into: buffer) == .closed)
        thread.join()
        withExtendedLifetime(client) {}
    }
}
