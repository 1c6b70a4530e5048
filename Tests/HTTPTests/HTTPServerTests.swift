import Bytes
import Glibc
import HTTP
import HTTPTestClient
import Locks
import Testing

@Suite(.timeLimit(.minutes(30))) struct HTTPServerTests {
    private static let hello = HTTPResponse(
        status: 200, headers: [("Content-Type", "text/plain")], body: .chunk(ByteChunk(Array("hello".utf8))))

    private func text(_ text: String) -> HTTPAnswer {
        .response(HTTPResponse(status: 200, body: .chunk(ByteChunk(Array(text.utf8)))))
    }

    @Test(arguments: [
        ("127.0.0.1", ["127.0.0.1"]), ("0.0.0.0", ["127.0.0.1"]), ("::1", ["::1"]), ("::", ["127.0.0.1", "::1"]),
    ])
    func everyKindOfAddressIsServed(address: String, clients: [String]) throws {
        let server = try startServer(address: address) { request in
            .response(HTTPResponse(status: 200, body: .chunk(ByteChunk(Array(request.remoteAddress.utf8)))))
        }
        defer { server.stop() }
        for host in clients {
            let response = try TestClient(server.port, host: host).get("/")
            #expect(response.status == 200)
            #expect(response.text == host)
            #expect(response["Date"] != nil)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrderOnOneConnection() throws {
        let observer = CountingObserver()
        let server = try startServer(observer: observer) { request in
            .response(HTTPResponse(status: 200, body: .chunk(ByteChunk(Array(request.path.utf8)))))
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send((0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
        for index in 0..<20 { #expect(try client.receive().text == "/\(index)") }
        #expect(try client.get("/last").text == "/last")
        #expect(observer.counts.opened == 1)
        #expect(eventually { observer.counts.statuses == [200: 21] })
        client.close()
        #expect(eventually { observer.counts.closed == 1 && server.connectionCount == 0 })
    }

    @Test func headHasTheFieldsOfGetAndNoBody() throws {
        let server = try startServer { _ in .response(Self.hello) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        let head = try client.request("HEAD", "/")
        #expect(head.status == 200)
        #expect(head["Content-Length"] == "5")
        #expect(head["Content-Type"] == "text/plain")
        #expect(try client.get("/").text == "hello")
    }

    @Test func aRequestIsUnderstood() throws {
        let server = try startServer { request in
            let copy = request.copied()
            let lines = [
                request.method.name, request.path, request.rawQuery, request.query("b") ?? "none",
                request.query("c") ?? "none", request.header("x-one") ?? "none", request.header("X-Two") ?? "none",
                copy.headers.map { "\($0.0)=\($0.1)" }.joined(separator: ","), copy.query("b") ?? "none",
                copy.header("X-ONE") ?? "none", String(decoding: copy.body.array, as: UTF8.self),
            ]
            let answer = lines.joined(separator: "\n")
            return .response(HTTPResponse(status: 200, body: .chunk(ByteChunk(Array(answer.utf8)))))
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        let response = try client.request(
            "PATCH", "/a%20b/../c?a=1&b=x%20y", "X-One: 1\r\nContent-Length: 4\r\n", body: "body")
        #expect(
            response.text.split(separator: "\n", omittingEmptySubsequences: false) == [
                "PATCH", "/a b/../c", "a=1&b=x%20y", "x y", "none", "1", "none", "Host=test,X-One=1,Content-Length=4",
                "x y", "1", "body",
            ])
        #expect(try client.request("OPTIONS", "*").text.hasPrefix("OPTIONS\n*\n"))
        #expect(try client.request("BREW", "/").text.hasPrefix("BREW\n/\n\nnone"))
    }

    @Test func aRequestMadeForATestReadsLikeARealOne() {
        let copy = HTTPRequestCopy(path: "/x", rawQuery: "a=1", headers: [("Range", "bytes=0-1")])
        let request = copy.request
        let (range, query) = (request.header("range"), request.query("a"))
        #expect(range == "bytes=0-1")
        #expect(query == "1")
    }

    @Test func theCurlCommandUnderstandsTheAnswers() throws {
        guard access("/usr/bin/curl", X_OK) == 0 else { return }
        let server = try startServer(address: "::") { _ in .response(Self.hello) }
        defer { server.stop() }
        let file = "/tmp/headwater-http-test-\(getpid())"
        defer { unlink(file) }
        let command =
            "curl -sS --max-time 60 -o \(file) http://[::1]:\(server.port)/a http://127.0.0.1:\(server.port)/b"
            + " -o \(file) && grep -qx hello \(file)"
        #expect(run(command) == 0)
    }

    @Test func oneResponseIsSharedByManyConnections() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let chunk = ByteChunk(bytes)
        let shared = HTTPResponse(
            status: 200,
            body: .chunks([chunk[0..<1000], chunk[1000..<1000], chunk[1000..<70_000], chunk[70_000..<200_000]]))
        let server = try startServer { _ in .response(shared) }
        defer { server.stop() }
        let clients = try (0..<200).map { _ in try TestClient(server.port) }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") }
        for client in clients { #expect(try client.receive().body == bytes) }
    }

    @Test func aBodyOfManyChunksArrivesWhole() throws {
        let chunks = (0..<500).map { ByteChunk([UInt8(truncatingIfNeeded: $0)]) }
        let response = HTTPResponse(status: 200, body: .chunks(chunks))
        let server = try startServer { _ in .response(response) }
        defer { server.stop() }
        #expect(try TestClient(server.port).get("/").body == chunks.flatMap(\.array))
    }

    @Test func rangesAreCutFromTheChunks() throws {
        let chunk = ByteChunk((0..<100).map { UInt8($0) })
        let media = HTTPResponse(
            status: 200, headers: [("Content-Type", "video/mp4"), ("ETag", "\"v1\""), ("Cache-Control", "max-age=9")],
            body: .chunks([chunk[0..<10], chunk[10..<50], chunk[50..<100]]), acceptsRanges: true)
        let server = try startServer { request in .response(media.ranged(for: request)) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        func get(_ fields: String) throws -> TestClient.Response { try client.get("/", fields) }

        let part = try get("Range: bytes=5-59\r\n")
        #expect(part.status == 206)
        #expect(part["Content-Range"] == "bytes 5-59/100")
        #expect(part["Content-Length"] == "55")
        #expect(part["Content-Type"] == "video/mp4")
        #expect(part["Accept-Ranges"] == "bytes")
        #expect(part.body == Array(5...59))
        #expect(try get("Range: bytes=90-9007199254740991\r\n").body == Array(90...99))
        #expect(try get("Range: bytes=-1\r\n").body == [99])
        #expect(try get("Range: bytes=10-10\r\nIf-Range: \"v1\"\r\n").body == [10])
        for fields in ["", "Range: x\r\n", "Range: bytes=0-1,4-5\r\n", "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\n"] {
            let whole = try get(fields)
            #expect(whole.status == 200)
            #expect(whole.body == Array(0..<100))
        }
        let refusal = try get("Range: bytes=100-\r\n")
        #expect(refusal.status == 416)
        #expect(refusal["Content-Range"] == "bytes */100")
        #expect(refusal["Content-Length"] == "0")
        #expect(refusal["Content-Type"] == nil && refusal["Cache-Control"] == nil)
        let head = try client.request("HEAD", "/", "Range: bytes=0-1\r\n")
        #expect(head.status == 200 && head["Content-Length"] == "100")
    }

    @Test func fieldsThatWouldSplitAResponseAreLeftOut() throws {
        let response = HTTPResponse(status: 200, headers: [("X-A", "1\r\nX-B: 2"), ("X-C", "3"), ("X-D", "")])
        let server = try startServer { _ in .response(response) }
        defer { server.stop() }
        let answer = try TestClient(server.port).get("/")
        #expect(answer["X-A"] == nil && answer["X-B"] == nil)
        #expect(answer["X-C"] == "3")
    }

    @Test func aResponseReleasesItsChunksOnlyAfterTheLastClient() throws {
        let memory = Sentinel()
        let tickets = Tickets()
        let server = try startServer { _ in tickets.park() }
        defer { server.stop() }
        let slow = try TestClient(server.port, receiveBuffer: 4096)
        slow.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        let before = memory.residentKilobytes
        do {
            let large = HTTPResponse(
                status: 200,
                body: .chunk(ByteChunk(count: 64 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 7) }))
            tickets.all[0].resume(with: large)
        }
        // The `HTTPResponse` is gone; its bytes must not be.
        let answer = try slow.receive()
        #expect(answer.body.count == 64 << 20 && answer.body.allSatisfy { $0 == 7 })
        #expect(eventually { server.requestCount == 0 })
        let rounds = 80
        for _ in 0..<rounds {
            let response = HTTPResponse(
                status: 200,
                body: .chunk(ByteChunk(count: 16 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 1) }))
            #expect(response.contentLength == 16 << 20)
        }
        // 1280 MB went by; 64 MB, the client's own copies and what other tests have in hand remain at most.
        #expect(memory.residentKilobytes - before < 800_000)
    }

    @Test func aSlowClientDoesNotHoldUpOthers() throws {
        let large = HTTPResponse(status: 200, body: .chunk(ByteChunk(count: 8 << 20) { _ in }))
        let server = try startServer(configure: { $0.workers = 1 }) { request in
            .response(request.path == "/large" ? large : Self.hello)
        }
        defer { server.stop(grace: .zero) }
        let slow = try (0..<4).map { _ in try TestClient(server.port, receiveBuffer: 4096) }
        for client in slow { client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n") }
        #expect(eventually { server.requestCount == 4 })
        let quick = try TestClient(server.port)
        for _ in 0..<50 { #expect(try quick.get("/").text == "hello") }
        #expect(server.requestCount >= 4)
    }

    @Test func anIdleConnectionIsClosedAndAParkedOneIsNot() throws {
        let tickets = Tickets()
        // Long enough for a machine that stands still between a connection and its request.
        let server = try startServer(configure: { $0.idleTimeout = .seconds(4) }) { _ in tickets.park() }
        defer { server.stop() }
        let parked = try TestClient(server.port)
        parked.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        let idle = try TestClient(server.port)
        idle.send("GET / HT")
        #expect(idle.isAtEnd())
        #expect(tickets.all.first?.resume(with: Self.hello) == true)
        #expect(try parked.receive().text == "hello")
    }

    private func run(_ command: String) -> Int32 {
        var process = pid_t()
        let arguments = ["/bin/sh", "-c", command].map { $0.withCString { strdup($0) } } + [nil]
        defer { for argument in arguments { free(argument) } }
        guard posix_spawn(&process, "/bin/sh", nil, nil, arguments, environ) == 0 else { return -1 }
        var status: Int32 = -1
        waitpid(process, &status, 0)
        return status
    }
}

/// Reads how much memory the process has.
struct Sentinel {
    var residentKilobytes: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { return 0 }
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4 : 0
    }
}
