internal import Bytes
internal import Crypto
internal import RTMP
internal import Runtime
internal import Sockets
internal import Locks
internal import Telemetry
internal import Time

/// One RTMP connection, from accept to close, on a thread of its own: it reads from the socket, through TLS where the
/// listener has a certificate, and goes on through parsing and packaging to the published part.
final class RTMPPublisher: ConnectedPublisher {
    /// Reads take as much as the kernel has, up to this.
    private static let readSize = 65_536
    /// How often a silent connection is looked at: whether it is to be closed, or keeps the server waiting.
    private static let pace = Duration.milliseconds(500)

    private struct Outbox {
        /// Statuses that another thread wants to be sent.
        var statuses: [(level: RTMPStatusLevel, code: String, description: String)] = []
        var disconnectReason: String?
        /// Why the publisher is to go on elsewhere.
        var leaveReason: String?
    }

    private let connection: TCPConnection
    private let tls: (@Sendable () -> TLSServer)?
    private let gate: any PublishGate
    private let logger: Logger
    private let metrics: IngestMetrics
    private let clock: any MonotonicClock
    private let connected: Instant
    private let connectionID = Random.identifier()
    private let outbox = Mutex(Outbox())

    init(
        connection: TCPConnection, tls: (@Sendable () -> TLSServer)?, gate: any PublishGate, logger: Logger,
        metrics: IngestMetrics,
        clock: any MonotonicClock
    ) {
        self.connection = connection
        self.tls = tls
        self.gate = gate
        self.logger = logger.with([
            "peer.address": .personal(connection.peer.host), "connection.id": .public(connectionID),
        ])
        self.metrics = metrics
        self.clock = clock
        connected = clock.now
    }

    // MARK: Publisher

    var awaitsAnswer: Bool { outbox.withLock { $0.disconnectReason == nil } && !connection.isLeftByPeer }

    func warn(code: String, description: String) {
        outbox.withLock { $0.statuses.append((.warning, code, description)) }
    }

    func disconnect(reason: String) {
        outbox.withLock { outbox in
            outbox.statuses.append((.error, "NetStream.Publish.Rejected", reason))
            outbox.disconnectReason = reason
        }
    }

    /// The protocol's name in events.
    private var scheme: String { tls == nil ? "rtmp" : "rtmps" }

    func leave(reason: String) { outbox.withLock { $0.leaveReason = reason } }

    // MARK: The connection's thread

    /// What the connection has come to.
    private struct Talk {
        let stream: any ByteStream
        var session: RTMPServerSession
        var deadline: PeerDeadline
        var translator = RTMPTranslator()
        var feed: (any Feed)?
        /// The last feed's channel.
        var channelID = ""
        /// True when it was told that one video track alone is published.
        var isToldOfVideoTracks = false
        /// True when something has come, beside a handshake of TLS.
        var hasBegun = false
        var events: [RTMPEvent] = []
    }

    /// Why the connection ends.
    private enum Ending {
        /// The publisher left, or was told to leave.
        case closed(String, detail: String? = nil)
        /// The publisher was refused or cut off, for a reason that is counted.
        case refused(String, detail: String? = nil, channel: String? = nil)
    }

    func run() {
        connection.setTimeout(Self.pace)
        var talk = Talk(
            stream: tls.map { TLSConnection(over: connection, of: $0()) } ?? connection,
            session: RTMPServerSession(apps: ["live"], handshakeRandom: Random.bytes(1528)),
            deadline: PeerDeadline(connected: connected))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        var ending: Ending?
        while ending == nil { ending = step(&talk, buffer) }
        talk.feed?.end()
        report(ending, talk)
        _ = flush(&talk)
        talk.stream.closeGracefully()
    }

    /// Waits for bytes, does what they ask for, and answers; says whether the connection ends with that.
    private func step(_ talk: inout Talk, _ buffer: UnsafeMutableRawBufferPointer) -> Ending? {
        if let reason = outbox.withLock({ $0.disconnectReason }) { return .closed(reason) }
        let read = talk.stream.read(into: buffer)
        let arrival = clock.now
        if talk.deadline.hasPassed(at: arrival) {
            return .refused("timeout", detail: Self.expected(of: talk))
        }
        var ending: Ending?
        switch read {
        case .closed: return .closed("closed", detail: guess(about: talk))
        case .timedOut: break
        case .failed(let failure): return .refused("tls_error", detail: Self.advice(on: failure))
        case .bytes(let count):
            talk.hasBegun = talk.hasBegun || count > 0
            metrics.receivedBytes.increment(by: count)
            let received = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            ending = receive(received, &talk, arrival)
        }
        return flush(&talk) ? ending : ending ?? .closed("takes no answers")
    }

    /// What a peer whose time is over has not come to.
    private static func expected(of talk: borrowing Talk) -> String {
        if talk.session.isPublishing { return "inside a message" }
        return talk.stream.isEstablished ? "never published" : "inside the TLS handshake"
    }

    /// Why a peer may have left: some clients that do not trust the certificate do not say so (GnuTLS). Others who leave like
    /// that only look whether somebody is there, so it is no refusal.
    private func guess(about talk: borrowing Talk) -> String? {
        guard tls != nil, talk.stream.isEstablished, !talk.hasBegun else { return nil }
        return "it left before it sent anything: perhaps it does not trust the certificate"
    }

