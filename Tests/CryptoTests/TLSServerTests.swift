import Crypto
import TestTools
import Testing

/// What a server takes as certificate and key, and what it says of the rest.
@Suite(.enabled(if: Tool.areThere("openssl"))) struct TLSServerTests {
    @Test func aCertificateIsKnownByItsFingerprintAndValidity() throws {
        let certificate = try TestCertificate()
        let server = try TLSServer(certificates: certificate.pem, key: certificate.key)
        let shown = try certificate.fingerprint().lowercased().filter { $0 != ":" }
        #expect(shown.contains("fingerprint=\(server.fingerprint)\n"))
        #expect(server.fingerprint.utf8.count == 64)
        #expect(server.notAfter - server.notBefore == 86_400)
        let past = try certificate.reissued(from: "20200101000000Z", to: "20200131235959Z")
        let old = try TLSServer(certificates: past, key: certificate.key)
        #expect((old.notBefore, old.notAfter) == (1_577_836_800, 1_580_515_199))
    }

    @Test(arguments: [["rsa:2048"], ["ed25519"], ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"]])
    func theUsualKeysAreTaken(kind: [String]) throws {
        let certificate =
            kind.count == 1 ? try TestCertificate(key: kind[0]) : try TestCertificate(key: kind[0], kind[1], kind[2])
        _ = try TLSServer(certificates: certificate.pem, key: certificate.key)
    }

    /// Text around and between, as `openssl s_client -showcerts` writes it, and key and certificates in one file.
    @Test func aChainStandsBehindTheOwnCertificate() throws {
        let (own, other) = (try TestCertificate(), try TestCertificate())
        let server = try TLSServer(certificates: own.pem, key: own.key)
        let text = [UInt8]("Here it is:\n".utf8)
        let whole = try text + own.pem + text + other.pem + own.key + text
        #expect(try TLSServer(certificates: whole, key: whole).fingerprint == server.fingerprint)
    }

    @Test func whatCannotBeUsedIsNamed() throws {
        let (own, other, weak) = (try TestCertificate(), try TestCertificate(), try TestCertificate(key: "rsa:1024"))
        let locked = try Tool.run(
            "openssl", ["pkcs8", "-topk8", "-in", own.keyPath, "-passout", "pass:secret"])
        let damaged = try Array(own.pem.prefix(300)) + [UInt8]("\n-----END CERTIFICATE-----\n".utf8)
        let table: [([UInt8], [UInt8], TLSServerError, Bool)] = try [
            ([], own.key, .noCertificate, false),
            (own.key, own.key, .noCertificate, false),
            (damaged, own.key, .damagedCertificate(1), false),
            (own.pem + damaged, own.key, .damagedCertificate(2), false),
            (weak.pem, weak.key, .weakCertificate("ee key too small"), false),
            (own.pem, [], .noKey, true),
            (own.pem, own.pem, .noKey, true),
            (own.pem, Array(own.key.prefix(100)), .noKey, true),
            (own.pem, [UInt8](locked.standardOutput.utf8), .encryptedKey, true),
            (own.pem, other.key, .keyDoesNotFit, true),
            (own.pem, weak.key, .keyDoesNotFit, true),
            (other.pem + own.pem, own.key, .keyDoesNotFit, true),
        ]
        for (certificates, key, error, concernsKey) in table {
            let thrown = #expect(throws: TLSServerError.self) { try TLSServer(certificates: certificates, key: key) }
            #expect(thrown == error)
            #expect(thrown?.concernsKey == concernsKey)
            #expect(thrown?.description.isEmpty == false)
        }
    }

    /// Every prefix, and every byte changed at random places, ends in a server or an error that is named.
    @Test func damagedFilesNeverTrap() throws {
        let own = try TestCertificate()
        let (pem, key) = (try own.pem, try own.key)
        for length in stride(from: 0, to: pem.count, by: 3) {
            _ = try? TLSServer(certificates: Array(pem.prefix(length)), key: key)
            var flipped = pem
            flipped[length] ^= 1 << (length % 8)
            _ = try? TLSServer(certificates: flipped, key: key)
        }
        for length in stride(from: 0, to: key.count, by: 3) {
            _ = try? TLSServer(certificates: pem, key: Array(key.prefix(length)))
        }
    }
}
