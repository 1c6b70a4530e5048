internal import Crypto
internal import Runtime
public import SRT
public import Telemetry
public import Time

/// An input that the server calls: it connects to an SRT listener, feeds its channel, and calls again when that ends.
public final class SRTPull: Sendable {
    /// How long it waits before it calls again: twice as long after each call that brought nothing, and a part of it by
    /// chance, so that not all call at once.
    private enum Backoff {
        static let shortest = Duration.milliseconds(500)
        static let longest = Duration.seconds(30)
        /// A connection that lasted so long was a good one.
        static let goodConnection = Duration.seconds(10)
    }

    private struct State {
        var publisher: SRTPublisher?
        var isStopping = false
    }

    private let state: Monitor<State>
    private let thread: NamedThread

    /// Keeps that input of the channel of that id fed from `address`.
    public init(
        _ address: SRTAddress, channel: String, input: ChannelInput = .primary, options: SRTOptions,
        gate: any PublishGate, logger: Logger,
        metrics: IngestMetrics, transportMetrics: TransportMetrics, clock: any MonotonicClock = SystemClocks()
    ) {
        let state = Monitor(State())
        self.state = state
        let logger = logger.with(["channel.id": .public(channel), "protocol": .public("srt")])
        thread = NamedThread("srt-pull") {
            var pause = Backoff.shortest
            while !state.withLock({ $0.isStopping }) {
                let begun = clock.now
                do throws(SRTError) {
                    let socket = try SRTSocket.connect(to: address, options: options) {
                        state.withLock { !$0.isStopping }
                    }
                    let publisher = SRTPublisher(
                        socket: socket, logger: logger, metrics: metrics, transportMetrics: transportMetrics,
                        clock: clock
                    ) { publisher throws(PublishRefusal) in try gate.open(input, of: channel, for: publisher) }
                    let isWanted = state.withLock { state in
                        if !state.isStopping { state.publisher = publisher }
                        return !state.isStopping
                    }
                    if isWanted { publisher.run() } else { publisher.disconnect(reason: "stopping") }
                    state.withLock { $0.publisher = nil }
                } catch .givenUp {
                    break
                } catch {
                    logger.warning("ingest.pull_failed", ["reason": .public("\(error)")])
                }
                if clock.now - begun >= Backoff.goodConnection { pause = Backoff.shortest }
                let jitter = 0.75 + Double(Random.bytes(1)[0]) / 512
                if state.wait(for: pause * jitter, until: { $0.isStopping }) { break }
                pause = min(pause * 2, Backoff.longest)
            }
        }
    }

    /// Ends the connection or the call, and waits for that; for a name that is being looked up as long as that takes.
    public func stop() {
        beginStop()
        thread.join()
    }

    /// Ends the connection, and calls no more.
    public func beginStop() {
        let publisher = state.signal { state in
            state.isStopping = true
            return state.publisher
        }
        publisher?.disconnect(reason: "The server is shutting down")
    }
}
