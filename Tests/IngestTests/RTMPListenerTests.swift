import Glibc
import Ingest
import RTMP
import Runtime
import Sockets
import Telemetry
import Testing
import Time

/// Strangers at the RTMP port, over real sockets.
@Suite(.timeLimit(.minutes(30))) struct RTMPListenerTests {
    let bench = ListenerBench()

    @Test(arguments: [
        [UInt8]("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [0x16, 3, 1, 2, 0, 1],
        Wire.handshake + [UInt8](repeating: 0xFF, count: 200),
        // A chunk size of zero; a video message of 2^24 bytes less one, and one just too long; an abort too short.
        Wire.handshake + [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        Wire.handshake + [3, 0, 0, 0, 255, 255, 255, 20, 0, 0, 0, 0],
        Wire.handshake + [2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0],
        // Nesting without an end.
        Wire.connection() + Wire.message(20, [2, 0, 1, 0x61, 0, 0, 0, 0, 0, 0, 0, 0, 0] + nest(20_000)),
        // Commands before connect.
        Wire.handshake + Wire.publish("secret"),
    ])
    func garbageEndsTheConnectionWithOneEventAndACount(bytes: [UInt8]) throws {
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(bytes)
            #expect(stranger.isClosed())
            bench.expectRefusal("protocol_error")
        }
    }

    @Test func whoPublishesGoesOnWhenNobodyElseIsLetIn() throws {
        let listener = RTMPListener(
            try TCPListener(SocketAddress(host: "127.0.0.1", port: 0)), gate: bench.gate,
            logger: Logger(sink: bench.lines), metrics: IngestMetrics(bench.registry), clock: bench.clock)
        listener.start()
        let publisher = bench.publisher(listener.address.port)
        listener.stopAccepting()
        #expect(publisher.staysOpen())
        // The address is free again.
        _ = try TCPListener(listener.address)
        listener.stop()
        #expect(publisher.hears("The server is shutting down") && publisher.isClosed())
    }

    /// Of two publishers, one can connect anew: it is asked to, and goes on until it has.
    @Test(arguments: [true, false]) func whoCanConnectAnewIsAskedTo(leaves: Bool) throws {
        let listener = RTMPListener(
            try TCPListener(SocketAddress(host: "127.0.0.1", port: 0)), gate: bench.gate,
            logger: Logger(sink: bench.lines), metrics: IngestMetrics(bench.registry), clock: bench.clock)
        listener.start()
        let plain = bench.publisher(listener.address.port)
        var able: Stranger? = Stranger(listener.address.port)
        able?.send(
            Wire.connection([AMF0Property("capsEx", .number(1))]) + Wire.publish("secret"))
        #expect(able?.hears("NetStream.Publish.Start") == true)
        let stop = NamedThread("stop") { listener.stop(patience: leaves ? .seconds(60) : .milliseconds(1500)) }
        #expect(able?.hears("NetConnection.Connect.ReconnectRequest") == true)
        #expect(plain.isClosed())
        able?.send(Wire.audio(RTMPPublisherTests.audioConfiguration) + Wire.audio(RTMPPublisherTests.sound))
        #expect(bench.eventually { bench.gate.kinds == "aac a" })
        if leaves { able = nil } else { #expect(able?.isClosed() == true) }
        stop.join()
        #expect(bench.lines.count("ingest.closed") == 2)
        #expect(bench.lines.count("The server is shutting down") == (leaves ? 1 : 2))
    }

    private static func nest(_ depth: Int) -> [UInt8] {
        Array([[UInt8]](repeating: [0x0A, 0, 0, 0, 1], count: depth).joined())
    }

    @Test(arguments: [
        [], [3], Wire.handshake.dropLast(1000) as [UInt8], Wire.handshake, Wire.connection(),
        // In the middle of a command.
        Wire.handshake + [3, 0, 0, 0, 0, 0, 100, 20, 0, 0, 0, 0, 2, 0],
    ])
    func whoDoesNotBeginToPublishIsGivenTenSeconds(bytes: [UInt8]) throws {
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(bytes)
            #expect(bench.eventually { bench.isReceived(bytes.count) })
            bench.clock.advance(by: .milliseconds(9900))
            #expect(stranger.staysOpen())
            // Bytes now and then do not help, nor do whole messages.
            let more = bytes == Wire.connection() ? Wire.command("_checkbw", .number(4), .null) : [3]
            stranger.send(more)
            #expect(bench.eventually { bench.isReceived(bytes.count + more.count) })
            #expect(stranger.staysOpen())
            bench.clock.advance(by: .milliseconds(100))
            #expect(stranger.isClosed())
            bench.expectRefusal("timeout")
        }
    }

    @Test func onlySoManyMayBeConnected() throws {
        try bench.run(limit: 2) { port in
            let strangers = (0..<2).map { _ in Stranger(port) }
            #expect(bench.eventually { bench.registry.prometheusText().contains("headwater_ingest_connections 2") })
            let third = Stranger(port)
            #expect(third.isClosed())
            #expect(bench.lines.count("too_many_connections") == 1)
            #expect(bench.registry.prometheusText().contains("refused_total{reason=\"too_many_connections\"} 1"))
            #expect(strangers[0].staysOpen())
            // Those who do nothing make room after ten seconds.
            bench.clock.advance(by: .seconds(10))
            #expect(strangers.allSatisfy { $0.isClosed() })
            // A connection gives its place back a moment after it is closed.
            let isLetIn = bench.eventually {
                let next = Stranger(port)
                next.send(Wire.connection() + Wire.publish("secret"))
                return next.hears("NetStream.Publish.Start")
            }
            #expect(isLetIn)
        }
    }

    /// The kernel asks a silent peer whether it is alive: /proc/net/tcp shows the timer of every socket.
    @Test func silentPeersAreAskedWhetherTheyLive() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            let local = ":" + String(port, radix: 16, uppercase: true)
            // Columns: local address, remote address, state (01 is established), queues, timer (02 is keepalive).
            func hasTimer() -> Bool {
                bench.table("/proc/net/tcp").contains { columns in
                    columns.count > 5 && columns[1].hasSuffix(local) && columns[3] == "01"
                        && columns[5].hasPrefix("02:") && Int(columns[5].dropFirst(3), radix: 16) ?? .max <= 3000
                }
            }
            #expect(bench.eventually(hasTimer))
            withExtendedLifetime(stranger) {}
        }
    }
}

extension ListenerBench {
    /// True when the listener has read so many bytes.
    func isReceived(_ count: Int) -> Bool {
        registry.prometheusText().contains("headwater_ingest_connections 1\n")
            && registry.prometheusText().contains("headwater_ingest_received_bytes_total \(count)\n")
    }

    fileprivate func table(_ path: String) -> [[Substring]] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var rows: [[Substring]] = []
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            rows.append(text.split(separator: " "))
        }
        return rows
    }
}
