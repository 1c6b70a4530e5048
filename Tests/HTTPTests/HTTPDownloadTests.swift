import Glibc
import HTTP
import Locks
import RawAnswers
import Sockets
import Testing

/// Fetching from servers that answer, and from servers that do anything but that.
@Suite(.timeLimit(.minutes(30))) struct HTTPDownloadTests {
    private func fetch(
        _ url: String, from offset: Int64 = 0, to end: Int64? = nil, answer: Duration = .seconds(60),
        silence: Duration = .seconds(60), isWanted: @escaping () -> Bool = { true },
        permits: @escaping (SocketAddress) -> Bool = { _ in true }
    ) throws -> String {
        let url = try #require(HTTPURL(url))
        var patience = HTTPPatience(while: isWanted)
        (patience.answer, patience.silence) = (answer, silence)
        return try rest(of: HTTPDownload(url, from: offset, to: end, patience, permits: permits))
    }

    private func rest(of download: HTTPDownload) throws -> String {
        var body: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = try download.read(into: buffer)
            if count == 0 { return String(decoding: body, as: UTF8.self) }
            body += buffer[..<count]
        }
    }

    // MARK: Answers

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello", "ICY 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n05;x=y\r\nhello\r\n0\r\nTrailer: z\r\n\r\nnext",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more",
    ])
    func bodiesAreRead(answer: String) throws {
        let server = try RawServer { exchange in
            // Wherever it is cut.
            for scalar in answer.unicodeScalars { exchange.send(String(scalar)) }
        }
        defer { server.stop() }
        #expect(try fetch("http://user:pass%21@127.0.0.1:\(server.port)/x?y") == "hello")
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
        #expect(request.contains("\r\nAuthorization: Basic dXNlcjpwYXNzIQ==\r\n"))
        #expect(request.contains("\r\nConnection: close\r\n") && !request.contains("Range:"))
    }

    /// Of what is read in small pieces, libcurl has to be held back.
    @Test(arguments: ["", "Content-Length", "Transfer-Encoding"])
    func longBodiesArriveWhole(framing: String) throws {
        let body = (0..<200_000).map { "\($0)," }.joined()
        let server = try RawServer { exchange in
            switch framing {
            case "": exchange.send("HTTP/1.1 200 OK\r\n\r\n" + body)
            case "Content-Length":
                exchange.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            default:
                var text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                var rest = Array(body.utf8)[...]
                for size in (1...).lazy.map({ 37 * $0 % 5003 + 1 }) {
                    let piece = rest.prefix(size)
                    rest = rest.dropFirst(size)
                    text += "\(String(piece.count, radix: 16))\r\n\(String(decoding: piece, as: UTF8.self))\r\n"
                    if piece.isEmpty { break }
                }
                exchange.send(text)
            }
        }
        defer { server.stop() }
        #expect(try fetch(server.url) == body)
    }

    @Test func partsAreAskedForAndCutOutWhereTheHostSendsAll() throws {
        let parts = try RawServer(
            "HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-3/5\r\nContent-Length: 2\r\n\r\nll")
        defer { parts.stop() }
        #expect(try fetch(parts.url, from: 2, to: 4) == "ll")
        #expect(parts.requests[0].contains("\r\nRange: bytes=2-3\r\n"))
        let whole = try RawServer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        defer { whole.stop() }
        #expect(try fetch(whole.url, from: 2) == "llo")
        #expect(whole.requests[0].contains("\r\nRange: bytes=2-\r\n"))
        #expect(throws: HTTPFault.status(200)) { try fetch(whole.url, from: 9 << 20) }
    }

    @Test func aDownloadGoesOnAnywhereWhereTheHostSendsParts() throws {
        let server = try RawServer { exchange in
            let start = exchange.request.firstRange(of: "Range: bytes=").flatMap {
                Int(exchange.request[$0.upperBound...].prefix { $0.isNumber })
            }
            let body = "hello".dropFirst(start ?? 0)
            let head = start.map { "206 Part\r\nContent-Range: bytes \($0)-4/5" } ?? "200 OK\r\nAccept-Ranges: bytes"
            exchange.send("HTTP/1.1 \(head)\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
        }
        defer { server.stop() }
        let url = try #require(HTTPURL(server.url))
        let download = try HTTPDownload(url, HTTPPatience { true }) { _ in true }
        #expect(download.length == 5 && download.sendsParts && download.location == server.url)
        for (offset, expected) in [(Int64(3), "lo"), (0, "hello"), (5, "")] {
            #expect(download.seek(to: offset))
            #expect(try rest(of: download) == expected)
        }
        #expect(try HTTPDownload(url, from: 2, HTTPPatience { true }) { _ in true }.length == 5)
        let other = try RawServer("HTTP/1.1 200 OK\r\n\r\nhello")
        defer { other.stop() }
        let stream = try HTTPDownload(try #require(HTTPURL(other.url)), HTTPPatience { true }) { _ in true }
        #expect(stream.length == nil && !stream.sendsParts && !stream.seek(to: 3))
        #expect(try rest(of: stream) == "hello")
    }

    // MARK: Redirects

    @Test func redirectsAreFollowedWithoutCredentialsForOthers() throws {
        let last = try RawServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        defer { last.stop() }
        let port = last.port
        let first = try RawServer { exchange in
            let place = exchange.request.contains("GET /a ") ? "../b" : "http://some:body@127.0.0.1:\(port)/c"
            // Nobody waits for the rest of these.
            exchange.send("HTTP/1.1 302 Found\r\nLocation: \(place)\r\nContent-Length: 1000\r\n\r\n")
            _ = exchange.isLeft()
        }
        defer { first.stop() }
        #expect(try fetch("http://user:pass@127.0.0.1:\(first.port)/a") == "ok")
        #expect(first.requests.count == 2 && first.requests.allSatisfy { $0.contains("Authorization") })
        #expect(first.requests[1].hasPrefix("GET /b "))
        #expect(last.requests.count == 1 && !last.requests[0].contains("Authorization"))
        let download = try HTTPDownload(
            try #require(HTTPURL("http://user:pass@127.0.0.1:\(first.port)/a")), HTTPPatience { true }
        ) { _ in true }
        #expect(download.location == "http://127.0.0.1:\(port)/c")
    }

    @Test func redirectsToForbiddenAddressesAreRefusedByName() throws {
        let inside = try RawServer("HTTP/1.1 200 OK\r\n\r\nsecret")
        defer { inside.stop() }
        let port = inside.port
        let outside = try RawServer("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:\(port)/\r\n\r\n")
        defer { outside.stop() }
        // Its port makes it a part of the world outside.
        #expect(throws: HTTPFault.forbiddenAddress(isRedirect: true)) {
            try fetch(outside.url, permits: { $0.port == outside.port })
        }
        #expect(inside.requests.isEmpty, "nothing was sent there")
        #expect(throws: HTTPFault.forbiddenAddress(isRedirect: false)) {
            try fetch("http://localhost:\(outside.port)/", permits: { !$0.isReserved })
        }
        #expect(outside.requests.count == 1)
    }

    @Test(arguments: ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
    func eachConnectionIsAskedAboutUnderItsAddress(host: String) throws {
        let server = try RawServer("HTTP/1.1 200 OK\r\n\r\nok")
        defer { server.stop() }
        let asked = Mutex<[SocketAddress]>([])
        let body = try fetch(
            "http://\(host):\(server.port)/",
            permits: { address in
                asked.withLock { $0.append(address) }
                return true
            })
        #expect(body == "ok")
        #expect(asked.withLock { $0 } == [SocketAddress(host: "127.0.0.1", port: server.port)])
    }

    /// localhost has two addresses, of which the server has one.
    @Test func oneAddressOfAHostMayBeAskedAndAnotherNot() throws {
        let server = try RawServer("HTTP/1.1 200 OK\r\n\r\nok")
        defer { server.stop() }
        let url = "http://localhost:\(server.port)/"
        #expect(try fetch(url, permits: { $0.host == "127.0.0.1" }) == "ok")
        #expect(throws: HTTPFault.unreachable(ECONNREFUSED)) { try fetch(url, permits: { $0.host == "::1" }) }
        #expect(server.requests.count == 1)
    }

    // MARK: Faults

    @Test(arguments: [
        ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", HTTPFault.badRedirect),
        ("HTTP/1.1 302 Found\r\n\r\n", .badRedirect), ("HTTP/1.1 302 Found\r\nLocation: \r\n\r\n", .badRedirect),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", .endlessRedirects),
        ("HTTP/1.1 404 Not Found\r\n\r\n", .status(404)), ("SSH-2.0-OpenSSH\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", .cutOff), ("", .hungUp), ("HTTP/1.1 200", .hungUp),
        ("HTTP/1.1 200 OK\r\nContent-Le", .cutOff), ("ICY 401 No\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .malformed),
    ])
    func badAnswersAreFaults(answer: String, fault: HTTPFault) throws {
        let server = try RawServer(answer)
        defer { server.stop() }
        #expect(throws: fault) { try fetch(server.url) }
    }

    @Test(arguments: [
        ("nothing", HTTPFault.malformed), ("x\r\n", .malformed), ("\r\n", .malformed), ("1\r\nabc", .malformed),
        ("-1\r\n", .malformed), ("5\r\nhel", .cutOff), ("5\r\nhello\r\n", .cutOff), ("5\r\nhello\r\n0\r\n", .cutOff),
        ("0\r\n" + String(repeating: "a: b\r\n", count: 10_000), .endlessHeaders),
    ])
    func whatAreNoWholeChunksIsAFault(text: String, fault: HTTPFault) throws {
        let server = try RawServer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text)
        defer { server.stop() }
        #expect(throws: fault) { try fetch(server.url) }
    }

    @Test func anyHeadIsAnAnswerOrAFault() throws {
        let head = Array("HTTP/1.1 206 OK\r\nContent-Length: 5\r\nContent-Range: bytes 0-4/9\r\n\r\nhello".utf8)
        let next = Mutex<[[UInt8]]>([])
        let server = try RawServer { exchange in
            exchange.send(next.withLock { $0.popLast() }.map { String(decoding: $0, as: UTF8.self) } ?? "")
        }
        defer { server.stop() }
        let faults = head.indices.map { place in
            var flipped = head
            flipped[place] ^= 1 << (place % 7)
            return flipped
        }
        for answer in faults + head.indices.map({ Array(head[..<$0]) }) {
            next.withLock { $0 = [answer] }
            do { _ = try fetch(server.url) } catch { #expect(error is HTTPFault) }
        }
    }

    @Test func headersThatDoNotEndAreCutOff() throws {
        let server = try RawServer { exchange in
            exchange.send("HTTP/1.1 200 OK\r\n")
            for _ in 0..<100_000 where !exchange.send("X-More: and more\r\n") { return }
        }
        defer { server.stop() }
        #expect(throws: HTTPFault.endlessHeaders) { try fetch(server.url) }
        // Slowly, too: one that sends a byte now and then.
        let slow = try RawServer { exchange in
            exchange.send("HTTP/1.1 200 OK\r\nX-More: ")
            for _ in 0..<100 where !exchange.send("x") || usleep(50_000) != 0 { return }
        }
        defer { slow.stop() }
        #expect(throws: HTTPFault.noAnswer) { try fetch(slow.url, answer: .milliseconds(500)) }
        // And with many redirects.
        let detour = try RawServer { exchange in
            usleep(200_000)
            exchange.send("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
        }
        defer { detour.stop() }
        #expect(throws: HTTPFault.noAnswer) { try fetch(detour.url, answer: .milliseconds(500)) }
    }

    @Test func silenceEndsAndSoDoesLackOfInterest() throws {
        let server = try RawServer { exchange in
            exchange.send("HTTP/1.1 200 OK\r\n\r\nhello")
            _ = exchange.isLeft()
        }
        defer { server.stop() }
        #expect(throws: HTTPFault.silent) { try fetch(server.url, silence: .milliseconds(300)) }
        let asked = Mutex(0)
        let start = ContinuousClock.now
        #expect(throws: HTTPFault.stopped) {
            try fetch(
                server.url,
                isWanted: {
                    asked.withLock { $0 += 1 }
                    return asked.withLock { $0 } < 40
                })
        }
        // It is asked twenty times a second.
        #expect(ContinuousClock.now - start < .seconds(6))
    }

    @Test func theLastAnswerCounts() throws {
        let server = try RawServer { exchange in
            for status in ["100 Continue", "103 Early Hints", "200 OK"] {
                exchange.send("HTTP/1.1 \(status)\r\n\r\n")
                usleep(100_000)
            }
            exchange.send("hello")
        }
        defer { server.stop() }
        #expect(try fetch(server.url) == "hello")
    }

    /// Its queue has one place, which is taken.
    @Test func whoTakesNoConnectionsIsUnreachable() throws {
        let busy = try ListeningSocket(SocketAddress(host: "127.0.0.1", port: 0))
        #expect(listen(busy.descriptor, 0) == 0)
        let waiting = try (0..<3).map { _ in try ConnectingSocket(to: busy.address).descriptor }
        defer { for descriptor in waiting + [busy.descriptor] { close(descriptor) } }
        #expect(throws: HTTPFault.unreachable(ETIMEDOUT)) {
            try fetch("http://\(busy.address)/", answer: .milliseconds(500))
        }
    }

    @Test func nobodyThereIsAFault() throws {
        let server = try RawServer("")
        server.stop()
        #expect(throws: HTTPFault.unreachable(ECONNREFUSED)) { try fetch(server.url) }
        // Longer than a part of any name.
        let name = String(repeating: "a", count: 64)
        #expect(throws: HTTPFault.unknownHost) { try fetch("http://\(name).invalid/") }
    }
}
