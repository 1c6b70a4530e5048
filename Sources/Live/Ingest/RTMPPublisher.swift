internal import Bytes
internal import Crypto
internal import RTMP
internal import Runtime
internal import Sockets
internal import Locks
internal import Telemetry
internal import Time

/// One RTMP connection, from accept to close, on a thread of its own: it reads from the socket and goes on through
/// parsing and packaging to the published part.
final class RTMPPublisher: Publisher {
    /// Reads take as much as the kernel has, up to this.
    private static let readSize = 65_536
    /// How often a silent connection is looked at: whether it is to be closed, or has been silent for too long.
    private static let pace = Duration.milliseconds(500)
    /// A peer that sends no whole message for so long is gone; it has as long to begin to publish.
    private static let patience = Duration.seconds(10)

    private struct Outbox {
        /// Statuses that another thread wants to be sent.
        var statuses: [(level: RTMPStatusLevel, code: String, description: String)] = []
        var disconnectReason: String?
    }

    private let connection: TCPConnection
    private let gate: any PublishGate
    private let logger: Logger
    private let metrics: IngestMetrics
    private let clock: any MonotonicClock
    private let connected: Instant
    private let outbox = Mutex(Outbox())

    init(
        connection: TCPConnection, gate: any PublishGate, logger: Logger, metrics: IngestMetrics,
        clock: any MonotonicClock
    ) {
        self.connection = connection
        self.gate = gate
        self.logger = logger.with(["peer.address": .personal(connection.peer.host)])
        self.metrics = metrics
        self.clock = clock
        connected = clock.now
    }

    // MARK: Publisher

    func warn(code: String, description: String) {
        outbox.withLock { $0.statuses.append((.warning, code, description)) }
    }

    func disconnect(reason: String) {
        outbox.withLock { outbox in
            outbox.statuses.append((.error, "NetStream.Publish.Rejected", reason))
            outbox.disconnectReason = reason
        }
    }

    // MARK: The connection's thread

    func run() {
        connection.setTimeout(Self.pace)
        var session = RTMPServerSession(apps: ["live"], handshakeRandom: Random.bytes(1528))
        var translator = RTMPTranslator()
        var feed: (any Feed)?
        var events: [RTMPEvent] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        var ending = "closed"
        var channelID = ""

        var progress = (messages: session.receivedMessages, instant: connected)
        reading: while outbox.withLock({ $0.disconnectReason == nil }) {
            let read = connection.read(into: buffer)
            let arrival = clock.now
            let count: Int
            switch read {
            case .closed: break reading
            case .bytes, .timedOut:
                guard arrival - progress.instant < Self.patience else {
                    ending = session.isPublishing ? "silent" : "never published"
                    metrics.refused("timeout")
                    break reading
                }
                guard case .bytes(let read) = read else {
                    if flush(&session) { continue reading } else { break reading }
                }
                count = read
            }
            metrics.receivedBytes.increment(by: count)
            let received = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            var failure: RTMPError?
            do { try session.receive(received, into: &events) } catch { failure = error }
            for event in events {
                do {
                    try handle(event, &session, &translator, &feed, arrival)
                    channelID = feed?.channelID ?? channelID
                } catch {
                    session.rejectPublish(.unsupportedCodec(error.name))
                    metrics.refused("unsupported_codec")
                    logger.warning(
                        "ingest.refused", ["reason": .public("unsupported_codec"), "codec": .public(error.name)])
                    ending = "unsupported codec"
                    break
                }
            }
            events.removeAll(keepingCapacity: true)
            if session.isPublishing, session.receivedMessages != progress.messages {
                progress = (session.receivedMessages, arrival)
            }
            if let failure {
                ending = "protocol error: \(failure)"
                metrics.refused("protocol_error")
            }
            if !flush(&session) || failure != nil || ending != "closed" { break reading }
        }
        _ = flush(&session)
        feed?.end()
        if let reason = outbox.withLock({ $0.disconnectReason }) { ending = reason }
        logger.info(
            "ingest.closed",
            [
                "channel.id": .public(channelID), "reason": .public(ending),
                "dropped.packets": .public(translator.droppedPackets),
            ])
        connection.closeGracefully()
    }

    private func handle(
        _ event: RTMPEvent, _ session: inout RTMPServerSession, _ translator: inout RTMPTranslator,
        _ feed: inout (any Feed)?, _ arrival: Instant
    ) throws(RTMPTranslator.UnsupportedCodec) {
        switch event {
        case .publishRequested(let request):
            open(request, &session, &feed)
            translator = RTMPTranslator()
        case .unpublished:
            feed?.end()
            feed = nil
        case .connected, .metadata, .video, .audio:
            for event in try translator.translate(event) { feed?.receive(event, arrival: arrival) }
        }
    }

    private func open(_ request: RTMPPublishRequest, _ session: inout RTMPServerSession, _ feed: inout (any Feed)?) {
        let (channel, key) = Self.credentials(name: request.streamName, query: request.query)
        do throws(PublishRefusal) {
            let opened = try gate.open(
                PublishRequest(scheme: "rtmp", channel: channel, streamKey: Secret(key)), for: self)
            feed = opened
            session.acceptPublish()
            metrics.accepted.increment()
            logger.info("ingest.accepted", ["channel.id": .public(opened.channelID), "protocol": .public("rtmp")])
        } catch {
            session.rejectPublish(.badName(error.description))
            metrics.refused(error.reason.rawValue)
            logger.warning("ingest.refused", ["reason": .public(error.reason.rawValue), "protocol": .public("rtmp")])
        }
    }

    /// `…/live/STREAMKEY`, or `…/live/CHANNEL?key=STREAMKEY`.
    static func credentials(name: String, query: String?) -> (channel: String?, key: String) {
        for pair in (query ?? "").split(separator: "&") where pair.hasPrefix("key=") {
            return (name, String(pair.dropFirst(4)))
        }
        return (nil, name)
    }

    /// Sends what the session and other threads have to say.
    private func flush(_ session: inout RTMPServerSession) -> Bool {
        let statuses = outbox.withLock { outbox in
            defer { outbox.statuses = [] }
            return outbox.statuses
        }
        for status in statuses {
            session.sendStatus(level: status.level, code: status.code, description: status.description)
        }
        let output = session.takeOutput()
        return output.isEmpty || connection.write(output)
    }
}
