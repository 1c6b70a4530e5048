import Bytes
import HTTP
import HTTPTestClient
import Locks
import Testing

@Suite(.timeLimit(.minutes(30))) struct ParkedRequestTests {
    private static func response(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, body: .chunk(ByteChunk(Array(text.utf8))))
    }

    @Test func fiveHundredAreResumedWithOneResponse() throws {
        let tickets = Tickets()
        let observer = CountingObserver()
        let server = try startServer(observer: observer) { _ in tickets.park() }
        defer { server.stop() }
        let clients = try (0..<500).map { _ in try TestClient(server.port) }
        for round in 1...3 {
            for client in clients { client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") }
            #expect(eventually { server.parkedCount == 500 })
            let shared = Self.response("round \(round)")
            for ticket in tickets.all.suffix(500) { #expect(ticket.resume(with: shared)) }
            #expect(server.parkedCount == 0)
            for client in clients { #expect(try client.receive().text == "round \(round)") }
        }
        #expect(eventually { observer.counts.statuses == [200: 1500] && server.requestCount == 0 })
    }

    @Test func aTicketMayBeResumedBeforeItIsParked() throws {
        // Each one gives its place back, or there would be none for the second.
        let server = try startServer(configure: { $0.parkedPerAddress = 1 }) { _ in
            .park { ticket in
                let isFirst = ticket.resume(with: Self.response("early"))
                #expect(isFirst)
            }
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        for _ in 0..<3 { #expect(try client.get("/").text == "early") }
        #expect(server.parkedCount == 0)
    }

    @Test func aTicketMayBeResumedWhileItIsParked() throws {
        let inbox = Mutex<[ParkedRequest]>([])
        let isDone = Atomic(false)
        let server = try startServer { _ in
            .park { ticket in inbox.withLock { $0.append(ticket) } }
        }
        defer { server.stop() }
        let shared = Self.response("raced")
        let port = server.port
        let answers = Atomic(0)
        onThreads(6) { index in
            if index < 2 {
                // Takes tickets the moment they are made, so that resuming races with parking.
                while !isDone.load(ordering: .acquiring) {
                    for ticket in inbox.withLock({ inbox in
                        defer { inbox = [] }
                        return inbox
                    }) { ticket.resume(with: shared) }
                }
                return
            }
            if let client = try? TestClient(port) {
                for _ in 0..<500 where (try? client.get("/").text) == "raced" { answers.add(1, ordering: .relaxed) }
            }
            if index == 5 {
                let hasAll = eventually { answers.load(ordering: .relaxed) == 2000 }
                #expect(hasAll)
                isDone.store(true, ordering: .releasing)
            }
        }
        #expect(answers.load(ordering: .relaxed) == 2000)
        #expect(server.parkedCount == 0)
    }

    @Test func aTicketMayBeResumedWhenTheClientHasGone() throws {
        let tickets = Tickets()
        let observer = CountingObserver()
        let server = try startServer(observer: observer) { _ in tickets.park() }
        defer { server.stop() }
        for _ in 0..<20 {
            let client = try TestClient(server.port)
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        }
        #expect(eventually { server.parkedCount == 20 })
        for ticket in tickets.all { #expect(ticket.resume(with: Self.response("nobody"))) }
        #expect(eventually { server.connectionCount == 0 && observer.counts.closed == 20 })
        #expect(server.requestCount == 0)
    }

    @Test func aSecondAnswerIsIgnored() throws {
        let tickets = Tickets()
        let server = try startServer { _ in tickets.park() }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        #expect(tickets.all[0].resume(with: Self.response("first")))
        #expect(!tickets.all[0].resume(with: Self.response("second")))
        #expect(try client.receive().text == "first")
        #expect(!tickets.all[0].resume(with: Self.response("third")))
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        #expect(tickets.all[1].resume(with: Self.response("next")))
        #expect(try client.receive().text == "next")
    }

    @Test func pipelinedRequestsBehindAParkedOneWait() throws {
        let tickets = Tickets()
        let server = try startServer { request in
            request.path == "/park" ? tickets.park() : .response(Self.response(request.path))
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send("GET /park HTTP/1.1\r\nHost: test\r\n\r\nGET /next HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        tickets.all[0].resume(with: Self.response("parked"))
        #expect(try client.receive().text == "parked")
        #expect(try client.receive().text == "/next")
    }

    @Test func aParkedHeadIsAnsweredWithoutABody() throws {
        let tickets = Tickets()
        let server = try startServer { _ in tickets.park() }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        tickets.all[0].resume(with: Self.response("four"))
        #expect(try client.receive(hasBody: false)["Content-Length"] == "4")
    }

    @Test func stoppingAnswersWhatIsParked() throws {
        let tickets = Tickets()
        let server = try startServer { request in
            request.path == "/park" ? tickets.park() : .response(Self.response("now"))
        }
        let clients = try (0..<50).map { _ in try TestClient(server.port) }
        for client in clients { client.send("GET /park HTTP/1.1\r\nHost: test\r\n\r\n") }
        let idle = try TestClient(server.port)
        #expect(try idle.get("/").text == "now")
        #expect(eventually { server.parkedCount == 50 })
        let port = server.port
        server.stop(grace: .seconds(60))
        for client in clients {
            let response = try client.receive()
            #expect(response.status == 503)
            #expect(response["Access-Control-Allow-Origin"] == "*")
            #expect(response["Connection"] == "close")
            #expect(client.isAtEnd())
        }
        #expect(idle.isAtEnd())
        #expect(throws: TestClient.Failure.self) { try TestClient(port) }
        for ticket in tickets.all { #expect(!ticket.resume(with: Self.response("late"))) }
        server.stop()
    }

    @Test func stoppingRacesWithResumingAndParking() throws {
        for _ in 0..<10 {
            let tickets = Tickets()
            let server = try startServer { _ in tickets.park() }
            let port = server.port
            let answers = Atomic(0)
            let isStopped = Atomic(false)
            onThreads(6) { index in
                switch index {
                case 0:
                    let hasSome = eventually { tickets.all.count >= 40 }
                    #expect(hasSome)
                    server.stop(grace: .seconds(60))
                    isStopped.store(true, ordering: .releasing)
                case 1:
                    let shared = Self.response("resumed")
                    while !isStopped.load(ordering: .acquiring) {
                        for ticket in tickets.all { ticket.resume(with: shared) }
                    }
                default:
                    guard let client = try? TestClient(port) else { return }
                    while let status = try? client.get("/").status {
                        if status == 200 || status == 503 { answers.add(1, ordering: .relaxed) }
                    }
                }
            }
            #expect(answers.load(ordering: .relaxed) >= 40)
            #expect(server.parkedCount == 0 && server.requestCount == 0 && server.connectionCount == 0)
        }
    }

    @Test func stoppingDoesNotWaitForAStalledClient() throws {
        let large = HTTPResponse(status: 200, body: .chunk(ByteChunk(count: 32 << 20) { _ in }))
        let handled = Atomic(0)
        let server = try startServer { _ in
            handled.add(1, ordering: .relaxed)
            return .response(large)
        }
        let stalled = try TestClient(server.port, receiveBuffer: 4096)
        stalled.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { handled.load(ordering: .relaxed) == 1 })
        server.stop(grace: .milliseconds(50))
        #expect(server.requestCount == 0 && server.connectionCount == 0)
        #expect(throws: TestClient.Failure.self) { try stalled.receive() }
    }

    @Test func resumingKeepsNothingAlive() throws {
        let tickets = Mutex<[WeakTicket]>([])
        let server = try startServer { _ in
            .park { ticket in
                tickets.withLock { $0.append(WeakTicket(ticket: ticket)) }
                ticket.resume(with: Self.response("x"))
            }
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        for _ in 0..<10 { #expect(try client.get("/").text == "x") }
        #expect(eventually { tickets.withLock { $0.allSatisfy { $0.ticket == nil } } })
    }

    private struct WeakTicket { weak var ticket: ParkedRequest? }
}
