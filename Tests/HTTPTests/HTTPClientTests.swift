import Glibc
import HTTP
import Locks
import RawAnswers
import Testing

/// A client of servers that answer, and of servers that do anything but that.
@Suite(.timeLimit(.minutes(10))) struct HTTPClientTests {
    private func post(
        _ answer: String, timeout: Duration = .seconds(20),
        then: @escaping @Sendable (RawServer.Exchange) -> Void = { _ in }
    ) throws -> Result<HTTPClientAnswer, HTTPFault> {
        let server = try RawServer { exchange in
            exchange.send(answer)
            then(exchange)
        }
        defer { server.stop() }
        return Self.post(to: server, timeout: timeout)
    }

    private static func post(
        to server: RawServer, timeout: Duration = .seconds(20), while isWanted: () -> Bool = { true }
    ) -> Result<HTTPClientAnswer, HTTPFault> {
        do throws(HTTPFault) {
            return .success(
                try HTTPClient(timeout: timeout).post(Array("{}".utf8), to: server.url, while: isWanted))
        } catch { return .failure(error) }
    }

    @Test func theRequestArrivesAndTheAnswerComesBack() throws {
        let server = try RawServer("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nnope")
        defer { server.stop() }
        let answer = try HTTPClient(timeout: .seconds(20)).post(
            Array("{\"a\":1}".utf8), to: server.url, headers: [("Content-Type", "application/json"), ("X-A", "b")])
        #expect(answer.status == 403 && String(decoding: answer.body, as: UTF8.self) == "nope")
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /hook HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\n{\"a\":1}"))
        #expect(request.contains("\r\nContent-Type: application/json\r\n") && request.contains("\r\nX-A: b\r\n"))
        #expect(!request.contains("Expect:") && !request.contains("Accept-Encoding:"))
    }

    @Test func anEmptyBodyIsSentAndAnAnswerWithoutOneIsTaken() throws {
        let server = try RawServer("HTTP/1.1 204 Fine\r\n\r\n")
        defer { server.stop() }
        let answer = try HTTPClient(timeout: .seconds(20)).post([], to: server.url)
        #expect(answer.status == 204 && answer.body.isEmpty)
        #expect(server.requests.first?.contains("\r\nContent-Length: 0\r\n") == true)
    }

    @Test func aRedirectIsAnAnswerAndNotFollowed() throws {
        let other = try RawServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        defer { other.stop() }
        let answer = try post("HTTP/1.1 307 There\r\nLocation: \(other.url)\r\nContent-Length: 0\r\n\r\n").get()
        #expect(answer.status == 307 && other.requests.isEmpty)
    }

    @Test(
        arguments: [
            // A body that is shorter than it says; chunks without an end; no HTTP; nothing at all.
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Le",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "220 mail.example ESMTP\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        ])
    func whatIsNoWholeAnswerIsNone(text: String) throws {
        let result = try post(text)
        #expect(result == .failure(.malformed) || result == .failure(.cutOff), "\(result)")
    }

    @Test func moreThanTheLimitsIsNotRead() throws {
        let head = "HTTP/1.1 200 OK\r\n"
        // Each endless: the server goes on until the client has left.
        for (start, piece, fault) in [
            (head, "X-Filler: \(String(repeating: "x", count: 1000))\r\n", HTTPFault.endlessHeaders),
            ("", "HTTP/1.1 100 Continue\r\n\r\n", .endlessHeaders),
            (head + "\r\n", String(repeating: "x", count: 1000), .tooLong),
            (
                head + "Transfer-Encoding: chunked\r\n\r\n", "3e8\r\n\(String(repeating: "x", count: 1000))\r\n",
                .tooLong
            ),
            (head + "Content-Length: 1000000\r\n\r\n", String(repeating: "x", count: 1000), .tooLong),
        ] {
            let result = try post(start) { exchange in
                for _ in 0..<100_000 where !exchange.send(piece) { break }
            }
            #expect(result == .failure(fault), "\(piece.prefix(20))")
        }
    }

    @Test func aLineOfAHeadThatNeverEndsIsGivenUp() throws {
        let result = try post("HTTP/1.1 200 OK\r\nX-Filler: ") { exchange in
            for _ in 0..<100_000 where !exchange.send(String(repeating: "x", count: 1000)) { break }
        }
        #expect(result == .failure(.endlessHeaders))
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"])
    func whoAnswersTooLateOrNeverIsNotWaitedFor(text: String) throws {
        let left = Mutex(false)
        let result = try post(text, timeout: .milliseconds(300)) { exchange in
            let isLeft = exchange.isLeft()
            left.withLock { $0 = isLeft }
        }
        #expect(result == .failure(.noAnswer))
        #expect(left.withLock { $0 }, "the connection is closed")
    }

    /// A byte now and then does not help.
    @Test func aTrickleIsNotWaitedFor() throws {
        let result = try post("HTTP/1.1 200 OK\r\n", timeout: .milliseconds(300)) { exchange in
            for _ in 0..<1000 where !exchange.send("X: y\r\n") || usleep(20_000) != 0 { break }
        }
        #expect(result == .failure(.noAnswer))
    }

    @Test func aRequestThatIsNotWantedAnyMoreIsGivenUp() throws {
        let server = try RawServer { _ = $0.isLeft() }
        defer { server.stop() }
        let start = ContinuousClock.now
        let result = Self.post(to: server, timeout: .seconds(60)) { server.requests.isEmpty }
        #expect(result == .failure(.stopped))
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func whoClosesAtOnceHasNotAnswered() throws {
        #expect(try post("") == .failure(.hungUp))
    }

    @Test func whereNobodyListensIsNoAnswer() throws {
        let server = try RawServer("")
        server.stop()
        #expect(Self.post(to: server) == .failure(.unreachable(ECONNREFUSED)))
    }

    @Test func whatIsNoURLIsNotAsked() {
        #expect(throws: HTTPFault.badAddress) { try HTTPClient(timeout: .seconds(20)).post([], to: "ftp://127.0.0.1/") }
    }
}
