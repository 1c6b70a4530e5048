import Glibc
import HTTPClient
import Runtime
import Sockets
import Testing
import Time

/// Answers each connection with what a function makes of its request.
final class Answers: Sendable {
    private let listener: TCPListener
    private let thread: NamedThread
    private let heard: Monitor<[String]>

    var port: UInt16 { listener.address.port }
    /// The requests, so far.
    var requests: [String] { heard.withLock { $0 } }

    init(_ answer: @escaping @Sendable (String, TCPConnection) -> Void) throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let heard = Monitor<[String]>([])
        (self.listener, self.heard) = (listener, heard)
        thread = NamedThread("answers") {
            while let connection = listener.accept() {
                var request = ""
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
                defer { buffer.deallocate() }
                while !request.hasSuffix("\r\n\r\n"), case .bytes(let count) = connection.read(into: buffer) {
                    request += String(decoding: buffer[..<count], as: UTF8.self)
                }
                heard.withLock { $0.append(request) }
                answer(request, connection)
                connection.shutDown()
            }
        }
    }

    deinit {
        listener.shutDown()
        thread.join()
    }
}

extension TCPConnection {
    func say(_ text: String) { _ = write(Array(text.utf8)) }
}

@Suite(.timeLimit(.minutes(30))) struct HTTPDownloadTests {
    private func fetch(
        _ url: String, from offset: Int64 = 0, to end: Int64? = nil, answer: Duration = .seconds(60),
        silence: Duration = .seconds(60), isWanted: @escaping () -> Bool = { true },
        permits: @escaping (SocketAddress) -> Bool = { _ in true }
    ) throws -> String {
        let url = try #require(HTTPURL(url))
        var patience = HTTPPatience(while: isWanted)
        (patience.answer, patience.silence) = (answer, silence)
        let download = try HTTPDownload(url, from: offset, to: end, patience, permits: permits)
        var body: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = try download.read(into: buffer)
            if count == 0 { return String(decoding: body, as: UTF8.self) }
            body += buffer[..<count]
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello", "ICY 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    ])
    func bodiesAreRead(answer: String) throws {
        let server = try Answers { _, connection in
            // Wherever it is cut.
            for byte in answer.utf8 { _ = connection.write([byte]) }
        }
        #expect(try fetch("http://user:pass%21@127.0.0.1:\(server.port)/x?y") == "hello")
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
        #expect(request.contains("\r\nAuthorization: Basic dXNlcjpwYXNzIQ==\r\n"))
    }

    @Test func partsAreAskedForAndCutOutWhereTheHostSendsAll() throws {
        let parts = try Answers { _, connection in
            connection.say("HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-3/5\r\nContent-Length: 2\r\n\r\nll")
        }
        #expect(try fetch("http://127.0.0.1:\(parts.port)/", from: 2, to: 4) == "ll")
        #expect(parts.requests[0].contains("\r\nRange: bytes=2-3\r\n"))
        let whole = try Answers { _, connection in
            connection.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        }
        #expect(try fetch("http://127.0.0.1:\(whole.port)/", from: 2) == "llo")
    }

    @Test func redirectsAreFollowedWithoutCredentialsForOthers() throws {
        let last = try Answers { _, connection in
            connection.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        let port = last.port
        let first = try Answers { request, connection in
            let place = request.contains("GET /a ") ? "/b" : "http://127.0.0.1:\(port)/c"
            connection.say("HTTP/1.1 302 Found\r\nLocation: \(place)\r\n\r\n")
        }
        #expect(try fetch("http://user:pass@127.0.0.1:\(first.port)/a") == "ok")
        #expect(first.requests.count == 2 && first.requests.allSatisfy { $0.contains("Authorization") })
        #expect(last.requests.count == 1 && !last.requests[0].contains("Authorization"))
    }

    @Test func redirectsToForbiddenAddressesAreRefusedByName() throws {
        let inside = try Answers { _, connection in connection.say("HTTP/1.1 200 OK\r\n\r\nsecret") }
        let port = inside.port
        // The second loopback address plays the part of the world outside.
        let outside = try Answers { _, connection in
            connection.say("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:\(port)/\r\n\r\n")
        }
        let outsidePort = outside.port
        #expect(throws: HTTPFault.forbiddenAddress(isRedirect: true)) {
            try fetch("http://127.0.0.1:\(outsidePort)/", permits: { $0.port == outsidePort })
        }
        #expect(inside.requests.isEmpty, "nothing was sent there")
        #expect(throws: HTTPFault.forbiddenAddress(isRedirect: false)) {
            try fetch("http://localhost:\(outsidePort)/", permits: { !$0.isReserved })
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", HTTPFault.badRedirect),
        ("HTTP/1.1 302 Found\r\n\r\n", .badRedirect), ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", .endlessRedirects),
        ("HTTP/1.1 404 Not Found\r\n\r\n", .status(404)), ("SSH-2.0-OpenSSH\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", .cutOff), ("", .cutOff), ("HTTP/1.1 200", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothing", .malformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .malformed),
    ])
    func badAnswersAreFaults(answer: String, fault: HTTPFault) throws {
        let server = try Answers { _, connection in connection.say(answer) }
        #expect(throws: fault) { try fetch("http://127.0.0.1:\(server.port)/") }
    }

    @Test func headersThatDoNotEndAreCutOff() throws {
        let server = try Answers { _, connection in
            connection.say("HTTP/1.1 200 OK\r\n")
            for _ in 0..<100_000 where !connection.write(Array("X-More: and more\r\n".utf8)) { return }
        }
        #expect(throws: HTTPFault.endlessHeaders) { try fetch("http://127.0.0.1:\(server.port)/") }
        // Slowly, too: one that sends a byte now and then.
        let slow = try Answers { _, connection in
            for _ in 0..<100 {
                guard connection.write([0x48]) else { return }
                usleep(50_000)
            }
        }
        #expect(throws: HTTPFault.noAnswer) {
            try fetch("http://127.0.0.1:\(slow.port)/", answer: .milliseconds(500))
        }
    }

    @Test func silenceEndsAndSoDoesLackOfInterest() throws {
        let server = try Answers { _, connection in
            connection.say("HTTP/1.1 200 OK\r\n\r\nhello")
            sleep(2)
        }
        #expect(throws: HTTPFault.silent) {
            try fetch("http://127.0.0.1:\(server.port)/", silence: .milliseconds(300))
        }
        let end = ContinuousClock.now + .milliseconds(300)
        #expect(throws: HTTPFault.stopped) {
            try fetch("http://127.0.0.1:\(server.port)/", isWanted: { ContinuousClock.now < end })
        }
    }

    @Test func nobodyThereIsAFault() throws {
        let port: UInt16
        do { port = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0)).address.port }
        #expect(throws: HTTPFault.unreachable(ECONNREFUSED)) { try fetch("http://127.0.0.1:\(port)/") }
    }
}
