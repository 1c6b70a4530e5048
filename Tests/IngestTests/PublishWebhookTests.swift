import Bytes
import Crypto
import Ingest
import RawAnswers
import Telemetry
import Testing
import Time

/// What the operator's own service is asked, and what becomes of its answers.
@Suite(.timeLimit(.minutes(10))) struct PublishWebhookTests {
    static let request = PublishRequest(
        scheme: "srt", channel: nil, streamKey: Secret("secret-key"), address: "203.0.113.9", connectionID: "4f0c")

    private func ask(
        _ server: RawServer, channel: String = "news", timeout: Duration = .seconds(20)
    ) -> PublishWebhook.Answer {
        PublishWebhook(url: Secret(server.url), secret: Secret("the webhook's"), timeout: timeout)
            .ask(Self.request, channel: channel, at: WallTime(microseconds: 1_800_000_000_900_000)) { true }
    }

    private func answer(_ text: String, timeout: Duration = .seconds(20)) throws -> PublishWebhook.Answer {
        let server = try RawServer { exchange in
            exchange.send(text)
            if text.isEmpty || text.hasSuffix("wait") { _ = exchange.isLeft() }
        }
        defer { server.stop() }
        return ask(server, timeout: timeout)
    }

    @Test func itIsAskedWithASignatureAndWithoutTheKey() throws {
        let server = try RawServer("HTTP/1.1 204 Fine\r\n\r\n")
        defer { server.stop() }
        #expect(ask(server) == .admitted)
        let request = try #require(server.requests.first)
        let body = #"{"channel":"news","protocol":"srt","address":"203.0.113.9","connection":"4f0c"}"#
        #expect(request.hasPrefix("POST /hook HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\n" + body))
        let code = SHA256.authenticationCode(
            of: Array("1800000000.\(body)".utf8).span, key: Array("the webhook's".utf8).span)
        #expect(request.contains("\r\nHeadwater-Timestamp: 1800000000\r\n"))
        #expect(request.contains("\r\nHeadwater-Signature: v1=\(Hexadecimal.encode(code.span))\r\n"))
        #expect(request.contains("\r\nContent-Type: application/json\r\n") && !request.contains("secret-key"))
    }

    @Test func namesAreEscaped() throws {
        let server = try RawServer("HTTP/1.1 204 Fine\r\n\r\n")
        defer { server.stop() }
        #expect(ask(server, channel: "a\"b\\c\n") == .admitted)
        #expect(server.requests.first?.contains(#"{"channel":"a\"b\\c\n","#) == true)
    }

    static let answers: [(String, PublishWebhook.Answer)] = [
        ("200 OK\r\nContent-Length: 2\r\n\r\nno", .admitted), ("202 Later\r\nContent-Length: 0\r\n\r\n", .admitted),
        ("403 No\r\nContent-Length: 9\r\n\r\nnot today", .refused(status: 403, reason: "not today")),
        ("404 No\r\nContent-Length: 0\r\n\r\n", .refused(status: 404, reason: "")),
        (
            "403 No\r\nContent-Length: 14\r\n\r\n \u{1B}[31ma\r\n\n\0 b\t",
            .refused(status: 403, reason: "[31ma b")
        ),
        (
            "403 No\r\nContent-Length: 3000\r\n\r\n\(String(repeating: "x", count: 3000))",
            .refused(status: 403, reason: String(repeating: "x", count: 200))
        ),
        (
            "302 There\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            .failed(.webhookRedirect, detail: "status 302, which is not followed")
        ),
        ("500 Oh\r\nContent-Length: 0\r\n\r\n", .failed(.webhookError, detail: "status 500")),
        ("600 What\r\nContent-Length: 0\r\n\r\n", .failed(.webhookBadAnswer, detail: "status 600")),
        (
            "200 OK\r\nContent-Length: 70000\r\n\r\n\(String(repeating: "x", count: 70_000))",
            .failed(.webhookBadAnswer, detail: "longer than is read")
        ),
        (
            "200 OK\r\n\(String(repeating: "X-Filler: yes\r\n", count: 2000))\r\n",
            .failed(.webhookBadAnswer, detail: "longer than is read")
        ),
    ]

    @Test(arguments: answers.indices)
    func onlyASuccessAdmits(index: Int) throws {
        let (text, expected) = Self.answers[index]
        #expect(try answer("HTTP/1.1 " + text) == expected)
    }

    @Test func aLyingAnswerIsNone() throws {
        guard case .failed(.webhookBadAnswer, _) = try answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok") else {
            Issue.record("believed")
            return
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwait"])
    func aSlowAnswerIsNone(text: String) throws {
        #expect(
            try answer(text, timeout: .milliseconds(200)) == .failed(.webhookTimeout, detail: "no whole answer in time")
        )
    }

    @Test func whereNobodyListensIsNoAnswer() throws {
        let server = try RawServer("")
        server.stop()
        guard case .failed(.webhookUnreachable, let detail) = ask(server) else {
            Issue.record("somebody answered")
            return
        }
        #expect(!detail.contains("127.0.0.1"))
    }
}