    /// What the operator can tell the person at the encoder.
    private static func advice(on failure: TLSFailure) -> String {
        // RTMP 1.0 §5.2.2: a handshake begins with the version 3.
        if failure == .notTLS(firstByte: 3) { return "RTMP without TLS: publish to rtmps://, or to the port of RTMP" }
        return failure.description
    }

    private func receive(_ bytes: Span<UInt8>, _ talk: inout Talk, _ arrival: Instant) -> Ending? {
        var ending: Ending?
        do {
            try talk.session.receive(bytes, into: &talk.events)
        } catch {
            ending = .refused("protocol_error", detail: error.description)
        }
        for event in talk.events {
            guard let refused = handle(event, &talk, arrival) else { continue }
            ending = refused
            break
        }
        talk.events.removeAll(keepingCapacity: true)
        talk.deadline.note(talk.session, at: arrival)
        return ending
    }

    private func handle(_ event: RTMPEvent, _ talk: inout Talk, _ arrival: Instant) -> Ending? {
        switch event {
        case .publishRequested(let request): return open(request, &talk)
        case .unpublished:
            talk.feed?.end()
            talk.feed = nil
        case .connected, .metadata, .text, .video, .audio, .exVideo, .exAudio:
            do {
                for event in try talk.translator.translate(event) { talk.feed?.receive(event, arrival: arrival) }
                if talk.translator.otherVideoPackets > 0, !talk.isToldOfVideoTracks { tellOfVideoTracks(&talk) }
            } catch {
                talk.session.rejectPublish(.unsupportedCodec(error.name))
                return .refused("unsupported_codec", detail: error.name)
            }
        }
        return nil
    }

    /// A publisher that is refused is told why, and its connection ends: so nobody tries one key after another on it,
    /// and encoders that overhear the status notice.
    private func open(_ request: RTMPPublishRequest, _ talk: inout Talk) -> Ending? {
        do throws(PublishRefusal) {
            let opened = try gate.open(
                PublishRequest(
                    scheme: scheme, readings: Self.readings(name: request.streamName, query: request.query),
                    address: connection.peer.host, connectionID: connectionID), for: self)
            talk.feed = opened
            talk.channelID = opened.channelID
            talk.translator = RTMPTranslator()
            talk.session.acceptPublish()
            metrics.accepted.increment()
            logger.info(
                "ingest.accepted",
                [
                    "channel.id": .public(opened.channelID), "input": .public(opened.input.rawValue),
                    "protocol": .public(scheme),
                ])
            return nil
        } catch {
            guard error.reason != .left else {
                return .closed(outbox.withLock { $0.disconnectReason } ?? "closed")
            }
            talk.session.rejectPublish(.badName(error.description))
            return .refused(error.reason.rawValue, detail: error.detail, channel: error.channel)
        }
    }

    private func tellOfVideoTracks(_ talk: inout Talk) {
        talk.isToldOfVideoTracks = true
        talk.session.sendStatus(
            level: .warning, code: "NetStream.Publish.Notice",
            description: "Of several video tracks only the default one, track 0, is published")
        logger.warning("ingest.video_track_not_published", ["channel.id": .public(talk.channelID)])
    }

    /// One event for each connection that ends, and a count where it was not the publisher's wish.
    private func report(_ ending: Ending?, _ talk: borrowing Talk) {
        var fields: LogFields = [
            "protocol": .public(scheme), "channel.id": .public(talk.channelID),
            "dropped.packets": .public(talk.translator.droppedPackets),
            "malformed.messages": .public(talk.session.malformedMessages),
        ]
        switch ending {
        case .refused(let reason, let detail, let channel):
            metrics.refused(reason)
            if let channel { fields["channel.id"] = .public(channel) }
            fields["reason"] = .public(reason)
            fields["detail"] = detail.map { .public($0) }
            logger.refused(reason, fields)
        case .closed(let reason, let detail):
            fields["reason"] = .public(reason)
            fields["detail"] = detail.map { .public($0) }
            logger.info("ingest.closed", fields)
        case nil: break
        }
    }

    /// `…/live/STREAMKEY`, `…/live/CHANNEL?key=STREAMKEY`, or with a token in the key's place, which may be called `token`.
    static func credentials(name: String, query: String?) -> (channel: String?, key: String) {
        for pair in (query ?? "").split(separator: "&") {
            for prefix in ["key=", "token="] where pair.hasPrefix(prefix) {
                return (name, String(pair.dropFirst(prefix.count)))
            }
        }
        return (nil, name)
    }

    /// Each way in which that can be read. A key may have a question mark in it.
    static func readings(name: String, query: String?) -> [PublishRequest.Reading] {
        let (channel, key) = credentials(name: name, query: query)
        let whole = query.map { PublishRequest.Reading(channel: nil, streamKey: Secret("\(name)?\($0)")) }
        return [whole].compactMap(\.self) + PublishRequest.Reading.each(channel: channel, streamKey: key)
    }

    /// Sends what the session and other threads have to say.
    private func flush(_ talk: inout Talk) -> Bool {
        let (statuses, leaveReason) = outbox.withLock { outbox in
            defer { (outbox.statuses, outbox.leaveReason) = ([], nil) }
            return (outbox.statuses, outbox.leaveReason)
        }
        for status in statuses {
            talk.session.sendStatus(level: status.level, code: status.code, description: status.description)
        }
        if let leaveReason, !talk.session.requestReconnect(description: leaveReason) {
            disconnect(reason: leaveReason)
        }
        let output = talk.session.takeOutput()
        return output.isEmpty || talk.stream.write(output)
    }
}
