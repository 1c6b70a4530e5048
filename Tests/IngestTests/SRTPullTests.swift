import Glibc
import Ingest
import Locks
import Runtime
import SRT
import Sockets
import Telemetry
import TestTools
import Testing
import Time

/// Inputs that the server calls.
@Suite(.serialized, .timeLimit(.minutes(30))) struct SRTPullTests {
    private struct BusyGate: PublishGate {
        private static let refusal = PublishRefusal(.busy, "Somebody is publishing")
        func admit(_ request: PublishRequest) throws(PublishRefusal) -> PublishTerms { throw Self.refusal }
        func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
            throw Self.refusal
        }
        func open(
            _ input: ChannelInput, of channel: String, for publisher: any Publisher
        ) throws(PublishRefusal) -> any Feed {
            throw Self.refusal
        }
    }

    let bench = ListenerBench()

    private func pull(_ address: SRTAddress, allowsLocal: Bool = true, gate: (any PublishGate)? = nil) -> SRTPull {
        SRTPull(
            address, channel: "news", options: SRTOptions(), allowsLocal: allowsLocal, gate: gate ?? bench.gate,
            logger: Logger(sink: bench.lines),
            metrics: IngestMetrics(bench.registry), transportMetrics: TransportMetrics(bench.registry),
            clock: bench.clock)
    }

    /// A UDP socket, and its port.
    private static func boundSocket() throws -> (number: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        try #require(result == 0)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A UDP port that nobody has.
    private static func freePort() throws -> UInt16 {
        let (descriptor, port) = try boundSocket()
        close(descriptor)
        return port
    }

    @Test func aSourceIsCalledAgainWhenItHasGone() throws {
        let port = try Self.freePort()
        let clip = try TransportClip.plain.get()
        signal(SIGPIPE, SIG_IGN)
        let pull = pull(SRTAddress(host: "127.0.0.1", port: port))
        defer { pull.stop() }
        for round in 1...2 {
            // srt-live-transmit listens, and hands out what it is given.
            let source = try Tool(
                "srt-live-transmit", ["-q", "file://con", "srt://127.0.0.1:\(port)?mode=listener"], takesInput: true)
            #expect(bench.eventually { bench.lines.count("ingest.accepted") == round })
            try source.write(clip)
            #expect(bench.eventually { bench.gate.kinds.count { $0 == "V" } >= 2 * round - 1 })
            // It would wait for more to read.
            source.end()
            #expect(bench.eventually { bench.gate.state.withLock { $0.ended } == round })
        }
        #expect(bench.lines.count("127.0.0.1") == 0)
    }

    @Test func pausesBetweenCallsGrow() throws {
        let calls = Mutex<[(peer: SocketAddress, at: ContinuousClock.Instant)]>([])
        let listener = try SRTListener(SocketAddress(host: "127.0.0.1", port: 0)) { call in
            calls.withLock { calls in
                // A caller that has not heard the answer asks again.
                if calls.last?.peer != call.peer { calls.append((call.peer, .now)) }
            }
            return .refuse(.notFound)
        }
        let thread = NamedThread("accept") { _ = listener.accept() }
        var address = SRTAddress(host: "127.0.0.1", port: listener.address.port)
        address.passphrase = Secret("correct horse battery")
        let pull = pull(address)
        let count = { bench.figure("headwater_ingest_refused_total{reason=\"refused_by_source\"}") ?? 0 }
        #expect(bench.eventually { count() >= 4 })
        let times = calls.withLock { $0.map(\.at) }
        // Half a second, one and two, less a quarter at most.
        for (index, least) in [375, 750, 1500].enumerated() {
            #expect(times[index + 1] - times[index] >= .milliseconds(least), "pause \(index)")
        }
        // It does not wait for the end of its pause.
        let start = ContinuousClock.now
        pull.stop()
        #expect(ContinuousClock.now - start < .milliseconds(2900))
        listener.shutDown()
        thread.join()
        #expect(bench.lines.count("ingest.pull_failed") == 1 && bench.lines.count("not found (1404)") == 1)
        #expect(bench.lines.count("horse") == 0 && bench.lines.count("127.0.0.1") == 0)
    }

    @Test func stoppingDoesNotWaitForAnAnswer() throws {
        // It hears calls, and does not answer.
        let descriptor = try Self.boundSocket()
        defer { close(descriptor.number) }
        var address = SRTAddress(host: "127.0.0.1", port: descriptor.port)
        address.timeout = .seconds(60)
        let pull = pull(address)
        var byte: UInt8 = 0
        #expect(recv(descriptor.number, &byte, 1, 0) == 1)
        let start = ContinuousClock.now
        pull.stop()
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(bench.lines.count("ingest.pull_failed") == 0)
    }

    @Test func stoppingEndsTheConnection() throws {
        let accepted = Monitor<[SRTSocket]>([])
        let listener = try SRTListener(SocketAddress(host: "127.0.0.1", port: 0)) { _ in .accept() }
        let thread = NamedThread("accept") {
            while let socket = listener.accept() { accepted.signal { $0.append(socket) } }
        }
        let pull = pull(SRTAddress(host: "127.0.0.1", port: listener.address.port))
        #expect(bench.eventually { bench.lines.count("ingest.accepted") == 1 })
        #expect(bench.eventually { accepted.withLock { $0.count } == 1 })
        let socket = try #require(accepted.withLock { $0.first })
        socket.send(try TransportClip.plain.get())
        #expect(bench.eventually { bench.gate.kinds.contains("V") })
        pull.stop()
        #expect(bench.gate.state.withLock { $0.ended } == 1)
        #expect(bench.lines.count("The server is shutting down") == 1)
        #expect(socket.isOver())
        listener.shutDown()
        thread.join()
    }

    @Test func aChannelThatSomebodyElsePublishesToIsLeftAlone() throws {
        let calls = Mutex<Set<UInt16>>([])
        let listener = try SRTListener(SocketAddress(host: "127.0.0.1", port: 0)) { call in
            calls.withLock { _ = $0.insert(call.peer.port) }
            return .accept()
        }
        let sockets = Monitor<[SRTSocket]>([])
        let thread = NamedThread("accept") {
            while let socket = listener.accept() { sockets.signal { $0.append(socket) } }
        }
        let pull = pull(SRTAddress(host: "127.0.0.1", port: listener.address.port), gate: BusyGate())
        #expect(bench.eventually { bench.lines.count("\"reason\":\"busy\"") >= 2 })
        pull.stop()
        listener.shutDown()
        thread.join()
        #expect(sockets.withLock { $0.allSatisfy { $0.isOver() } })
        #expect(bench.lines.count("ingest.accepted") == 0)
        #expect((bench.figure("headwater_ingest_refused_total{reason=\"busy\"}") ?? 0) >= 2)
    }

    @Test(arguments: ["localhost", "127.0.0.1", "169.254.169.254", "::1", "0.0.0.0"])
    func nobodyIsCalledOnThisMachineOrItsLinkUnlessThatIsAllowed(host: String) throws {
        let pull = pull(SRTAddress(host: host, port: try Self.freePort()), allowsLocal: false)
        #expect(bench.eventually { bench.lines.count("forbidden_address") >= 1 })
        pull.stop()
    }
}
