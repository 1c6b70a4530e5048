import Bytes
import Glibc
import HTTPTestClient
import Locks
import Runtime
@testable import Sockets
import Testing

@testable import HTTP

/// A server that is about to stop lets everybody have what he asked for, and no one in any more.
@Suite(.timeLimit(.minutes(30))) struct DrainTests {
    private static let request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

    private static func response(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, body: .chunk(ByteChunk(Array(text.utf8))))
    }

    /// Drains on another thread while `body` runs; how many still waited.
    private func drain(_ server: HTTPServer, for limit: Duration = .seconds(60), _ body: () throws -> Void) throws
        -> Int
    {
        let waiting = Monitor<Int?>(nil)
        let thread = NamedThread("drain") {
            let count = server.drain(for: limit)
            waiting.signal { $0 = count }
        }
        defer { thread.join() }
        try body()
        waiting.wait(for: .seconds(120)) { $0 != nil }
        return waiting.withLock { $0 } ?? -1
    }

    @Test func whoIsConnectedIsAnsweredAndSentAway() throws {
        let tickets = Tickets()
        let server = try startServer { request in
            request.path == "/park" ? tickets.park() : .response(Self.response("now"))
        }
        defer { server.stop() }
        let clients = try (0..<20).map { _ in try TestClient(server.port) }
        let (idle, other) = (try TestClient(server.port), try TestClient(server.port))
        #expect(try idle.get("/")["Connection"] == nil)
        for client in clients { client.send("GET /park HTTP/1.1\r\nHost: test\r\n\r\n") }
        #expect(eventually { server.parkedCount == 20 })
        let waiting = try drain(server) {
            #expect(eventually { (try? TestClient(server.port)) == nil })
            #expect(eventually { (try? other.get("/")["Connection"]) == "close" })
            // Parked while the server drains, as the others were before.
            idle.send("GET /park HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(eventually { server.parkedCount == 21 })
            let shared = Self.response("came")
            for ticket in tickets.all { ticket.resume(with: shared) }
            for client in clients + [idle] {
                let answer = try client.receive()
                #expect(answer.status == 200 && answer.text == "came" && answer["Connection"] == "close")
                #expect(!client.isReset() && client.isAtEnd())
            }
        }
        #expect(waiting == 0)
    }

    @Test func whoConnectsWaitsForTheNextThatHasTheSocket() throws {
        let socket = try ListeningSocket(SocketAddress(host: "127.0.0.1", port: 0))
        let shared = dup(socket.descriptor)
        func start(_ socket: ListeningSocket, _ name: String) throws -> HTTPServer {
            try HTTPServer.start(
                HTTPServerConfiguration(), on: TCPListener(socket),
                handler: ClosureHandler { _ in .response(Self.response(name)) })
        }
        let first = try start(socket, "first")
        #expect(try TestClient(first.port).get("/").text == "first")
        #expect(first.drain(for: .seconds(60)) == 0)
        let between = try TestClient(first.port)
        between.send(Self.request)
        first.stop()
        let later = try TestClient(first.port)
        later.send(Self.request)
        let second = try start(ListeningSocket(descriptor: shared, address: socket.address), "second")
        defer { second.stop() }
        for client in [between, later] {
            let answer = try client.receive()
            #expect(answer.text == "second" && answer["Connection"] == nil)
        }
    }

    @Test func whatDoesNotComeInTimeIsCounted() throws {
        let tickets = Tickets()
        let server = try startServer { _ in tickets.park() }
        let clients = try (0..<3).map { _ in try TestClient(server.port) }
        for client in clients { client.send(Self.request) }
        #expect(eventually { server.parkedCount == 3 })
        #expect(server.drain(for: .milliseconds(100)) == 3)
        server.stop(grace: .seconds(60))
        for client in clients { #expect(try client.receive().status == 503) }
    }

    @Test func anIdleConnectionEndsWithoutAReset() throws {
        let handled = Atomic(0)
        let server = try startServer { _ in
            handled.add(1, ordering: .relaxed)
            return .response(Self.response("now"))
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        #expect(try client.get("/").text == "now")
        _ = try drain(server) {
            #expect(client.isAtEnd())
            client.send(Self.request)
            #expect(eventually { server.connectionCount == 0 })
            #expect(!client.isReset())
        }
        #expect(server.requestCount == 0)
        // It could not have been answered any more.
        #expect(handled.load(ordering: .relaxed) == 1)
    }

    @Test func aRequestThatHasComeButIsNotReadIsAnswered() throws {
        let (isHeld, isReached) = (Monitor(true), Monitor(false))
        let server = try startServer(configure: { $0.workers = 1 }) { request in
            if request.path == "/held" {
                isReached.signal { $0 = true }
                isHeld.wait(for: .seconds(60)) { !$0 }
            }
            return .response(Self.response("now"))
        }
        defer { server.stop() }
        let clients = try (0..<2).map { _ in try TestClient(server.port) }
        for client in clients { #expect(try client.get("/").text == "now") }
        clients[0].send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(isReached.wait(for: .seconds(60)) { $0 })
        clients[1].send(Self.request)
        #expect(server.drain(for: .milliseconds(100)) == 1)
        isHeld.signal { $0 = false }
        for client in clients { #expect(try client.receive().text == "now") }
    }

    @Test func anAnswerOnItsWayIsNotCutOff() throws {
        let large = HTTPResponse(status: 200, body: .chunk(ByteChunk(count: 16 << 20) { _ in }))
        let isReached = Monitor(false)
        let server = try startServer { _ in
            isReached.signal { $0 = true }
            return .response(large)
        }
        defer { server.stop() }
        let slow = try TestClient(server.port, receiveBuffer: 4096)
        slow.send(Self.request)
        #expect(isReached.wait(for: .seconds(60)) { $0 })
        #expect(server.drain(for: .milliseconds(400)) == 1)
        #expect(try slow.receive().body.count == 16 << 20)
    }

    @Test func aWatchEndsBetweenRequestsOnly() {
        let watch = ConnectionWatch()
        #expect(watch.requestIsWhole() && !watch.end())
        watch.awaitNextRequest()
        #expect(watch.end() && !watch.requestIsWhole())
        watch.awaitNextRequest()
        #expect(!watch.requestIsWhole() && watch.awaitedRequest == nil)
    }
}
