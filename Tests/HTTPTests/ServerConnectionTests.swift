import Bytes
import Glibc
import HTTP
import HTTPTestClient
import Testing

/// What one client's bytes come to, in whatever pieces and whatever order they arrive.
@Suite(.timeLimit(.minutes(30))) struct ServerConnectionTests {
    private static let request = "GET /x HTTP/1.1\r\nHost: test\r\n\r\n"

    private static func response(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, body: .chunk(ByteChunk(Array(text.utf8))))
    }

    @Test func aRequestMayArriveByteByByte() throws {
        let server = try startServer { request in .response(Self.response(request.path)) }
        defer { server.stop() }
        let client = try TestClient(server.port, host: "127.0.0.1")
        for _ in 0..<2 {
            for byte in Self.request.utf8 { client.send(bytes: [byte]) }
            #expect(try client.receive().text == "/x")
        }
    }

    /// Up to the connection's memory a target is served, beyond it refused; in between nothing is closed in silence.
    @Test(arguments: ["/", "/?"]) func everyLengthOfTargetIsAnswered(start: String) throws {
        let server = try startServer { _ in .response(Self.response("ok")) }
        defer { server.stop() }
        var statuses: [Int] = []
        for length in stride(from: 6000, to: 16_000, by: 47) {
            statuses.append(try TestClient(server.port).get(start + String(repeating: "a", count: length)).status)
        }
        #expect(statuses.allSatisfy { [200, 414, 431].contains($0) })
        #expect(statuses.first == 200)
        #expect(statuses.last == 414)
    }

    @Test func answersWithoutABodyKeepTheConnection() throws {
        let server = try startServer { request in
            .response(HTTPResponse(status: request.path == "/204" ? 204 : 304, headers: [("ETag", "\"v\"")]))
        }
        defer { server.stop() }
        let client = try TestClient(server.port, host: "127.0.0.1")
        for status in [204, 304, 204] {
            let answer = try client.get("/\(status)")
            #expect(answer.status == status)
            #expect(answer["ETag"] == "\"v\"")
            #expect(answer["Connection"] == nil)
        }
    }

    /// RFC 9112 §3.2, §5.1 and §6.1: what two readers may take for two different requests.
    @Test(arguments: [
        "Host: t\r\nHost: u\r\n\r\n", "Host : t\r\n\r\n", "Host: t\r\nX-A\t: 1\r\n\r\n",
        "Host: t\r\nContent-Length : 3\r\n\r\nabc",
        "Host: t\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "Host: t\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Host: t\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]) func ambiguousFieldsGet400(fields: String) throws {
        let server = try startServer { _ in .response(Self.response("ok")) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send("POST / HTTP/1.1\r\n" + fields)
        #expect(try client.receive().status == 400)
        #expect(client.isAtEnd())
    }

    @Test func connectionsFarOverTheLimitWaitForTheirTurn() throws {
        let tickets = Tickets()
        let server = try startServer(configure: { $0.connectionLimit = 4 }) { _ in tickets.park() }
        defer { server.stop() }
        let clients = try (0..<4).map { _ in try TestClient(server.port) }
        for client in clients { client.send(Self.request) }
        #expect(eventually { server.parkedCount == 4 })
        // Sixteen more say nothing, so that there is no place to be refused at either.
        let silent = try (0..<16).map { _ in try TestClient(server.port) }
        #expect(eventually { server.connectionCount == 20 })
        let late = try TestClient(server.port)
        late.send(Self.request)
        #expect(!late.isReadable(within: 200))
        for client in silent { client.close() }
        #expect(try late.receive().status == 503)
        for ticket in tickets.all { ticket.resume(with: Self.response("ok")) }
        for client in clients { #expect(try client.receive().text == "ok") }
    }

    @Test func thePortIsFreeAgainAfterAStop() throws {
        let first = try startServer { _ in .response(Self.response("first")) }
        let port = first.port
        let old = try TestClient(port)
        #expect(try old.get("/").text == "first")
        first.stop()
        #expect(old.isAtEnd())
        let second = try startServer(port: port) { _ in .response(Self.response("second")) }
        defer { second.stop() }
        #expect(try TestClient(port).get("/").text == "second")
    }

    @Test func twoStopsAtOnceBothReturnStopped() throws {
        let tickets = Tickets()
        let server = try startServer { _ in tickets.park() }
        let clients = try (0..<20).map { _ in try TestClient(server.port) }
        for client in clients { client.send(Self.request) }
        #expect(eventually { server.parkedCount == 20 })
        onThreads(4) { _ in
            server.stop(grace: .seconds(60))
            #expect(server.connectionCount == 0)
        }
        for client in clients { #expect(try client.receive().status == 503) }
    }

    @Test func aServerThatIsLetGoStops() throws {
        let tickets = Tickets()
        var server: HTTPServer? = try startServer { _ in tickets.park() }
        let client = try TestClient(try #require(server).port)
        client.send(Self.request)
        #expect(eventually { server?.parkedCount == 1 })
        server = nil
        #expect(try client.receive().status == 503)
        #expect(client.isAtEnd())
    }

    @Test func aParkedAnswerWhoseFieldsDoNotFitIsRefusedAloud() throws {
        let tickets = Tickets()
        let server = try startServer { _ in tickets.park() }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send(Self.request)
        #expect(eventually { server.parkedCount == 1 })
        tickets.all[0].resume(
            with: HTTPResponse(status: 200, headers: [("X-Long", String(repeating: "v", count: 15_000))]))
        #expect(try client.receive().status == 431)
        #expect(eventually { server.requestCount == 0 })
    }
}
