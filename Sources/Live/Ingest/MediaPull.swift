internal import FFmpeg
package import Sockets
public import Telemetry
public import Time

/// An input that the server fetches, over any scheme of `PullAddress`: it feeds its channel, and calls again, with growing
/// pauses, whenever that ends.
///
/// Nothing of another machine is fetched from loopback, link-local and other reserved addresses, or from this machine's
/// own, unless `allowsLocal`: names are looked up, and redirects followed, under the same rule. RFC 1918 addresses are
/// ordinary. Trouble is told of once for each kind, until the source was well for ten seconds.
public final class MediaPull: Sendable {
    private let thread: CallingThread

    /// Keeps that input of the channel of that id fed from `address`. A file is played at its own pace, and again and again where
    /// `isLooped`.
    public convenience init(
        _ address: PullAddress, channel: String, input: ChannelInput = .primary, isLooped: Bool = false,
        allowsLocal: Bool = false,
        gate: any PublishGate, logger: Logger, metrics: IngestMetrics, transportMetrics: TransportMetrics,
        clock: any MonotonicClock = SystemClocks()
    ) {
        self.init(
            address, channel: channel, input: input, isLooped: isLooped,
            permits: { allowsLocal || !$0.isLocal }, gate: gate, logger: logger,
            metrics: metrics, transportMetrics: transportMetrics, clock: clock)
    }

    /// The same, where `permits` decides about addresses.
    package init(
        _ address: PullAddress, channel: String, input: ChannelInput = .primary, isLooped: Bool = false,
        permits: @escaping @Sendable (SocketAddress) -> Bool, gate: any PublishGate, logger: Logger,
        metrics: IngestMetrics, transportMetrics: TransportMetrics, clock: any MonotonicClock = SystemClocks()
    ) {
        let library = logger
        let logger = logger.with([
            "channel.id": .public(channel), "input": .public(input.rawValue), "protocol": .public(address.scheme),
        ])
        let journal = PullJournal()
        thread = CallingThread("pull", clock: clock) { call in
            let open: DemuxedPublisher.Opening = { publisher throws(PublishRefusal) in
                try gate.open(input, of: channel, for: publisher)
            }
            if case .datagrams(let place) = address.kind {
                return call.serve(
                    DatagramPublisher(
                        place, logger: logger, metrics: metrics, transportMetrics: transportMetrics, clock: clock,
                        journal: journal, open: open))
            }
            do throws(DemuxerError) {
                try FFmpeg.load(logger: library)
            } catch {
                if journal.isNews("library_missing") {
                    logger.error(
                        "ingest.pull_failed", ["reason": .public("library_missing"), "detail": .public("\(error)")])
                }
                return
            }
            call.serve(
                DemuxedPublisher(
                    address, permits: permits, isLooped: isLooped, logger: logger, metrics: metrics,
                    clock: clock, journal: journal, open: open))
        }
    }

    /// Ends what is under way, and waits for that; for a name that is being looked up as long as that takes.
    public func stop() { thread.stop() }

    /// Ends what is under way, and calls no more.
    public func beginStop() { thread.beginStop() }
}
