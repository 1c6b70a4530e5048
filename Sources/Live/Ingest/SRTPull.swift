public import SRT
internal import Sockets
public import Telemetry
public import Time

/// An input that the server calls: it connects to an SRT listener, feeds its channel, and calls again when that ends.
public final class SRTPull: Sendable {
    private let thread: CallingThread

    /// Keeps that input of the channel of that id fed from `address`, which is of another machine unless `allowsLocal`.
    public init(
        _ address: SRTAddress, channel: String, input: ChannelInput = .primary, options: SRTOptions, allowsLocal: Bool,
        gate: any PublishGate, logger: Logger, metrics: IngestMetrics, transportMetrics: TransportMetrics,
        clock: any MonotonicClock = SystemClocks()
    ) {
        let logger = logger.with([
            "channel.id": .public(channel), "input": .public(input.rawValue), "protocol": .public("srt"),
        ])
        let journal = PullJournal()
        thread = CallingThread("srt-pull", clock: clock) { call in
            do throws(SRTError) {
                let socket = try SRTSocket.connect(
                    to: address, options: options,
                    permits: { allowsLocal || !$0.isLocal }
                ) { call.isWanted }
                let begun = clock.now
                defer { if clock.now - begun >= Backoff.goodConnection { _ = journal.recover() } }
                call.serve(
                    SRTPublisher(
                        socket: socket, logger: logger, metrics: metrics, transportMetrics: transportMetrics,
                        clock: clock
                    ) { publisher throws(PublishRefusal) in try gate.open(input, of: channel, for: publisher) })
            } catch .givenUp {
                return
            } catch {
                let fault = PullFault(error)
                metrics.refused(fault.code)
                guard journal.isNews(fault.code) else { return }
                logger.warning(
                    "ingest.pull_failed", ["reason": .public(fault.code), "detail": .public(fault.detail)])
            }
        }
    }

    /// Ends the connection or the call, and waits for that; for a name that is being looked up as long as that takes.
    public func stop() { thread.stop() }

    /// Ends the connection, and calls no more.
    public func beginStop() { thread.beginStop() }
}
