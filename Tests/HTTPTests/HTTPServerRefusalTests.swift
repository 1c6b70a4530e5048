import Bytes
import Glibc
import HTTP
import HTTPTestClient
import Locks
import Testing

@Suite(.timeLimit(.minutes(30))) struct HTTPServerRefusalTests {
    private static let ok = HTTPResponse(
        status: 200,
        headers: [
            ("Content-Type", "application/vnd.apple.mpegurl"), ("Cache-Control", "public, max-age=36"),
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "Age, Date, Content-Range"),
            ("Vary", "Accept-Encoding"),
        ], body: .chunk(ByteChunk([1, 2, 3])))

    private func answer(_ text: String, _ change: (inout HTTPServerConfiguration) -> Void = { _ in }) throws
        -> TestClient.Response
    {
        let server = try startServer(configure: change) { _ in .response(Self.ok) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send(text)
        return try client.receive()
    }

    @Test func threeKilobytesOfFieldsAreAccepted() throws {
        let fields = (0..<12).map { "X-Field-\($0): " + String(repeating: "v", count: 240) + "\r\n" }.joined()
        #expect(fields.utf8.count > 3000)
        #expect(try answer("GET / HTTP/1.1\r\nHost: t\r\n\(fields)\r\n").status == 200)
        let cookie = "Cookie: token=" + String(repeating: "c", count: 3072)
        #expect(try answer("GET / HTTP/1.1\r\nHost: t\r\n\(cookie)\r\n\r\n").status == 200)
    }

    @Test func twentyKilobytesOfFieldsGet431() throws {
        let one = "X-Long: " + String(repeating: "v", count: 20_000) + "\r\n"
        #expect(try answer("GET / HTTP/1.1\r\nHost: t\r\n\(one)\r\n").status == 431)
        let many = (0..<200).map { "X-Field-\($0): " + String(repeating: "v", count: 90) + "\r\n" }.joined()
        #expect(try answer("GET / HTTP/1.1\r\nHost: t\r\n\(many)\r\n").status == 431)
    }

    /// Around the limit libmicrohttpd would close in silence: the fields of the request fit, those of the response
    /// do not.
    @Test func everySizeOfFieldsIsAnsweredWith200Or431() throws {
        let server = try startServer { _ in .response(Self.ok) }
        defer { server.stop() }
        var largest = 0
        var refusals = 0
        for width in [1, 60, 1000, 15_000] {
            var total = 0
            while total < 15_500 {
                total += total > 8000 || (width == 1 && total > 3000) ? 24 : 400
                var fields = ""
                while fields.utf8.count + 6 < total {
                    fields +=
                        "a: " + String(repeating: "v", count: max(1, min(width, total - fields.utf8.count - 6)))
                        + "\r\n"
                }
                let client = try TestClient(server.port)
                let status = try client.get("/", fields).status
                #expect(status == 200 || status == 431, "\(total) bytes of fields, \(width) wide")
                if status == 200 { largest = max(largest, total) } else { refusals += 1 }
            }
        }
        #expect(largest > 8000)
        #expect(refusals > 100)
    }

    @Test func cookiesAreAnsweredAtEverySize() throws {
        let server = try startServer { _ in .response(Self.ok) }
        defer { server.stop() }
        for count in stride(from: 10, to: 1200, by: 9) {
            let cookies = "Cookie: " + (0..<count).map { "k\($0)=v" }.joined(separator: "; ") + "\r\n"
            let status = try TestClient(server.port).get("/", cookies).status
            #expect(status == 200 || status == 431, "\(count) cookies: \(status)")
        }
    }

    @Test func sixteenKilobytesOfTargetGet414() throws {
        let target = "/" + String(repeating: "a", count: 16_000)
        #expect(try answer("GET \(target) HTTP/1.1\r\nHost: t\r\n\r\n").status == 414)
    }

    @Test func aQueryOfAThousandArgumentsIsServed() throws {
        let query = (0..<1000).map { _ in "a" }.joined(separator: "&")
        #expect(try answer("GET /?\(query) HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9\r\n\r\n",
        "GET / FTP/1.1\r\nHost: t\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: t\r\n\r\n", "GET a HTTP/1.1\r\nHost: t\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length:\r\n\r\nabc",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        // NULs, which end a C string and nothing else.
        "GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nX: a\0\r\nY: b\0c\r\n\r\n", "GET / HTTP/1.1\r\nHost: t\r\nX\0y: b\r\n\r\n",
        "GET /\0x HTTP/1.1\r\nHost: t\r\n\r\n", "GET /?a\0b HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /a\0?b HTTP/1.1\r\nHost: t\r\n\r\n", "G\0T / HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET / HTTP/1.1\0\r\nHost: t\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\0 2\r\n\r\na",
        // Ends of lines and blanks that others may read otherwise.
        "GET  / HTTP/1.1\r\nHost: t\r\n\r\n", " GET / HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET / HTTP/1.1\nHost: t\n\n", "GET / HTTP/1.1\r\nHost: t\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nX: a\rb\r\n\r\n", "GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nX: " + String(repeating: "a", count: 300) + "\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\n X: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nContent: 3\r\n -Length\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n \r\n\r\nabc",
        // Targets of other kinds than a path or an http URL.
        "GET http:///a HTTP/1.1\r\nHost: t\r\n\r\n", "GET ftp://t/a HTTP/1.1\r\nHost: t\r\n\r\n",
        "CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n", "GET /%ff HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /%4 HTTP/1.1\r\nHost: t\r\n\r\n", "GET /% HTTP/1.1\r\nHost: t\r\n\r\n",
    ])
    func whatIsNoRequestGets400(text: String) throws {
        #expect(try answer(text).status == 400)
    }

    @Test(arguments: [
        "GET / HTTP/2.0\r\nHost: t\r\n\r\n", "GET / HTTP/0.9\r\nHost: t\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ])
    func anotherVersionGets505(text: String) throws {
        #expect(try answer(text).status == 505)
    }

    @Test(arguments: [
        "GET /a/../b HTTP/1.1\r\nHost: t\r\n\r\n", "GET http://t/a?b HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET HTTPS://t HTTP/1.1\r\nHost: t\r\n\r\n", "GET / HTTP/1.1\r\nHost: t\r\nX:\r\nY: a \t\r\nZ:a\r\n\r\n",
        "GET /? HTTP/1.1\r\nHost: t\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nX: \u{e4}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\nCookie: a=b; c=\r\n\r\n", "\r\nGET /a?b=%zz HTTP/1.1\r\nHost: t\r\n\r\n",
    ]) func whatIsOnlyUnusualIsServed(text: String) throws {
        #expect(try answer(text).status == 200)
    }

    @Test func aPathThatIsNotUTF8Gets400() throws {
        let server = try startServer { _ in .response(Self.ok) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send(bytes: Array("GET /a".utf8) + [0xFF] + Array(" HTTP/1.1\r\nHost: t\r\n\r\n".utf8))
        #expect(try client.receive().status == 400)
    }

    @Test func garbageAfterARequestGets400() throws {
        let observer = CountingObserver()
        let server = try startServer(observer: observer) { _ in .response(Self.ok) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        #expect(try client.get("/").status == 200)
        // The kernel tells apart what was sent and what was received by milliseconds, in steps of up to ten.
        #expect(poll(nil, 0, 50) == 0)
        client.send("GARBAGE\r\n\r\n")
        #expect(try client.receive().status == 400)
        #expect(client.isAtEnd())
        #expect(eventually { observer.counts.rejected == 1 })
    }

    @Test func refusalsAreLoggedAndCounted() throws {
        let lines = Mutex<[String]>([])
        let observer = CountingObserver()
        let server = try startServer(observer: observer, log: { line in lines.withLock { $0.append(line) } }) { _ in
            .response(Self.ok)
        }
        defer { server.stop() }
        for _ in 0..<2 {
            let client = try TestClient(server.port)
            #expect(try client.get("/").status == 200)
            #expect(try client.get("/", "X: " + String(repeating: "v", count: 15_000) + "\r\n").status == 431)
            #expect(client.isAtEnd())
        }
        #expect(eventually { observer.counts.rejected == 2 && observer.counts.statuses == [200: 2] })
        #expect(lines.withLock { $0.count { $0.contains("431") } } == 2)
    }

    @Test func aClientThatLeavesAmidItsBodyIsCountedAsUndelivered() throws {
        let observer = CountingObserver()
        let server = try startServer(observer: observer) { _ in .response(Self.ok) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf")
        #expect(eventually { server.requestCount == 1 })
        client.close()
        #expect(eventually { observer.counts.statuses == [0: 1] && server.requestCount == 0 })
        #expect(observer.counts.undelivered == 1)
    }

    @Test func aConnectionThatTheClientEndsIsClosedWithoutAWord() throws {
        let server = try startServer { _ in .response(Self.ok) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        #expect(try client.get("/", "Connection: close\r\n").status == 200)
        #expect(client.isAtEnd())
        let old = try TestClient(server.port)
        old.send("GET / HTTP/1.0\r\n\r\n")
        #expect(try old.receive().status == 200)
        #expect(old.isAtEnd())
    }

    @Test func ownRefusalsCarryTheCommonFields() throws {
        for text in [
            "GARBAGE\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 65537\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n"
                + String(repeating: "x", count: 0x20000),
        ] {
            let response = try answer(text)
            #expect(response["Access-Control-Allow-Origin"] == "*", "\(text.prefix(40))")
            #expect(response["Date"]?.hasSuffix(" GMT") == true)
        }
    }

    @Test func uploadsAreBounded() throws {
        let server = try startServer(configure: { $0.uploadLimit = 1000 }) { request in
            .response(HTTPResponse(status: 200, body: .chunk(request.body)))
        }
        defer { server.stop() }
        let body = String(repeating: "u", count: 1000)
        let client = try TestClient(server.port)
        #expect(try client.request("POST", "/", "Content-Length: 1000\r\n", body: body).text == body)
        let chunked = "1f4\r\n\(body.prefix(500))\r\n1f4\r\n\(body.prefix(500))\r\n0\r\n\r\n"
        #expect(try client.request("PUT", "/", "Transfer-Encoding: chunked\r\n", body: chunked).text == body)
        #expect(try client.get("/").text == "")
        // Refused by its length alone, before the body is sent.
        let refused = try TestClient(server.port)
        #expect(try refused.request("POST", "/", "Content-Length: 1001\r\nExpect: 100-continue\r\n").status == 413)
        #expect(refused.isAtEnd())
        let endless = try TestClient(server.port)
        endless.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<3 { endless.send("1f4\r\n\(body.prefix(500))\r\n") }
        #expect(try endless.receive().status == 413)
        #expect(endless.isAtEnd())
        let huge = try TestClient(server.port)
        #expect(try huge.request("POST", "/", "Content-Length: 99999999999999999999999\r\n").status == 413)
    }

    /// libmicrohttpd 0.9.75 crashes when it refuses a request after it was told to stop.
    @Test func stoppingAmidMalformedRequestsIsSurvived() throws {
        for _ in 0..<20 {
            let server = try startServer { _ in .response(Self.ok) }
            let port = server.port
            let sent = Atomic(0)
            onThreads(4) { index in
                if index == 0 {
                    let hasSome = eventually { sent.load(ordering: .relaxed) > 100 }
                    #expect(hasSome)
                    server.stop()
                    return
                }
                while let client = try? TestClient(port) {
                    client.send("GET / HTTP/9\r\nHost: t\r\n\r\n")
                    sent.add(1, ordering: .relaxed)
                }
            }
            #expect(server.connectionCount == 0 && server.requestCount == 0)
        }
    }

    @Test func everyPrefixAndBitFlipOfARequestLeavesTheServerServing() throws {
        // libmicrohttpd overlooks the end of a connection that arrives together with bytes; the timeout ends it.
        let server = try startServer(configure: { $0.idleTimeout = .seconds(1) }) { _ in .response(Self.ok) }
        defer { server.stop() }
        let request = Array(
            "POST /a%20b?c=d HTTP/1.1\r\nHost: t\r\nCookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                .utf8)
        var inputs = (0..<request.count).map { Array(request[..<$0]) }
        for bit in 0..<(request.count * 8) {
            var flipped = request
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            inputs.append(flipped)
        }
        for input in inputs {
            let client = try TestClient(server.port)
            client.send(bytes: input)
            client.close()
        }
        #expect(eventually { (try? TestClient(server.port).get("/").status) == 200 })
        #expect(eventually { server.requestCount == 0 })
    }
}
