import Glibc
import Ingest
import Locks
import Media
import Sockets
import Telemetry
import Testing
import Time

/// Takes whoever has the key "secret", and keeps what arrives.
final class TestGate: PublishGate {
    struct State {
        var refusal = PublishRefusal(.wrongKey, "No channel has this stream key")
        var publishers: [any Publisher] = []
        var events: [FeedEvent] = []
        var arrivals: [Instant] = []
        var key = "secret"
        /// The channels that were named.
        var channels: [String?] = []
        var requests = 0
        var admissions = 0
        var terms = PublishTerms()
        var ended = 0
        /// Who is asked about publishers, and how many of them are waiting for that.
        var ask: (@Sendable (any Publisher) -> PublishRefusal?)?
        var waiting = 0
    }

    let state = Mutex(State())

    func admit(_ request: PublishRequest) throws(PublishRefusal) -> PublishTerms {
        let (terms, refusal) = state.withLock { state in
            state.admissions += 1
            return (state.terms, request.reading(state.key) == nil ? state.refusal : nil)
        }
        if let refusal { throw refusal }
        return terms
    }

    func open(
        _ input: ChannelInput, of channel: String, for publisher: any Publisher
    ) throws(PublishRefusal) -> any Feed {
        let key = state.withLock { $0.key }
        return try open(
            PublishRequest(scheme: "srt", channel: channel, streamKey: Secret(key)), for: publisher, to: input)
    }

    /// Has publishers wait for as long as they do.
    func neverAnswer() {
        state.withLock { state in
            state.ask = { publisher in
                while publisher.awaitsAnswer { usleep(10_000) }
                return PublishRefusal(.left, "Nobody waits for an answer any more")
            }
        }
    }

    func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
        try open(request, for: publisher, to: .backup)
    }

    private func open(
        _ request: PublishRequest, for publisher: any Publisher, to input: ChannelInput
    ) throws(PublishRefusal) -> any Feed {
        let ask = state.withLock { state in
            if state.ask != nil { state.waiting += 1 }
            return state.ask
        }
        if let refusal = ask?(publisher) { throw refusal }
        let refusal = state.withLock { state -> PublishRefusal? in
            state.requests += 1
            guard let reading = request.reading(state.key) else { return state.refusal }
            state.channels.append(reading.channel)
            state.publishers.append(publisher)
            return nil
        }
        if let refusal { throw refusal }
        return TestFeed(gate: self, input: input)
    }

    var kinds: String {
        state.withLock { state in
            state.events.map {
                switch $0 {
                case .announcement(let count): "\(count) "
                case .track(let track): "\(track.codec) "
                case .video(let sample): sample.isSync ? "V" : "v"
                case .audio: "a"
                case .metadata: "m"
                case .splice: "s"
                case .unusable: "u"
                }
            }.joined()
        }
    }
}

extension PublishRequest {
    fileprivate func reading(_ key: String) -> Reading? { readings.first { $0.streamKey == Secret(key) } }
}

private struct TestFeed: Feed {
    let gate: TestGate
    let input: ChannelInput
    var channelID: String { "news" }
    var terms: PublishTerms { gate.state.withLock { $0.terms } }

    func receive(_ event: FeedEvent, arrival: Instant) {
        gate.state.withLock { state in
            state.events.append(event)
            state.arrivals.append(arrival)
        }
    }

    func end() { gate.state.withLock { $0.ended += 1 } }
}

final class Lines: LogSink {
    let all = Mutex<[String]>([])

    func write(_ line: [UInt8]) { all.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }

    func count(_ text: String) -> Int { all.withLock { $0.count { $0.contains(text) } } }
}

/// A listener on a port of its own, with a clock in hand.
struct ListenerBench {
    let clock = ManualClock()
    let lines = Lines()
    let registry = MetricsRegistry()
    let gate = TestGate()

    func run(limit: Int = 1024, _ body: (UInt16) throws -> Void) throws {
        let listener = try RTMPListener(
            TCPListener(SocketAddress(host: "127.0.0.1", port: 0)), gate: gate, logger: Logger(sink: lines),
            metrics: IngestMetrics(registry), connectionLimit: limit, clock: clock)
        listener.start()
        defer { listener.stop() }
        try body(listener.address.port)
    }

    /// Waits until `condition` holds; false after a minute, which is far longer than a busy machine takes.
    func eventually(_ condition: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            if ContinuousClock.now > deadline { return false }
            usleep(10_000)
        }
        return true
    }

    /// An encoder whose wish to publish was granted.
    func publisher(_ port: UInt16) -> Stranger {
        let stranger = Stranger(port)
        stranger.send(Wire.connection() + Wire.publish("secret"))
        #expect(stranger.hears("NetStream.Publish.Start"))
        return stranger
    }

    /// One connection was refused, said once in the log and once in the metrics, and nothing else was.
    func expectRefusal(_ reason: String, connections: Int = 1) {
        #expect(eventually { lines.count("ingest.refused") == 1 })
        #expect(eventually { registry.prometheusText().contains("headwater_ingest_connections 0\n") })
        #expect(lines.count("\"reason\":\"\(reason)\"") == 1)
        #expect(lines.count("ingest.closed") == 0)
        #expect(lines.count("secret") == 0)
        let refusals = registry.prometheusText().split(separator: "\n").filter { $0.contains("refused_total{") }
        #expect(refusals == ["headwater_ingest_refused_total{reason=\"\(reason)\"} 1"])
    }
}
