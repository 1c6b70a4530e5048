internal import Crypto
internal import Locks
internal import SRT
internal import Sockets
internal import Telemetry
internal import Time

/// One SRT connection that brings a transport stream, from handshake to close, on a thread of its own: it reads from the
/// socket and goes on through demultiplexing and packaging to the published part.
final class SRTPublisher: ConnectedPublisher {
    typealias Opening = @Sendable (any Publisher) throws(PublishRefusal) -> any Feed

    /// Reads take as much as has come, up to this.
    private static let readSize = 65_536
    /// How often a silent connection is looked at.
    private static let pace = Duration.milliseconds(500)
    /// How long a peer may send before a program is found in what it sends.
    private static let patience = Duration.seconds(10)
    /// What is read so late has arrived when it is read: so it is as long as nothing keeps this thread.
    private static let toleratedLag = Duration.milliseconds(200)
    /// How often figures are told.
    private static let reportPace = Duration.seconds(1)

    private let socket: SRTSocket
    private let logger: Logger
    private let metrics: IngestMetrics
    private let transportMetrics: TransportMetrics
    private let clock: any MonotonicClock
    private let open: Opening
    private let farewell = Mutex<String?>(nil)

    /// Serves `socket`, whose media go where `open` says.
    init(
        socket: SRTSocket, connectionID: String = Random.identifier(), logger: Logger, metrics: IngestMetrics,
        transportMetrics: TransportMetrics, clock: any MonotonicClock, open: @escaping Opening
    ) {
        self.socket = socket
        self.logger = logger.with([
            "peer.address": .personal(socket.peer.host), "protocol": .public("srt"),
            "connection.id": .public(connectionID),
        ])
        self.metrics = metrics
        self.transportMetrics = transportMetrics
        self.clock = clock
        self.open = open
    }

    // MARK: Publisher

    /// What the peer sent before it left is held for as long as the latency lasts.
    var hasLeft: Bool { !socket.isConnected }

    /// Until somebody reads them, libsrt keeps what comes.
    var awaitsAnswer: Bool { farewell.withLock { $0 == nil } && socket.isConnected }

    func warn(code: String, description: String) {
        // SRT has no way to tell an encoder anything.
        logger.warning("ingest.warning", ["code": .public(code), "detail": .public(description)])
    }

    func disconnect(reason: String) {
        farewell.withLock { $0 = reason }
        socket.close()
    }

    // MARK: The connection's thread

    func run() {
        let feed: any Feed
        do throws(PublishRefusal) {
            feed = try open(self)
        } catch {
            turnAway(error)
            return socket.close()
        }
        metrics.accepted.increment()
        logger.info(
            "ingest.accepted",
            [
                "channel.id": .public(feed.channelID), "input": .public(feed.input.rawValue),
                "srt.latency_seconds": .public(socket.latency.fractionalSeconds),
                "srt.buffer_seconds": .public(socket.bufferDuration.fractionalSeconds),
                "srt.key_bits": .public((socket.keyLength?.rawValue ?? 0) * 8),
            ])
        if socket.bufferDuration < socket.latency {
            let most = Int(socket.bufferMegabits)
            warn(
                code: "srt_buffer",
                description: "The publisher wants a longer latency than buffers are made for: of more than \(most) Mb/s"
                    + " packets are lost. Set srtLatency of the channel to what the publisher wants")
        }
        var talk = Talk(feed: feed, report: transportMetrics.report(channel: feed.channelID), begun: clock.now)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        var ending: Ending?
        while ending == nil { ending = step(&talk, buffer) }
        talk.translator.finish(into: &talk.events)
        talk.deliver(at: clock.now)
        feed.end()
        report(&talk)
        talk.report.end()
        tell(ending, talk)
        socket.close()
    }

    /// Nobody tells the other end why: that could only be done during the handshake.
    private func turnAway(_ refusal: PublishRefusal) {
        guard refusal.reason != .left else {
            let reason = farewell.withLock { $0 } ?? "closed"
            return logger.info("ingest.closed", ["reason": .public(reason)])
        }
        let reason = refusal.reason.rawValue
        metrics.refused(reason)
        var fields: LogFields = ["reason": .public(reason)]
        fields["detail"] = refusal.detail.map { .public($0) }
        fields["channel.id"] = refusal.channel.map { .public($0) }
        logger.refused(reason, fields)
    }

