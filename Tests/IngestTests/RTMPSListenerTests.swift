import Crypto
import Glibc
import Ingest
import Locks
import Sockets
import Telemetry
import TestTools
import Testing
import Time

/// Who comes to the RTMPS port, over real sockets.
@Suite(.timeLimit(.minutes(30)), .enabled(if: Tool.areThere("openssl"))) struct RTMPSListenerTests {
    let bench = ListenerBench()
    let certificates: [TestCertificate]
    let server: Held

    final class Held: Sendable {
        let current: Mutex<TLSServer>

        init(_ server: TLSServer) { current = Mutex(server) }
    }

    init() throws {
        certificates = try [TestCertificate(), TestCertificate()]
        server = Held(try TLSServer(certificates: certificates[0].pem, key: certificates[0].key))
    }

    private func run(_ body: (UInt16) throws -> Void) throws {
        let listener = try RTMPListener(
            TCPListener(SocketAddress(host: "127.0.0.1", port: 0)),
            tls: { [server] in server.current.withLock { $0 } }, gate: bench.gate, logger: Logger(sink: bench.lines),
            metrics: IngestMetrics(bench.registry), clock: bench.clock)
        listener.start()
        defer { listener.stop() }
        try body(listener.address.port)
    }

    private func publisher(_ port: UInt16) -> TLSStranger {
        let stranger = TLSStranger(port)
        #expect(stranger.shakesHands())
        stranger.send(Wire.connection() + Wire.publish("secret"))
        #expect(stranger.hears("NetStream.Publish.Start"))
        return stranger
    }

    @Test func aPublisherIsServedAsWithoutTLS() throws {
        try run { port in
            let stranger = publisher(port)
            stranger.send(Wire.audio(RTMPPublisherTests.audioConfiguration) + Wire.audio(RTMPPublisherTests.sound))
            // More than a record of TLS holds.
            let filler = Wire.message(18, [UInt8](repeating: 0, count: 100_000))
            stranger.send(filler + Wire.audio(RTMPPublisherTests.sound, time: 20))
            #expect(bench.eventually { bench.gate.kinds == "aac aa" }, "\(bench.gate.kinds)")
            let publisher = try #require(bench.gate.state.withLock { $0.publishers.first })
            publisher.disconnect(reason: "Another one took over")
            #expect(stranger.hears("Another one took over") && stranger.isToldTheEnd())
        }
        #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
        #expect(bench.lines.count("\"protocol\":\"rtmps\"") == 2 && bench.lines.count("\"input\":\"backup\"") == 1)
        #expect(bench.lines.count("secret") == 0)
    }

    /// ClientHello of TLS 1.1 with one cipher; of TLS 1.2 with a cipher that is not offered (RFC 5246 §7.4.1.2).
    private static func hello(version: UInt8, cipher: [UInt8]) -> [UInt8] {
        let body = [3, version] + [UInt8](repeating: 7, count: 32) + [0, 0, 2] + cipher + [1, 0]
        return [22, 3, 1, 0, UInt8(body.count + 4), 1, 0, 0, UInt8(body.count)] + body
    }

    private static let refused: [([UInt8], String)] = [
        (Wire.connection(), "RTMP without TLS: publish to rtmps://, or to the port of RTMP"),
        ([UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), "no TLS"),
        (hello(version: 2, cipher: [0xC0, 0x0A]), "older than TLS 1.2"),
        (hello(version: 3, cipher: [0, 0x0A]), "no cipher, group or signature in common"),
        ([22, 3, 1, 0, 4, 9, 9, 9, 9], "unexpected message"),
    ]

    @Test(arguments: refused.indices)
    func whatDoesNotComeToAConnectionIsRefusedByName(row: Int) throws {
        let (bytes, detail) = Self.refused[row]
        try run { port in
            let stranger = Stranger(port)
            stranger.send(bytes)
            #expect(stranger.isClosed())
            bench.expectRefusal("tls_error")
            #expect(bench.lines.count("\"detail\":\"\(detail)\"") == 1, "\(bench.lines.all.withLock(\.self))")
            #expect(bench.lines.count("\"protocol\":\"rtmps\"") == 1)
            #expect(bench.gate.state.withLock { $0.requests } == 0)
        }
    }

    private static let beginning = hello(version: 3, cipher: [0xC0, 0x2B])

    @Test(arguments: [0, 3, 20])
    func whoDoesNotEndItsHandshakeIsGivenTenSeconds(length: Int) throws {
        try run { port in
            let stranger = Stranger(port)
            stranger.send(Array(Self.beginning.prefix(length)))
            #expect(bench.eventually { bench.registry.prometheusText().contains("headwater_ingest_connections 1\n") })
            bench.clock.advance(by: .milliseconds(9900))
            #expect(stranger.staysOpen())
            // Nobody else waits for it.
            let other = publisher(port)
            bench.clock.advance(by: .milliseconds(100))
            #expect(stranger.isClosed())
            #expect(bench.eventually { bench.lines.count("inside the TLS handshake") == 1 })
            #expect(bench.lines.count("\"reason\":\"timeout\"") == 1)
            other.send(Wire.audio(RTMPPublisherTests.audioConfiguration) + Wire.audio(RTMPPublisherTests.sound))
            #expect(bench.eventually { bench.gate.kinds == "aac a" })
        }
    }

    /// A handshake of 16 KiB, one byte after the other, each before the server has waited for long.
    @Test func aTrickleIsNoHandshake() throws {
        try run { port in
            let stranger = Stranger(port)
            stranger.send([22, 3, 1, 0x3F, 0xFF, 1, 0, 0x3F, 0xFB])
            #expect(bench.eventually { bench.registry.prometheusText().contains("headwater_ingest_connections 1\n") })
            bench.clock.advance(by: .seconds(10))
            for _ in 0..<3000 where bench.lines.count("ingest.refused") == 0 {
                stranger.send([0])
                usleep(10_000)
            }
            #expect(stranger.isClosed())
            bench.expectRefusal("timeout")
        }
    }

    @Test func whoHasShakenHandsIsGivenTenSecondsToPublish() throws {
        try run { port in
            let stranger = TLSStranger(port)
            #expect(stranger.shakesHands())
            stranger.send([3])
            #expect(bench.eventually { bench.isReceived(1) })
            bench.clock.advance(by: .seconds(10))
            #expect(stranger.isToldTheEnd())
            bench.expectRefusal("timeout")
            #expect(bench.lines.count("\"detail\":\"never published\"") == 1)
        }
    }

    /// GnuTLS clients that do not trust the certificate say nothing, and neither does who looks whether somebody is there.
    @Test func whoLeavesRightAfterTheHandshakeIsToldOf() throws {
        let hint = "before it sent anything: perhaps it does not trust the certificate"
        try run { port in
            do { #expect(TLSStranger(port).shakesHands()) }
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            #expect(bench.lines.count(hint) == 1)
            do {
                let stranger = TLSStranger(port)
                #expect(stranger.shakesHands())
                stranger.send([3])
                #expect(bench.eventually { bench.isReceived(1) })
            }
            do { _ = Stranger(port) }
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 3 })
            #expect(bench.lines.count(hint) == 1 && bench.lines.count("ingest.refused") == 0)
        }
    }

    private func sees(_ certificate: TestCertificate, _ port: UInt16, _ version: String = "-tls1_3") -> Bool {
        let client = ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", certificate.path, version]
        return (try? Tool.run("openssl", client + ["-verify_return_error"])) != nil
    }

    @Test func aNewCertificateIsTheNextConnections() throws {
        try run { port in
            let stranger = publisher(port)
            stranger.send(Wire.audio(RTMPPublisherTests.audioConfiguration) + Wire.audio(RTMPPublisherTests.sound))
            #expect(sees(certificates[0], port) && sees(certificates[0], port, "-tls1_2"))
            #expect(!sees(certificates[1], port))
            let next = try TLSServer(certificates: certificates[1].pem, key: certificates[1].key)
            server.current.withLock { $0 = next }
            #expect(sees(certificates[1], port) && !sees(certificates[0], port))
            stranger.send(Wire.audio(RTMPPublisherTests.sound, time: 20))
            #expect(bench.eventually { bench.gate.kinds == "aac aa" })
        }
    }

    @Test func whoDoesNotTrustTheCertificateIsToldOf() throws {
        try run { port in
            #expect(!sees(certificates[1], port))
            bench.expectRefusal("tls_error")
            #expect(bench.lines.count("the certificate is not accepted") == 1)
        }
    }
}
