import Foundation
import TestFolder

/// A certificate that vouches for itself, and its key, made by the openssl command. The files go with the last owner.
public final class TestCertificate: Sendable {
    private let folder = TemporaryFolder()

    /// For localhost, with a key of that kind as `openssl req -newkey` takes it, valid for a day.
    public init(key: String...) throws {
        let kind = key.isEmpty ? ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] : key
        try Tool.run(
            "openssl",
            ["req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", keyPath, "-out", path]
                + ["-newkey"] + kind)
    }

    /// The file of the certificate.
    public var path: String { folder.path(of: "certificate.pem") }
    /// The file of the key.
    public var keyPath: String { folder.path(of: "key.pem") }
    /// What is in the file of the certificate.
    public var pem: [UInt8] { get throws { try folder.bytes(of: "certificate.pem") } }
    /// What is in the file of the key.
    public var key: [UInt8] { get throws { try folder.bytes(of: "key.pem") } }

    /// The SHA-256 in the form in which the openssl command shows it.
    public func fingerprint() throws -> String {
        try Tool.run("openssl", ["x509", "-in", path, "-noout", "-fingerprint", "-sha256"]).standardOutput
    }

    /// The same key's certificate with a validity of one's own, as `openssl ca` takes its dates: `20200101000000Z`.
    public func reissued(from start: String, to end: String) throws -> [UInt8] {
        _ = try folder.write([], to: "index")
        _ = try folder.write([UInt8]("01\n".utf8), to: "serial")
        let configuration = """
            [ca]
            default_ca = this
            [this]
            database = \(folder.path(of: "index"))
            serial = \(folder.path(of: "serial"))
            new_certs_dir = \(folder.path)
            default_md = sha256
            policy = any
            [any]
            commonName = supplied
            """
        let settings = try folder.write([UInt8](configuration.utf8), to: "ca.conf")
        try Tool.run(
            "openssl",
            ["req", "-new", "-key", keyPath, "-subj", "/CN=localhost", "-out", folder.path(of: "request.pem")])
        try Tool.run(
            "openssl",
            ["ca", "-config", settings, "-batch", "-selfsign", "-notext", "-keyfile", keyPath]
                + ["-in", folder.path(of: "request.pem"), "-startdate", start, "-enddate", end]
                + ["-out", folder.path(of: "reissued.pem")])
        return try folder.bytes(of: "reissued.pem")
    }
}
