import Crypto
import TestTools
import Testing

/// The server's side of TLS against the client's, with bytes carried by hand.
@Suite(.enabled(if: Tool.areThere("openssl"))) struct TLSServerConnectionTests {
    let server: TLSServer

    init() throws {
        let certificate = try TestCertificate()
        server = try TLSServer(certificates: certificate.pem, key: certificate.key)
    }

    @Test(arguments: [1, 7, 16_384])
    func bytesGoBothWaysHoweverTheyAreCut(piece: Int) throws {
        let pair = try TLSPair(server, piece: piece)
        #expect(!pair.server.isEstablished)
        #expect(!pair.server.write([1]))
        try pair.shakeHands()
        #expect(pair.server.isEstablished)
        let message = [UInt8]((0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) })
        #expect(pair.send(message) == message.count)
        #expect(pair.received() == (message, .wantsBytes))
        #expect(pair.server.write([]) && pair.server.takeOutput().isEmpty)
        #expect(pair.server.write(message))
        #expect(try pair.heard(message.count) == message)
    }

    @Test func anEndIsTold() throws {
        let pair = try TLSPair(server)
        try pair.shakeHands()
        #expect(pair.send([1, 2, 3]) == 3)
        pair.server.close()
        pair.carryBack()
        #expect(pair.client.read(into: pair.buffer) == .closed)
        #expect(pair.received().bytes == [1, 2, 3])
    }

    @Test(arguments: [
        [3] + [UInt8](repeating: 0, count: 1536), [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), [0x80, 0x2E, 1, 0, 2], [0],
    ])
    func whatIsNoTLSIsNamedAtTheFirstByte(bytes: [UInt8]) throws {
        let connection = try #require(TLSServerConnection(server))
        for length in [1, bytes.count] {
            bytes.withUnsafeBytes { connection.receive(UnsafeRawBufferPointer(rebasing: $0.prefix(length))) }
            #expect(TLSPair.step(of: connection) == .failed(.notTLS(firstByte: bytes[0])))
        }
        #expect(connection.takeOutput().isEmpty)
        #expect(!connection.write([1]))
        connection.close()
        #expect(connection.takeOutput().isEmpty)
    }

    /// A ClientHello (RFC 5246 §7.4.1.2) of that version which offers one cipher, the group secp256r1, and SHA-256 with
    /// ECDSA; by itself ECDHE-ECDSA with AES-128-GCM.
    private static func hello(version: UInt8, cipher: [UInt8] = [0xC0, 0x2B]) -> [UInt8] {
        let extensions: [UInt8] = [0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3]
        let body =
            [3, version] + [UInt8](repeating: 7, count: 32) + [0, 0, 2] + cipher + [1, 0, 0, UInt8(extensions.count)]
            + extensions
        return [22, 3, 1, 0, UInt8(body.count + 4), 1, 0, 0, UInt8(body.count)] + body
    }

    /// SSL 3.0, TLS 1.0 and 1.1, and the alert that each gets: handshake_failure or protocol_version (RFC 8446 §6.2).
    @Test(arguments: [(0, 40), (1, 70), (2, 70)] as [(UInt8, UInt8)])
    func olderVersionsAreRefusedByName(version: UInt8, alert: UInt8) throws {
        let connection = try #require(TLSServerConnection(server))
        Self.hello(version: version).withUnsafeBytes { connection.receive($0) }
        #expect(TLSPair.step(of: connection) == .failed(.oldVersion))
        #expect(connection.takeOutput().suffix(2) == [2, alert])
        #expect(TLSFailure.oldVersion.description == "older than TLS 1.2")
    }

    /// Without forward secrecy, without encryption, with 3DES, and with a cipher block chain.
    @Test(arguments: [[0x00, 0x9C], [0x00, 0x3B], [0xC0, 0x08], [0xC0, 0x23]] as [[UInt8]])
    func weakCiphersAreRefusedByName(cipher: [UInt8]) throws {
        let connection = try #require(TLSServerConnection(server))
        Self.hello(version: 3, cipher: cipher).withUnsafeBytes { connection.receive($0) }
        #expect(TLSPair.step(of: connection) == .failed(.nothingInCommon))
        // The alert handshake_failure.
        #expect(connection.takeOutput().suffix(2) == [2, 40])
    }

    /// Alerts of the peer, in the clear as they come before the handshake is over.
    @Test(arguments: [(48, true), (45, true), (42, true), (40, false), (70, false)] as [(UInt8, Bool)])
    func thePeersAlertsAreTold(alert: UInt8, concernsCertificate: Bool) throws {
        let connection = try #require(TLSServerConnection(server))
        Self.hello(version: 3).withUnsafeBytes { connection.receive($0) }
        #expect(TLSPair.step(of: connection) == .wantsBytes)
        #expect(!connection.takeOutput().isEmpty)
        ([21, 3, 3, 0, 2, 2, alert] as [UInt8]).withUnsafeBytes { connection.receive($0) }
        guard case .failed(let failure) = TLSPair.step(of: connection) else {
            Issue.record("it goes on")
            return
        }
        guard case .alert(alert, let name) = failure else {
            Issue.record("\(failure)")
            return
        }
        #expect(!name.isEmpty)
        #expect(failure.isRefusedCertificate == concernsCertificate)
        #expect(failure.description.contains("the certificate is not accepted") == concernsCertificate)
    }

    @Test func aChangedByteIsAFailure() throws {
        let pair = try TLSPair(server)
        try pair.shakeHands()
        #expect(pair.client.write(UnsafeRawBufferPointer(start: pair.buffer.baseAddress, count: 100)) == .done(100))
        var bytes = pair.takeFromClient()
        bytes[50] ^= 1
        bytes.withUnsafeBytes { pair.server.receive($0) }
        let step = pair.server.read(into: pair.buffer)
        #expect(step == .failed(.other("decryption failed or bad record mac")))
        #expect(pair.server.read(into: pair.buffer) == step)
    }

    /// Every prefix and every changed bit of a client's first message ends in waiting or in a failure.
    @Test func damagedHandshakesNeverTrap() throws {
        let pair = try TLSPair(server)
        _ = pair.client.handshake()
        let hello = pair.takeFromClient()
        #expect(hello.count > 100)
        for place in 0..<hello.count {
            for bit in [nil, 0, 5] as [Int?] {
                var bytes = hello
                if let bit { bytes[place] ^= 1 << bit } else { bytes = Array(bytes.prefix(place)) }
                let connection = try #require(TLSServerConnection(server))
                bytes.withUnsafeBytes { connection.receive($0) }
                switch connection.read(into: pair.buffer) {
                case .wantsBytes, .failed: break
                case .done, .closed: Issue.record("byte \(place), bit \(bit ?? -1)")
                }
            }
        }
    }
}
