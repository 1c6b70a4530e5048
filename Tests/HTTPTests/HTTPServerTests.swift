import Bytes
import HTTP
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    /// Answers by path: `/shared`, `/park`, `/early`; anything else is told back.
    final class Handler: HTTPHandler {
        static let shared = HTTPResponse(
            status: 200, headers: [("Content-Type", "text/plain")],
            body: .chunks([ByteChunk([UInt8]("0123".utf8)), ByteChunk([UInt8]("456789".utf8))]), acceptsRanges: true)
        let parked = Mutex<[ParkedRequest]>([])

        func respond(to request: HTTPRequest) -> HTTPAnswer {
            switch request.path {
            case "/shared": return .response(Self.shared.ranged(for: request))
            case "/park":
                let ticket = ParkedRequest()
                parked.withLock { $0.append(ticket) }
                return .park(ticket)
            case "/early":
                let ticket = ParkedRequest()
                ticket.resume(with: Self.shared)
                return .park(ticket)
            default:
                let text = "\(request.method.name) \(request.path) \(request.query("q") ?? "-")"
                return .response(HTTPResponse(status: 200, body: .chunk(ByteChunk([UInt8](text.utf8)))))
            }
        }

        func waitForParked(_ count: Int) -> [ParkedRequest] {
            while parked.withLock({ $0.count }) < count { usleepBriefly() }
            return parked.withLock { $0 }
        }
    }

    static func started(_ handler: Handler = Handler()) throws -> HTTPServer {
        try HTTPServer.start(HTTPServerConfiguration(address: "127.0.0.1", port: 0), handler: handler)
    }

    @Test func requestsOnOneConnectionAreAnsweredInOrder() throws {
        let server = try Self.started()
        let client = RawClient(port: server.port)
        client.get("/a?q=1")
        client.get("/b%20c")
        #expect(client.answer()?.body == "GET /a 1")
        #expect(client.answer()?.body == "GET /b c -")
    }

    @Test func headHasTheFieldsAndNoBody() throws {
        let server = try Self.started()
        let client = RawClient(port: server.port)
        client.get("/shared", method: "HEAD")
        client.get("/x")
        #expect(client.answer(hasBody: false)?.head.contains("Content-Length: 10") == true)
        #expect(client.answer()?.body == "GET /x -", "nothing of a body came in between")
    }

    static let ranges: [(range: String, status: String, body: String)] = [
        ("bytes=0-3", "206", "0123"), ("bytes=3-4", "206", "34"), ("bytes=8-", "206", "89"), ("bytes=-3", "206", "789"),
        ("bytes=2-9007199254740991", "206", "23456789"), ("bytes=2-18446744073709551615", "206", "23456789"),
        ("bytes=-100", "206", "0123456789"), ("bytes=10-", "416", ""), ("bytes=x", "200", "0123456789"),
        ("bytes=5-2", "200", "0123456789"), ("bytes=0-1,3-4", "200", "0123456789"), ("lines=1-2", "200", "0123456789"),
    ]

    @Test(arguments: ranges.indices) func rangesAreServedAcrossChunks(row: Int) throws {
        let (range, status, body) = Self.ranges[row]
        let server = try Self.started()
        let client = RawClient(port: server.port)
        client.get("/shared", "Range: \(range)\r\n")
        let answer = try #require(client.answer())
        #expect(answer.head.hasPrefix("HTTP/1.1 \(status)"), "\(range)")
        if status != "416" { #expect(answer.body == body, "\(range)") }
        if status == "416" { #expect(answer.head.contains("bytes */10")) }
    }

    @Test func manyParkedRequestsGetTheOneResponse() throws {
        let handler = Handler()
        let server = try Self.started(handler)
        let clients = (0..<200).map { _ in RawClient(port: server.port) }
        for client in clients { client.get("/park") }
        let tickets = handler.waitForParked(200)
        #expect(server.parkedCount == 200)
        for ticket in tickets { ticket.resume(with: Handler.shared) }
        for client in clients { #expect(client.answer()?.body == "0123456789") }
        #expect(server.parkedCount == 0)
    }

    @Test func aTicketIsGoodForOneAnswerEvenBeforeItIsHandedOver() throws {
        let handler = Handler()
        let server = try Self.started(handler)
        let client = RawClient(port: server.port)
        client.get("/early")
        #expect(client.answer()?.body == "0123456789")
        client.get("/park")
        let ticket = try #require(handler.waitForParked(1).first)
        #expect(ticket.resume(with: Handler.shared))
        #expect(!ticket.resume(with: Handler.shared))
        #expect(client.answer()?.body == "0123456789")
    }

    @Test func aViewerThatLeftCostsNothingButItsTicket() throws {
        let handler = Handler()
        let server = try Self.started(handler)
        var client: RawClient? = RawClient(port: server.port)
        client?.get("/park")
        let ticket = try #require(handler.waitForParked(1).first)
        client = nil
        ticket.resume(with: Handler.shared)
        let other = RawClient(port: server.port)
        other.get("/x")
        #expect(other.answer()?.body == "GET /x -")
    }

    @Test func stoppingAnswersThoseWhoStillWait() throws {
        let handler = Handler()
        let server = try Self.started(handler)
        let client = RawClient(port: server.port)
        client.get("/park")
        _ = handler.waitForParked(1)
        server.stop()
        #expect(client.answer()?.head.hasPrefix("HTTP/1.1 503") == true)
        server.stop()
    }

    static let refusals: [(request: String, status: String)] = [
        ("GET / HTTP/1.1\r\nHost: x\r\nCookie: \(String(repeating: "c", count: 3072))\r\n\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost: x\r\nCookie: \(String(repeating: "c", count: 20_000))\r\n\r\n", "431"),
        ("GET /\(String(repeating: "a", count: 10_000)) HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
        ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"), ("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    ]

    @Test(arguments: refusals.indices) func whatIsTooMuchOrMalformedIsRefusedAloud(row: Int) throws {
        let (request, status) = Self.refusals[row]
        let server = try Self.started()
        let client = RawClient(port: server.port)
        client.send(request)
        #expect(client.answer()?.head.split(separator: " ").dropFirst().first.map(String.init) == status)
    }

    @Test func aTakenPortSaysSo() throws {
        let server = try Self.started()
        var thrown: HTTPServerError?
        do {
            _ = try HTTPServer.start(
                HTTPServerConfiguration(address: "127.0.0.1", port: server.port), handler: Handler())
        } catch { thrown = error }
        #expect(thrown?.description.contains("taken") == true)
    }

    static let encodings: [(header: String?, isAcceptable: Bool)] = [
        (nil, false), ("gzip", true), ("identity", false), ("deflate, gzip;q=0.5", true), ("gzip;q=0", false),
        ("*", true), ("*;q=0", false), ("gzip;q=0, *", false), ("GZIP", true), ("br", false),
    ]

    @Test(arguments: encodings.indices) func gzipIsUsedOnlyForThoseWhoTakeIt(row: Int) {
        let (header, isAcceptable) = Self.encodings[row]
        #expect(Gzip.isAcceptable(to: header) == isAcceptable, "\(header ?? "none")")
    }
}
