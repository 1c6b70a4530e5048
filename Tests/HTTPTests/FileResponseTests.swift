import Glibc
import HTTP
import HTTPTestClient
import Testing

@Suite struct FileResponseTests {
    /// A file without a name, closed with the last response that sends from it.
    private final class OpenFile: Sendable {
        let descriptor: Int32
        init(_ bytes: [UInt8], _ name: String) {
            var template = Array("/tmp/headwater-\(name)-XXXXXX".utf8CString)
            descriptor = mkstemp(&template)
            unlink(template)
            precondition(write(descriptor, bytes, bytes.count) == bytes.count, "a temporary file can be written")
        }
        deinit { close(descriptor) }
    }

    private static let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 ^ ($0 >> 8)) }

    private static func response(_ range: Range<Int>, _ name: String = "file") -> HTTPResponse {
        let file = OpenFile(bytes, name)
        return HTTPResponse(
            status: 200, body: .file(.init(descriptor: file.descriptor, range: range, owner: file)), acceptsRanges: true
        )
    }

    @Test func aFileArrivesWhole() throws {
        let response = Self.response(0..<300_000)
        let server = try startServer { _ in .response(response) }
        defer { server.stop() }
        let clients = try (0..<20).map { _ in try TestClient(server.port) }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") }
        for client in clients { #expect(try client.receive().body == Self.bytes) }
        let head = try clients[0].request("HEAD", "/", "")
        #expect(head.status == 200 && head["Content-Length"] == "300000" && head.body.isEmpty)
    }

    @Test func rangesAreCutFromTheFile() throws {
        let response = Self.response(1000..<201_000)
        let server = try startServer { request in .response(response.ranged(for: request)) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        let part = try client.get("/", "Range: bytes=70000-179999\r\n")
        #expect(part.status == 206)
        #expect(part["Content-Range"] == "bytes 70000-179999/200000")
        #expect(part.body == Array(Self.bytes[71_000..<181_000]))
        #expect(try client.get("/", "Range: bytes=-2\r\n").body == Array(Self.bytes[200_998..<201_000]))
        #expect(try client.get("/", "Range: bytes=200000-\r\n").status == 416)
        #expect(try client.get("/").body == Array(Self.bytes[1000..<201_000]))
    }

    @Test func theFileIsClosedBehindTheLastResponse() throws {
        let client: TestClient
        do {
            let response = Self.response(0..<300_000, "closed")
            let server = try startServer { request in .response(response.ranged(for: request)) }
            defer { server.stop() }
            client = try TestClient(server.port)
            for _ in 0..<20 {
                #expect(try client.get("/", "Range: bytes=7-299999\r\n").body == Array(Self.bytes[7...]))
            }
            #expect(Self.openings(of: "/tmp/headwater-closed-") >= 2)
        }
        #expect(eventually { Self.openings(of: "/tmp/headwater-closed-") == 0 })
    }

    /// How many descriptors of this process are open on files whose names begin so.
    private static func openings(of prefix: String) -> Int {
        (0..<1024).count { descriptor in
            var target = [CChar](repeating: 0, count: 256)
            let length = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
            let path = target.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }
            return String(decoding: path, as: UTF8.self).hasPrefix(prefix)
        }
    }
}
