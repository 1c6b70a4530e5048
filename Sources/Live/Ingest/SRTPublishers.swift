internal import Crypto
public import SRT
public import Sockets
public import Telemetry
public import Time

/// Takes SRT publishers: callers are admitted by their stream id during the handshake, and each is served on a thread of
/// its own.
public final class SRTPublishers: Sendable {
    private let listener: SRTListener
    private let gate: any PublishGate
    private let logger: Logger
    private let metrics: IngestMetrics
    private let transportMetrics: TransportMetrics
    private let clock: any MonotonicClock
    private let publishers: PublisherThreads
    private let desk: AdmissionDesk

    /// Awaits callers at `address` with those options, `connectionLimit` of them at most; they wait until `start`.
    public init(
        _ address: SocketAddress, options: SRTOptions, gate: any PublishGate, logger: Logger, metrics: IngestMetrics,
        transportMetrics: TransportMetrics, connectionLimit: Int = 1024, clock: any MonotonicClock = SystemClocks()
    ) throws(SRTError) {
        let publishers = PublisherThreads(scheme: "srt", limit: connectionLimit, metrics: metrics)
        let desk = AdmissionDesk(gate: gate, logger: logger, metrics: metrics, publishers: publishers)
        self.desk = desk
        listener = try SRTListener(
            address, options: options, failed: { desk.refuse($1.reason, $1.rejection, peer: $0.peer) },
            decide: { desk.decide($0) })
        self.gate = gate
        self.logger = logger
        self.metrics = metrics
        self.transportMetrics = transportMetrics
        self.clock = clock
        self.publishers = publishers
    }

    /// Where callers are awaited, with the port that was given.
    public var address: SocketAddress { listener.address }

    /// Begins to serve.
    public func start() {
        publishers.accept { [listener] in
            listener.accept()
        } serve: { [self] in
            serve($0)
        }
    }

    /// Takes no publisher any more; those who publish go on.
    public func stopAccepting() {
        listener.shutDown()
        publishers.waitForAccepting()
    }

    /// Tells all publishers, and waits until their connections are closed.
    public func stop() {
        stopAccepting()
        publishers.stop()
    }

    private func serve(_ socket: SRTSocket) {
        // It was admitted, but others may have come in since.
        let connectionID = Random.identifier()
        let request = try? PublishRequest(streamID: socket.streamID, peer: socket.peer, connectionID: connectionID)
        guard publishers.hasRoom, let request else {
            desk.refuse("too_many_connections", .overload, peer: socket.peer)
            return socket.close()
        }
        publishers.serve(
            SRTPublisher(
                socket: socket, connectionID: connectionID, logger: logger, metrics: metrics,
                transportMetrics: transportMetrics, clock: clock
            ) { [gate] publisher throws(PublishRefusal) in try gate.open(request, for: publisher) })
    }
}

/// Decides about callers during the handshake, on libsrt's thread.
private struct AdmissionDesk: Sendable {
    let gate: any PublishGate
    let logger: Logger
    let metrics: IngestMetrics
    let publishers: PublisherThreads

    func decide(_ call: SRTCallRequest) -> SRTDecision {
        guard publishers.hasRoom else { return refuse(call, "too_many_connections", .overload) }
        let request: PublishRequest
        do throws(StreamIDFault) {
            request = try PublishRequest(streamID: call.streamID, peer: call.peer)
        } catch {
            return refuse(call, error.rawValue, error.rejection)
        }
        do throws(PublishRefusal) {
            let terms = try gate.admit(request)
            return .accept(passphrase: terms.passphrase, latency: terms.latency)
        } catch {
            return refuse(call, error.reason.rawValue, error.reason.rejection, channel: error.channel)
        }
    }

    private func refuse(
        _ call: SRTCallRequest, _ reason: String, _ rejection: SRTRejection, channel: String? = nil
    ) -> SRTDecision {
        refuse(reason, rejection, peer: call.peer, channel: channel)
        return .refuse(rejection)
    }

    func refuse(_ reason: String, _ rejection: SRTRejection, peer: SocketAddress, channel: String? = nil) {
        metrics.refused(reason)
        var fields: LogFields = [
            "protocol": .public("srt"), "reason": .public(reason), "srt.rejection": .public(rejection.description),
            "peer.address": .personal(peer.host),
        ]
        fields["channel.id"] = channel.map { .public($0) }
        logger.refused(reason, fields)
    }
}

extension SRTHandshakeFault {
    /// The stable code in logs and metrics.
    fileprivate var reason: String {
        switch self {
        case .wrongPassphrase: "wrong_passphrase"
        case .missingPassphrase: "missing_passphrase"
        case .unexpectedPassphrase: "unexpected_passphrase"
        case .other: "handshake"
        }
    }
}

/// Why a stream id asks for nothing that could be done. The raw value is the stable code in logs and metrics.
private enum StreamIDFault: String, Error {
    case unreadable = "bad_stream_id"
    case wantsToReceive = "wants_to_receive"

    var rejection: SRTRejection {
        switch self {
        case .unreadable: .badRequest
        case .wantsToReceive: .badMode
        }
    }
}

extension PublishRequest {
    /// What a caller's stream id asks for, in each way in which it can be read: first as it stands.
    fileprivate init(streamID: [UInt8], peer: SocketAddress, connectionID: String = "") throws(StreamIDFault) {
        guard let id = try? SRTStreamID(streamID) else { throw .unreadable }
        guard id.mode != .request else { throw .wantsToReceive }
        let readings = [SRTStreamID.literal(streamID).flatMap { Reading($0) }, Reading(id)].compactMap(\.self)
        guard !readings.isEmpty else { throw .unreadable }
        self.init(scheme: "srt", readings: readings, address: peer.host, connectionID: connectionID)
    }
}

extension PublishRequest.Reading {
    fileprivate init?(_ id: SRTStreamID) {
        if let key = id.key {
            self.init(channel: id.channel, streamKey: key)
        } else {
            // One field for both: the key stands where a channel would.
            guard let key = id.channel else { return nil }
            self.init(channel: nil, streamKey: Secret(key))
        }
    }
}

extension PublishRefusal.Reason {
    fileprivate var rejection: SRTRejection {
        switch self {
        case .unknownChannel: .notFound
        case .wrongKey, .tokenBadSignature: .unauthorized
        case .busy: .conflict
        case .shuttingDown, .left: .down
        case .tokenExpired, .tokenNotYetValid, .tokenOtherChannel, .tokenWrongAddress, .tooManyFailures,
            .webhookRefused, .webhookTimeout, .webhookUnreachable, .webhookError, .webhookRedirect, .webhookBadAnswer:
            .forbidden
        }
    }
}
