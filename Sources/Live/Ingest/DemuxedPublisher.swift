internal import Bytes
internal import FFmpeg
internal import Locks
internal import Runtime
internal import Sockets
internal import Telemetry
internal import Time

/// A source that libavformat reads, from opening to its end: packets become samples and go into the channel's feed.
final class DemuxedPublisher: ConnectedPublisher {
    typealias Opening = @Sendable (any Publisher) throws(PublishRefusal) -> any Feed

    private let address: PullAddress
    private let permits: @Sendable (SocketAddress) -> Bool
    private let isLooped: Bool
    private let logger: Logger
    private let metrics: IngestMetrics
    private let clock: any MonotonicClock
    private let journal: PullJournal
    private let open: Opening
    /// Why it was told to end.
    private let farewell = Monitor<String?>(nil)

    init(
        _ address: PullAddress, permits: @escaping @Sendable (SocketAddress) -> Bool, isLooped: Bool, logger: Logger,
        metrics: IngestMetrics,
        clock: any MonotonicClock, journal: PullJournal, open: @escaping Opening
    ) {
        (self.address, self.permits, self.isLooped) = (address, permits, isLooped)
        (self.logger, self.metrics, self.clock) = (logger, metrics, clock)
        (self.journal, self.open) = (journal, open)
    }

    private var isWanted: Bool { farewell.withLock { $0 == nil } }

    // MARK: Publisher

    func warn(code: String, description: String) {
        guard journal.isNews(code) else { return }
        logger.warning("ingest.warning", ["code": .public(code), "detail": .public(description)])
    }

    func disconnect(reason: String) { farewell.signal { $0 = reason } }

    // MARK: The source's thread

    func run() {
        var talk = Talk(report: PullReport(logger: logger, metrics: metrics, journal: journal, clock: clock))
        do throws(PullFault) {
            let source = DemuxedSource(
                address: address, permits: permits, clock: clock, isWanted: { [self] in isWanted })
            let demuxer = try source.open()
            try choose(demuxer, &talk)
            try read(demuxer, &talk)
        } catch {
            talk.fault = error
        }
        if let feed = talk.feed {
            talk.translator.finish(into: &talk.events)
            deliver(&talk, to: feed)
            feed.end()
        }
        talk.report.end(
            farewell.withLock { $0 }, fault: talk.fault, dropped: talk.translator.faults)
    }

    /// What reading has come to.
    private struct Talk {
        var report: PullReport
        var translator = DemuxedTranslator()
        var streams: [DemuxedStream] = []
        /// The number of the program that is read, of several.
        var program: Int?
        var playout: PlayoutClock?
        var splice: LoopSplice?
        var order = PacketOrder()
        var feed: (any Feed)?
        var events: [FeedEvent] = []
        var fault: PullFault?
    }

    /// Decides which of the streams are read, and at which pace.
    private func choose(_ demuxer: Demuxer, _ talk: inout Talk) throws(PullFault) {
        if address.isFile || demuxer.format == "hls" || demuxer.duration != nil { talk.playout = PlayoutClock() }
        if isLooped { talk.splice = LoopSplice() }
        // Of several variants the best one, of several programs the first.
        let programs = demuxer.programs.filter { !$0.streams.isEmpty }
        if programs.count > 1 {
            let best = programs.max { ($0.bitrate ?? 0) < ($1.bitrate ?? 0) }
            talk.program = best?.bitrate == nil ? programs.first?.number : best?.number
        }
        follow(demuxer, &talk)
        guard talk.translator.isEmpty else { return }
        let names = Set(talk.translator.unsupported).sorted().prefix(8).joined(separator: ", ")
        if names.isEmpty { throw PullFault(DemuxerError.empty) }
        throw PullFault("unsupported_codec", "nothing can be made of \(names)")
    }

    private func follow(_ demuxer: Demuxer, _ talk: inout Talk) {
        talk.streams = demuxer.streams
        let program = talk.program.flatMap { number in demuxer.programs.first { $0.number == number } }
        let wanted = demuxer.streams.filter { program?.streams.contains($0.index) ?? true }
        talk.translator.follow(wanted)
        demuxer.select(talk.translator.places)
    }

    private func read(_ demuxer: Demuxer, _ talk: inout Talk) throws(PullFault) {
        while isWanted {
            let packet: DemuxedPacket?
            do throws(DemuxerError) {
                packet = try demuxer.read()
            } catch {
                throw PullFault(error)
            }
            guard let packet else {
                if talk.splice?.endPass() == true, demuxer.rewind() { continue }
                try play(&talk, isEnd: true)
                throw PullFault("ended", "it has ended")
            }
            metrics.receivedBytes.increment(by: packet.data.count)
            if demuxer.streams.count != talk.streams.count { follow(demuxer, &talk) }
            guard talk.streams.indices.contains(packet.stream), talk.translator.follows(packet.stream) else { continue }
            try take(packet, of: talk.streams[packet.stream], &talk)
        }
    }

    private func take(_ packet: DemuxedPacket, of stream: DemuxedStream, _ talk: inout Talk) throws(PullFault) {
        guard talk.playout != nil else { return try translate(packet, &talk) }
        var placed: DemuxedPacket? = packet
        if talk.splice != nil { placed = talk.splice?.place(packet, of: stream) }
        guard let placed else { return }
        talk.order.add(placed, at: Self.time(of: placed, in: stream))
        try play(&talk, isEnd: false)
    }

    /// Hands on what waits, each packet at its time.
    private func play(_ talk: inout Talk, isEnd: Bool) throws(PullFault) {
        while let packet = talk.order.next(of: talk.translator.places, isEnd: isEnd) {
            guard awaitTime(of: packet, &talk) else { return }
            try translate(packet, &talk)
        }
    }

    private func translate(_ packet: DemuxedPacket, _ talk: inout Talk) throws(PullFault) {
        talk.translator.translate(packet, into: &talk.events)
        guard !talk.events.isEmpty else { return }
        deliver(&talk, to: try feed(&talk))
    }

    private static func time(of packet: DemuxedPacket, in stream: DemuxedStream) -> Duration? {
        (packet.decode ?? packet.presentation).map { .nanoseconds(stream.timeBase.ticks($0, in: 1_000_000_000)) }
    }

    /// Waits until the packet is due; false when it is not wanted any more.
    private func awaitTime(of packet: DemuxedPacket, _ talk: inout Talk) -> Bool {
        guard let time = Self.time(of: packet, in: talk.streams[packet.stream]) else { return true }
        let now = clock.now
        guard let due = talk.playout?.due(time, at: now), due > now else { return true }
        return !farewell.wait(for: due - now) { $0 != nil }
    }

    private func feed(_ talk: inout Talk) throws(PullFault) -> any Feed {
        if let feed = talk.feed { return feed }
        do throws(PublishRefusal) {
            let feed = try open(self)
            talk.feed = feed
            talk.report.begin()
            if !talk.translator.hasVideo { warn(code: "no_video", description: "the source has sound alone") }
            return feed
        } catch {
            throw PullFault(error.reason.rawValue, error.description)
        }
    }

    private func deliver(_ talk: inout Talk, to feed: any Feed) {
        let arrival = clock.now
        for event in talk.events { feed.receive(event, arrival: arrival) }
        talk.events.removeAll(keepingCapacity: true)
        talk.report.goOn(at: arrival)
    }
}
