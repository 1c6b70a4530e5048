import Bytes
import Glibc
import HTTP
import HTTPTestClient
import Locks
import Testing

/// Clients that would wear a server out.
@Suite(.timeLimit(.minutes(30))) struct WornOutTests {
    @Test func aClientMayParkOnlySoManyRequestsAndAreToldToComeAgain() throws {
        let tickets = Tickets()
        let observer = CountingObserver()
        let server = try startServer(observer: observer, configure: { $0.parkedPerAddress = 2 }) { _ in tickets.park() }
        defer { server.stop() }
        let clients = try (0..<3).map { _ in try TestClient(server.port) }
        for (index, client) in clients.prefix(2).enumerated() {
            client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(eventually { server.parkedCount == index + 1 })
        }
        let refused = try clients[2].get("/")
        #expect(refused.status == 503 && refused["Retry-After"] == "1")
        #expect(refused["Access-Control-Allow-Origin"] == "*")
        #expect(observer.counts.bounds == [.parkedPerAddress])
        #expect(tickets.all.count == 2, "the handler never hears of one that has no place")
        // Where one is answered there is room again.
        tickets.all[0].resume(with: HTTPResponse(status: 204))
        #expect(try clients[0].receive().status == 204)
        clients[2].send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        #expect(eventually { server.parkedCount == 2 })
    }

    @Test func onlySoManyRequestsAreParkedInAll() throws {
        let tickets = Tickets()
        let observer = CountingObserver()
        let server = try startServer(
            address: "0.0.0.0", observer: observer, configure: { ($0.parkedLimit, $0.parkedPerAddress) = (3, 2) }
        ) { _ in tickets.park() }
        defer { server.stop() }
        // Every address of 127/8 is this machine: clients of different addresses.
        let clients = try ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"].map {
            try TestClient(server.port, from: $0)
        }
        for (index, client) in clients.prefix(3).enumerated() {
            client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(eventually { server.parkedCount == index + 1 })
        }
        #expect(try clients[3].get("/").status == 503)
        #expect(observer.counts.bounds == [.parked])
    }

    @Test func aClientMayHaveOnlySoManyConnectionsAndIsToldSo() throws {
        let observer = CountingObserver()
        let server = try startServer(
            address: "0.0.0.0", observer: observer, configure: { $0.connectionsPerAddress = 2 }
        ) { _ in .response(HTTPResponse(status: 200)) }
        defer { server.stop() }
        let clients = try (0..<2).map { _ in try TestClient(server.port) }
        for client in clients { #expect(try client.get("/").status == 200) }
        let third = try TestClient(server.port)
        let refused = try third.get("/")
        #expect(refused.status == 503 && refused["Retry-After"] == "1" && refused["Connection"] == "close")
        #expect(refused["Access-Control-Allow-Origin"] == "*")
        #expect(third.isAtEnd())
        #expect(observer.counts.bounds == [.connectionsPerAddress])
        #expect(try TestClient(server.port, from: "127.0.0.2").get("/").status == 200, "others are served")
        #expect(try clients[0].get("/").status == 200, "and so is who was there before")
        clients[0].close()
        #expect(eventually { (try? TestClient(server.port).get("/").status) == 200 })
    }

    /// Who asks nothing cannot be told anything, and takes no more places than an eighth and sixteen.
    @Test func aClientFarOverItsConnectionsIsClosedAtOnce() throws {
        let server = try startServer(configure: { $0.connectionsPerAddress = 8 }) { _ in
            .response(HTTPResponse(status: 200))
        }
        defer { server.stop() }
        let clients = try (0..<29).map { _ in try TestClient(server.port) }
        #expect(clients[25...].allSatisfy { $0.isAtEnd() })
        #expect(eventually { server.connectionCount == 25 })
        // In the order in which they came, though the workers take them up in none.
        let statuses = try clients[..<25].map { try $0.get("/").status }
        #expect(statuses == [Int](repeating: 200, count: 8) + [Int](repeating: 503, count: 17))
    }

    @Test func connectionsInAllAreBoundedToo() throws {
        let observer = CountingObserver()
        let server = try startServer(
            address: "0.0.0.0", observer: observer, configure: { $0.connectionLimit = 2 }
        ) { _ in .response(HTTPResponse(status: 200)) }
        defer { server.stop() }
        let clients = try ["127.0.0.1", "127.0.0.2"].map { try TestClient(server.port, from: $0) }
        for client in clients { #expect(try client.get("/").status == 200) }
        #expect(try TestClient(server.port, from: "127.0.0.3").get("/").status == 503)
        #expect(observer.counts.bounds == [.connections])
    }

    @Test func aParkedClientThatLeftCostsItsPlaceUntilItIsAnswered() throws {
        let tickets = Tickets()
        let observer = CountingObserver()
        let server = try startServer(observer: observer) { _ in tickets.park() }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        client.close()
        tickets.all[0].resume(with: HTTPResponse(status: 200))
        #expect(eventually { server.parkedCount == 0 && server.connectionCount == 0 && observer.counts.closed == 1 })
    }

    @Test(arguments: [
        "", "GET / HT", "GET / HTTP/1.1\r\nHost: t\r\n", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 90\r\n\r\n",
    ])
    func aRequestThatTricklesInIsCutOffThoughSomethingAlwaysMoves(beginning: String) throws {
        let observer = CountingObserver()
        let server = try startServer(observer: observer, configure: { $0.requestTimeout = .seconds(2) }) { _ in
            .response(HTTPResponse(status: 200))
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        client.send(beginning)
        var sent = 0
        let isDropped = eventually {
            client.send(beginning.isEmpty ? "\r\n" : "a")
            sent += 1
            usleep(200_000)
            return observer.counts.dropped == [.slowRequest]
        }
        #expect(isDropped)
        // With the ten seconds that are the default it would be 50.
        #expect(sent < 40)
        #expect(eventually { server.connectionCount == 0 })
    }

    /// Only what has begun to come is in a hurry.
    @Test func aConnectionThatIsIdleIsNotTakenForASlowRequest() throws {
        let observer = CountingObserver()
        let server = try startServer(observer: observer, configure: { $0.requestTimeout = .seconds(2) }) { _ in
            .response(HTTPResponse(status: 200))
        }
        defer { server.stop() }
        let (fresh, used) = (try TestClient(server.port), try TestClient(server.port))
        #expect(try used.get("/").status == 200)
        #expect(!fresh.isReadable(within: 4000))
        #expect(try fresh.get("/").status == 200)
        #expect(try used.get("/").status == 200)
        #expect(observer.counts.dropped.isEmpty)
    }

    /// The second request on a connection is watched like the first.
    @Test func aLaterRequestThatTricklesInIsCutOffToo() throws {
        let observer = CountingObserver()
        let server = try startServer(observer: observer, configure: { $0.requestTimeout = .seconds(2) }) { _ in
            .response(HTTPResponse(status: 200))
        }
        defer { server.stop() }
        let client = try TestClient(server.port)
        #expect(try client.get("/").status == 200)
        #expect(
            eventually {
                client.send("G")
                return client.isReadable(within: 100)
            })
        #expect(client.isAtEnd())
        #expect(eventually { observer.counts.dropped == [.slowRequest] })
    }

    @Test func aClientThatReadsNothingIsCutOffOnce() throws {
        let observer = CountingObserver()
        let body = ByteChunk([UInt8](repeating: 7, count: 20_000_000))
        let server = try startServer(observer: observer, configure: { $0.slowReaderWindow = .seconds(1) }) { _ in
            .response(HTTPResponse(status: 200, body: .chunk(body)))
        }
        defer { server.stop(grace: .zero) }
        let client = try TestClient(server.port, receiveBuffer: 16_384)
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        // The patrol says why it has dropped a connection when it has, which the connection's worker may have noticed before.
        #expect(
            eventually {
                let counts = observer.counts
                return server.connectionCount == 0 && counts.closed == 1 && !counts.dropped.isEmpty
            })
        #expect(observer.counts.dropped == [.slowReader])
        #expect(observer.counts.undelivered == 1)
    }

    /// Whoever waits is not watched, but is again when the answer is there.
    @Test func aClientThatWaitedAndReadsNothingIsCutOff() throws {
        let observer = CountingObserver()
        let tickets = Tickets()
        let server = try startServer(
            observer: observer, configure: { ($0.slowReaderWindow, $0.requestTimeout) = (.seconds(1), .seconds(1)) }
        ) { _ in tickets.park() }
        defer { server.stop(grace: .zero) }
        let client = try TestClient(server.port, receiveBuffer: 16_384)
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        #expect(eventually { server.parkedCount == 1 })
        #expect(!client.isReadable(within: 3500))
        #expect(observer.counts.dropped.isEmpty)
        let body = ByteChunk([UInt8](repeating: 7, count: 20_000_000))
        tickets.all[0].resume(with: HTTPResponse(status: 200, body: .chunk(body)))
        #expect(eventually { observer.counts.dropped == [.slowReader] })
    }

    /// A client that takes some bytes every tenth of a second, so many times or until it is cut off; how many it got.
    private func bytesRead(atOnce: Int, times: Int, _ observer: CountingObserver) throws -> Int {
        let total = 20_000_000
        let body = ByteChunk([UInt8](repeating: 7, count: total))
        let server = try startServer(
            observer: observer, configure: { ($0.slowReaderBytes, $0.slowReaderWindow) = (50_000, .seconds(3)) }
        ) { _ in .response(HTTPResponse(status: 200, body: .chunk(body))) }
        defer { server.stop(grace: .zero) }
        let client = try TestClient(server.port, receiveBuffer: 16_384)
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        var count = 0
        for _ in 0..<times where observer.counts.dropped.isEmpty && count < total {
            count += client.read(atMost: atOnce)
            usleep(100_000)
        }
        return count
    }

    @Test func aReaderThatHardlyReadsIsCutOff() throws {
        let observer = CountingObserver()
        let count = try bytesRead(atOnce: 200, times: 600, observer)
        #expect(observer.counts.dropped == [.slowReader])
        #expect(count < 60_000)
    }

    @Test func aReaderThatIsSlowButSteadyIsServed() throws {
        let observer = CountingObserver()
        let count = try bytesRead(atOnce: 40_000, times: 80, observer)
        #expect(observer.counts.dropped.isEmpty)
        #expect(count > 200_000)
    }
}
