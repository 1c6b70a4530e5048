import Crypto
import Foundation
import Glibc
import Locks
import Runtime
import Telemetry
import TestFolder
import TestTools
import Testing
import Time

@testable import HeadwaterServer

/// Certificates that are exchanged while the server runs.
@Suite(.enabled(if: Tool.areThere("openssl"))) struct CertificateFilesTests {
    final class Lines: LogSink {
        let all = Mutex<[String]>([])

        func write(_ line: [UInt8]) { all.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }

        /// The lines so far; from here on they are forgotten.
        func takeAll() -> [String] {
            all.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }

        /// How many of them have that text.
        func take(_ text: String) -> Int { takeAll().count { $0.contains(text) } }
    }

    let folder = TemporaryFolder()
    let clock = ManualClock(wallTime: SystemClocks().wallTime)
    let lines = Lines()
    let first: TestCertificate
    let second: TestCertificate
    let files: CertificateFiles

    init() throws {
        first = try TestCertificate()
        second = try TestCertificate()
        let certificate = try folder.write(first.pem, to: "crt")
        let key = try folder.write(first.key, to: "key")
        files = try CertificateFiles(
            certificate: certificate, key: key, logger: Logger(sink: lines, clock: clock), clock: clock)
    }

    private func fingerprint(of certificate: TestCertificate) throws -> String {
        try TLSServer(certificates: certificate.pem, key: certificate.key).fingerprint
    }

    /// What the next connection gets, a second later.
    private func next() -> String {
        clock.advance(by: .seconds(1))
        return files.current().fingerprint
    }

    @Test func aNewPairIsInForceASecondLater() throws {
        let (old, new) = (try fingerprint(of: first), try fingerprint(of: second))
        #expect(files.current().fingerprint == old)
        #expect(lines.take("rtmps.certificate_loaded") == 1)
        _ = try folder.write(second.key, to: "key")
        _ = try folder.write(second.pem, to: "crt")
        clock.advance(by: .milliseconds(999))
        #expect(files.current().fingerprint == old)
        clock.advance(by: .milliseconds(1))
        #expect(files.current().fingerprint == new)
        #expect(lines.all.withLock { $0.count { $0.contains("\"certificate.sha256\":\"\(new)\"") } } == 1)
        #expect(lines.take("rtmps.certificate_loaded") == 1)
        #expect(next() == new)
        #expect(lines.takeAll() == [])
    }

    /// As ACME clients do it, and as Kubernetes does: what is exchanged is a link on the way to the files.
    @Test func linksAreFollowed() throws {
        let (old, new) = (try fingerprint(of: first), try fingerprint(of: second))
        let manager = FileManager.default
        let live = folder.path(of: "live")
        for (name, certificate) in [("1", first), ("2", second)] {
            try manager.createDirectory(atPath: folder.path(of: name), withIntermediateDirectories: false)
            _ = try folder.write(certificate.pem, to: name + "/crt")
            _ = try folder.write(certificate.key, to: name + "/key")
        }
        try manager.createSymbolicLink(atPath: live, withDestinationPath: "1")
        let files = try CertificateFiles(
            certificate: live + "/crt", key: live + "/key", logger: Logger(sink: lines), clock: clock)
        #expect(files.current().fingerprint == old)
        try manager.removeItem(atPath: live)
        try manager.createSymbolicLink(atPath: live, withDestinationPath: "2")
        clock.advance(by: .seconds(1))
        #expect(files.current().fingerprint == new)
    }

    @Test func whatCannotBeUsedLeavesTheOldOneInForceAndIsSaidOnce() throws {
        let (old, new) = (try fingerprint(of: first), try fingerprint(of: second))
        _ = lines.takeAll()
        let faults: [(certificate: [UInt8]?, key: [UInt8]?, said: String)] = try [
            (second.pem, first.key, "the key does not belong to the certificate"),
            ([], first.key, "there is no certificate in it"),
            (nil, first.key, "there is no such file"),
            (first.pem, nil, "there is no such file"),
            (first.pem, Array(first.key.prefix(80)), "there is no private key in it"),
        ]
        for (certificate, key, said) in faults {
            for (name, bytes) in [("crt", certificate), ("key", key)] {
                try? FileManager.default.removeItem(atPath: folder.path(of: name))
                if let bytes { _ = try folder.write(bytes, to: name) }
            }
            #expect(next() == old)
            #expect(lines.all.withLock { $0.count { $0.contains("rtmps.certificate_not_loaded") } } == 1)
            #expect(lines.take(said) == 1)
            #expect(next() == old)
            #expect(lines.takeAll() == [])
        }
        _ = try folder.write(second.key, to: "key")
        _ = try folder.write(second.pem, to: "crt")
        #expect(next() == new)
        #expect(lines.take("rtmps.certificate_loaded") == 1)
    }

    @Test func aCertificateOutOfItsTimeIsToldOfOnceAndServed() throws {
        #expect(lines.take("certificate_expired") == 0)
        clock.advance(by: .seconds(2 * 86_400))
        #expect(next() == (try fingerprint(of: first)))
        #expect(lines.take("rtmps.certificate_expired") == 1)
        _ = next()
        #expect(lines.takeAll() == [])
        _ = try folder.write(first.reissued(from: "20200101000000Z", to: "20200131235959Z"), to: "crt")
        _ = next()
        #expect(lines.take("rtmps.certificate_expired") == 1)
        let late = try first.reissued(from: "20990101000000Z", to: "20991231235959Z")
        _ = try folder.write(late, to: "crt")
        _ = next()
        #expect(lines.all.withLock { $0.count { $0.contains("2099-12-31T23:59:59.000Z") } } == 2)
        #expect(lines.take("rtmps.certificate_not_yet_valid") == 1)
        let past = try second.reissued(from: "20200101000000Z", to: "20200131235959Z")
        let paths = try (folder.write(past, to: "old-crt"), folder.write(second.key, to: "old-key"))
        _ = try CertificateFiles(certificate: paths.0, key: paths.1, logger: Logger(sink: lines), clock: clock)
        #expect(lines.take("rtmps.certificate_expired") == 1)
    }

    /// A pipe that nobody writes to stands for a disk that does not answer.
    @Test(.timeLimit(.minutes(5))) func whoLooksAtADiskThatHangsIsTheOnlyOneHeldUp() throws {
        let (old, new) = (try fingerprint(of: first), try fingerprint(of: second))
        _ = try folder.write(second.key, to: "key")
        let path = folder.path(of: "crt")
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        clock.advance(by: .seconds(1))
        let (seen, others) = (Monitor(""), Monitor([String]()))
        let thread = NamedThread("look") { [files] in
            let found = files.current().fingerprint
            seen.signal { $0 = found }
        }
        // Whoever opens it for writing waits for the one who reads.
        let pipe = open(path, O_WRONLY)
        let further = NamedThread("others") {
            for _ in 0..<3 {
                let found = next()
                others.signal { $0.append(found) }
            }
        }
        let isFree = others.wait(for: .seconds(60)) { $0 == [old, old, old] }
        #expect(isFree)
        #expect(seen.withLock { $0 } == "")
        try second.pem.withUnsafeBytes { #expect(write(pipe, $0.baseAddress, $0.count) == $0.count) }
        close(pipe)
        guard isFree else { return }
        further.join()
        thread.join()
        #expect(seen.withLock { $0 } == new)
        try FileManager.default.removeItem(atPath: path)
        _ = try folder.write(second.pem, to: "crt")
        #expect(next() == new)
    }

    @Test func threadsThatAskTogetherGetOneOfTheTwo() async throws {
        let allowed = Set([try fingerprint(of: first), try fingerprint(of: second)])
        let files = files
        for round in 0..<20 {
            let certificate = round % 2 == 0 ? second : first
            _ = try folder.write(certificate.key, to: "key")
            _ = try folder.write(certificate.pem, to: "crt")
            clock.advance(by: .seconds(1))
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { files.current().fingerprint } }
                for await seen in group { #expect(allowed.contains(seen)) }
            }
            #expect(files.current().fingerprint == (try fingerprint(of: certificate)))
        }
    }
}
