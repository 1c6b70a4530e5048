import Glibc
import Ingest
import Runtime
import Sockets
import Locks
import Telemetry
import Testing
import Time

/// Strangers at the RTMP port, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct RTMPListenerTests {
    /// Nobody may publish.
    struct ClosedGate: PublishGate {
        func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
            throw PublishRefusal(.wrongKey, "No channel has this stream key")
        }
    }

    final class Lines: LogSink {
        let all = Mutex<[String]>([])

        func write(_ line: [UInt8]) { all.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }

        func count(_ text: String) -> Int { all.withLock { $0.count { $0.contains(text) } } }
    }

    final class Stranger {
        private let descriptor: Int32

        init(_ port: UInt16) {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }

        deinit { close(descriptor) }

        func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

        /// Waits until the server has closed the connection; false when it has not after so many seconds.
        func isClosed(within seconds: Int = 5) -> Bool {
            var patience = timeval(tv_sec: seconds, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count == 0 || (count < 0 && errno == ECONNRESET) { return true }
                if count < 0 { return false }
            }
        }
    }

    let clock = ManualClock()
    let lines = Lines()
    let registry = MetricsRegistry()

    func withListener(limit: Int = 1024, _ body: (RTMPListener) throws -> Void) throws {
        let listener = try RTMPListener(
            SocketAddress(host: "127.0.0.1", port: 0), gate: ClosedGate(), logger: Logger(sink: lines),
            metrics: IngestMetrics(registry), connectionLimit: limit, clock: clock)
        listener.start()
        defer { listener.stop() }
        try body(listener)
    }

    /// Waits until `condition` holds; false after five seconds.
    func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            usleep(10_000)
        }
        return false
    }

    static let handshake: [UInt8] = [3] + [UInt8](repeating: 0, count: 1536 * 2)

    @Test(arguments: [
        [UInt8]("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [0x16, 3, 1, 2, 0, 1],
        handshake + [UInt8](repeating: 0xFF, count: 200),
        // A chunk size of zero; a video message of 2^24 - 1 bytes; an abort that is too short.
        handshake + [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        handshake + [3, 0, 0, 0, 255, 255, 255, 20, 0, 0, 0, 0],
        handshake + [2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0],
    ])
    func garbageEndsTheConnectionWithOneEventAndACount(bytes: [UInt8]) throws {
        try withListener { listener in
            let stranger = Stranger(listener.address.port)
            stranger.send(bytes)
            #expect(stranger.isClosed())
            #expect(eventually { lines.count("ingest.closed") == 1 })
            #expect(lines.count("protocol error") == 1)
            #expect(registry.prometheusText().contains("refused_total{reason=\"protocol_error\"} 1"))
        }
    }

    @Test(arguments: [
        [], [3], handshake.dropLast(1000) as [UInt8], handshake,
        // In the middle of a command.
        handshake + [3, 0, 0, 0, 0, 0, 100, 20, 0, 0, 0, 0, 2, 0],
    ])
    func whoStopsInTheMiddleIsGivenTenSeconds(bytes: [UInt8]) throws {
        try withListener { listener in
            let stranger = Stranger(listener.address.port)
            stranger.send(bytes)
            #expect(eventually { registry.prometheusText().contains("headwater_ingest_connections 1") })
            clock.advance(by: .seconds(9))
            #expect(!stranger.isClosed(within: 1))
            // A byte now and then does not help.
            if bytes.count > 3000 { stranger.send([0]) }
            clock.advance(by: .milliseconds(1100))
            #expect(stranger.isClosed())
            #expect(eventually { lines.count("ingest.closed") == 1 })
            #expect(registry.prometheusText().contains("refused_total{reason=\"timeout\"} 1"))
        }
    }

    @Test func onlySoManyMayBeConnected() throws {
        try withListener(limit: 2) { listener in
            let strangers = (0..<2).map { _ in Stranger(listener.address.port) }
            #expect(eventually { registry.prometheusText().contains("headwater_ingest_connections 2") })
            let third = Stranger(listener.address.port)
            #expect(third.isClosed())
            #expect(registry.prometheusText().contains("refused_total{reason=\"too_many_connections\"} 1"))
            #expect(!strangers[0].isClosed(within: 1))
        }
    }
}
