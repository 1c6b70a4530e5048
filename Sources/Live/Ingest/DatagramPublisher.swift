internal import Locks
internal import Sockets
internal import Telemetry
internal import Time

/// A transport stream that comes in datagrams: from the first one to a silence of some length.
final class DatagramPublisher: ConnectedPublisher {
    /// How often a silent socket is looked at.
    private static let pace = Duration.milliseconds(100)
    /// After so long the source has gone.
    private static let silence = Duration.seconds(5)
    /// How long datagrams may come before a program is found in them.
    private static let patience = Duration.seconds(10)
    private static let reportPace = Duration.seconds(1)

    private let place: DatagramAddress
    private let logger: Logger
    private let metrics: IngestMetrics
    private let transportMetrics: TransportMetrics
    private let clock: any MonotonicClock
    private let journal: PullJournal
    private let open: DemuxedPublisher.Opening
    private let farewell = Mutex<String?>(nil)

    init(
        _ place: DatagramAddress, logger: Logger, metrics: IngestMetrics, transportMetrics: TransportMetrics,
        clock: any MonotonicClock, journal: PullJournal, open: @escaping DemuxedPublisher.Opening
    ) {
        (self.place, self.logger, self.metrics) = (place, logger, metrics)
        (self.transportMetrics, self.clock, self.journal, self.open) = (transportMetrics, clock, journal, open)
    }

    func warn(code: String, description: String) {
        guard journal.isNews(code) else { return }
        logger.warning("ingest.warning", ["code": .public(code), "detail": .public(description)])
    }

    func disconnect(reason: String) { farewell.withLock { $0 = reason } }

    private var isWanted: Bool { farewell.withLock { $0 == nil } }

    func run() {
        var report = PullReport(logger: logger, metrics: metrics, journal: journal, clock: clock)
        var dropped = 0
        var fault: PullFault?
        do throws(PullFault) {
            let socket = try Self.bind(place)
            // Somebody may send for the first time in a year.
            while isWanted {
                guard let feed = try awaitFeed(socket) else { continue }
                report.begin()
                (dropped, fault) = serve(socket, feed, &report)
                break
            }
        } catch {
            fault = error
        }
        report.end(farewell.withLock { $0 }, fault: fault, dropped: dropped)
    }

    private static func bind(_ place: DatagramAddress) throws(PullFault) -> DatagramSocket {
        do throws(SocketError) {
            return try DatagramSocket(place.address, joiningOn: place.interface)
        } catch {
            throw PullFault(
                "unreachable", error.isAddressInUse ? "another socket has the port" : "the port cannot be had")
        }
    }

    /// The channel's feed, once something has come.
    private func awaitFeed(_ socket: DatagramSocket) throws(PullFault) -> (any Feed)? {
        guard socket.wait(for: Self.pace) else { return nil }
        do throws(PublishRefusal) {
            return try open(self)
        } catch {
            throw PullFault(error.reason.rawValue, error.description)
        }
    }

    private func serve(_ socket: DatagramSocket, _ feed: any Feed, _ report: inout PullReport) -> (Int, PullFault?) {
        var translator = TransportStreamTranslator(program: feed.terms.program)
        var figures = transportMetrics.report(channel: feed.channelID)
        var events: [FeedEvent] = []
        let begun = clock.now
        var (isProgramKnown, heard, told) = (false, begun, begun)
        var fault: PullFault?
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while isWanted, fault == nil {
            let count = socket.receive(into: buffer, within: Self.pace)
            let now = clock.now
            if count > 0 {
                heard = now
                metrics.receivedBytes.increment(by: count)
                let bytes = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                translator.receive(bytes, at: now, into: &events)
                if !events.isEmpty { (isProgramKnown, _) = (true, report.goOn(at: now)) }
                for event in events { feed.receive(event, arrival: now) }
                events.removeAll(keepingCapacity: true)
            } else if now - heard >= Self.silence {
                fault = PullFault("silent", "nothing came any more")
            }
            if !isProgramKnown, now - begun >= Self.patience {
                fault = PullFault("no_program", "no MPEG transport stream with H.264 or HEVC, or AAC, came")
            }
            if now - told >= Self.reportPace {
                told = now
                figures.tell(translator.health)
                figures.tell(faults: translator.faults)
            }
        }
        translator.finish(into: &events)
        for event in events { feed.receive(event, arrival: clock.now) }
        feed.end()
        figures.tell(translator.health)
        figures.tell(faults: translator.faults)
        figures.end()
        return (translator.faults, fault)
    }
}