    /// What the connection has come to.
    private struct Talk {
        let feed: any Feed
        var translator: TransportStreamTranslator
        var report: TransportReport
        var events: [FeedEvent] = []
        /// What the connection has come to since, which libsrt does not tell any more once it is over.
        var statistics: SRTStatistics?
        /// Whether the buffer was full when it was looked at, and whether that was said.
        var (isFull, saidFull) = (false, false)
        /// Since when a program is awaited; nothing once there was one, whose pictures may take as long as they like to begin.
        var waitingSince: Instant?
        var reported: Instant

        init(feed: any Feed, report: TransportReport, begun: Instant) {
            self.feed = feed
            self.report = report
            translator = TransportStreamTranslator(program: feed.terms.program)
            waitingSince = begun
            reported = begun
        }

        mutating func deliver(at arrival: Instant) {
            if translator.hasMedia { waitingSince = nil }
            for event in events { feed.receive(event, arrival: arrival) }
            events.removeAll(keepingCapacity: true)
        }
    }

    /// Why the connection ends.
    private enum Ending {
        case closed(String)
        case refused(String)
    }

    private func step(_ talk: inout Talk, _ buffer: UnsafeMutableRawBufferPointer) -> Ending? {
        let read = socket.receive(into: buffer, timeout: Self.pace)
        let now = clock.now
        switch read {
        case .closed(let end):
            return .closed(farewell.withLock { $0 } ?? end.description)
        case .timedOut: break
        case .bytes(let count):
            metrics.receivedBytes.increment(by: count)
            talk.statistics = socket.statistics() ?? talk.statistics
            watchBuffer(&talk)
            let bytes = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            // It would have come then, had nobody been asked before: what was kept is not of this moment.
            let arrival = now - (socket.readingLag < Self.toleratedLag ? .zero : socket.readingLag)
            talk.translator.receive(bytes, at: arrival, into: &talk.events)
            talk.deliver(at: arrival)
        }
        if now - talk.reported >= Self.reportPace {
            talk.reported = now
            report(&talk)
        }
        if let since = talk.waitingSince, now - since >= Self.patience { return .refused("no_program") }
        return nil
    }

    private func report(_ talk: inout Talk) {
        talk.report.tell(talk.translator.health)
        talk.report.tell(faults: talk.translator.faults)
        talk.report.tell(privateCommands: talk.translator.privateCommands)
        talk.statistics = socket.statistics() ?? talk.statistics
        watchBuffer(&talk)
        if let statistics = talk.statistics { talk.report.tell(statistics) }
    }

    /// Counts each time that the buffer has become full, and says so once.
    private func watchBuffer(_ talk: inout Talk) {
        guard let isFull = talk.statistics?.gauges.isFull, isFull != talk.isFull else { return }
        talk.isFull = isFull
        guard isFull else { return }
        talk.report.tellOfFullBuffer()
        guard !talk.saidFull else { return }
        talk.saidFull = true
        warn(
            code: "srt_buffer_full",
            description: "More came within the SRT latency than buffers are made for, and the rest may be lost. Set"
                + " srtLatency of the channel to what the publisher wants, and srt.maximumBitrate to what it sends")
    }

    /// One event for each connection that ends, and a count where it was not the publisher's wish.
    private func tell(_ ending: Ending?, _ talk: borrowing Talk) {
        var fields: LogFields = [
            "channel.id": .public(talk.feed.channelID), "dropped.packets": .public(talk.translator.faults),
        ]
        switch ending {
        case .refused(let reason):
            metrics.refused(reason)
            fields["reason"] = .public(reason)
            let listed = talk.translator.programNumbers
            let wanted = talk.feed.terms.program
            fields["ts.programs"] = .public(listed.map(String.init).joined(separator: ", "))
            if let wanted { fields["ts.wanted_program"] = .public(Int(wanted)) }
            let isListed = wanted.map(listed.contains) ?? true
            fields["hint"] = .public(
                isListed || listed.isEmpty
                    ? "send an MPEG transport stream with H.264 or HEVC, and AAC"
                    : "let the channel's program be one of those that the stream lists")
            logger.warning("ingest.refused", fields)
        case .closed(let reason):
            fields["reason"] = .public(reason)
            logger.info("ingest.closed", fields)
        case nil: break
        }
    }
}

extension SRTEnd {
    fileprivate var description: String {
        switch self {
        case .closedHere: "closed here"
        case .closedThere: "closed"
        case .silent: "the peer fell silent"
        }
    }
}
