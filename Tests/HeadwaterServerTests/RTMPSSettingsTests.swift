import Configuration
import HeadwaterServer
import Schema
import TestFolder
import TestTools
import Testing

/// What is said of the certificate's settings before anything is started.
@Suite(.enabled(if: Tool.areThere("openssl"))) struct RTMPSSettingsTests {
    let folder = TemporaryFolder()
    let certificate: TestCertificate

    init() throws { certificate = try TestCertificate() }

    /// Path and message of each fault.
    private func faults(_ certificate: String?, _ key: String?) -> [String] {
        let members = [("certificate", certificate), ("key", key)].compactMap { name, value in
            value.map { "\(name): '\($0)'" }
        }
        do {
            _ = try ServerSettingsTests.load("{ rtmps: { \(members.joined(separator: ", ")) } }")
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func aPairIsRightAndSoIsNone() {
        #expect(faults(certificate.path, certificate.keyPath) == [])
        #expect(faults(nil, nil) == [])
    }

    @Test func twoListenersWithOnePortAreAFault() {
        let files = "certificate: '\(certificate.path)', key: '\(certificate.keyPath)'"
        var faults: [String] = []
        do { _ = try ServerSettingsTests.load("{ rtmps: { \(files), port: 1935 } }") } catch {
            faults = error.faults.map(\.description)
        }
        #expect(faults.count == 1 && faults[0].hasSuffix("rtmps.port: the same as rtmp.port"), "\(faults)")
    }

    @Test func aFaultHasThePathOfItsField() throws {
        let other = try TestCertificate()
        let (empty, missing) = (try folder.write([], to: "empty"), folder.path(of: "missing"))
        let table: [(String?, String?, String, String)] = [
            (certificate.path, nil, "rtmps.key", "the private key of rtmps.certificate"),
            (nil, certificate.keyPath, "rtmps.certificate", "rtmps.key has no certificate"),
            (missing, certificate.keyPath, "rtmps.certificate", "\(missing): there is no such file"),
            (certificate.path, missing, "rtmps.key", "\(missing): there is no such file"),
            (certificate.path, folder.path, "rtmps.key", "\(folder.path): cannot be read: Is a directory"),
            (empty, certificate.keyPath, "rtmps.certificate", "\(empty): there is no certificate in it"),
            (certificate.path, empty, "rtmps.key", "\(empty): there is no private key in it"),
            (certificate.path, other.keyPath, "rtmps.key", "\(other.keyPath): the key does not belong"),
        ]
        for (certificate, key, path, message) in table {
            let faults = faults(certificate, key)
            #expect(faults.count == 1)
            #expect(faults.first?.hasPrefix("\(path): ") == true, "\(faults)")
            #expect(faults.first?.contains(message) == true, "\(faults)")
        }
    }
}
