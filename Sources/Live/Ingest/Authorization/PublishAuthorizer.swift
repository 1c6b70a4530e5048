internal import Locks
internal import Sockets
public import Telemetry
public import Time

/// Decides who may publish, for all protocols: by stream key or token, by how often an address was wrong before, and by
/// what the operator's own service says.
public final class PublishAuthorizer: Sendable {
    private let tokens: PublishTokenCheck
    private let webhook: PublishWebhook?
    private let backoff: Mutex<PublishBackoff>
    private let clock: any Clocks
    private let logger: Logger
    private let metrics: AuthorizationMetrics

    /// Decides by `rules`.
    public init(
        _ rules: PublishRules = PublishRules(), clock: any Clocks = SystemClocks(),
        logger: Logger = Logger(level: .info), registry: MetricsRegistry = MetricsRegistry()
    ) {
        tokens = PublishTokenCheck(secrets: rules.tokenSecrets)
        webhook = rules.webhook
        backoff = Mutex(PublishBackoff(rules.backoff))
        self.clock = clock
        self.logger = logger
        metrics = AuthorizationMetrics(registry)
    }

    /// The index of the place of `places` that the publisher may have. Waits for nothing.
    public func place(for request: PublishRequest, among places: [PublishPlace]) throws(PublishRefusal) -> Int {
        let now = clock.now
        let client = IPAddress(request.address).map { IPRange(clientAt: $0) }
        if let client, let left = backoff.withLock({ $0.refuse(client, at: now) }) {
            let seconds = Int(left.fractionalSeconds.rounded(.up))
            throw PublishRefusal(
                .tooManyFailures, "Too many wrong keys came from your address: try again in \(seconds) s",
                retryAfter: .seconds(seconds))
        }
        do throws(PublishRefusal) {
            return try read(request, among: places)
        } catch {
            if let client, error.reason.isHeldAgainstAddress,
                let hold = backoff.withLock({ $0.noteFailure(of: client, guess: request.guess, at: now) })
            {
                metrics.holds.increment()
                logger.warning(
                    "ingest.backoff",
                    [
                        "protocol": .public(request.scheme), "peer.address": .personal(request.address),
                        "seconds": .public(hold.duration.fractionalSeconds), "refused": .public(hold.refused),
                        "reason": .public(error.reason.rawValue),
                    ])
            }
            throw error
        }
    }

    /// Asks the operator's service whether `publisher`, to whom a place of that channel was given, may have it. Waits for the
    /// answer, for as long as the publisher does.
    public func confirm(
        _ request: PublishRequest, for channel: String, publisher: any Publisher
    ) throws(PublishRefusal) {
        guard let webhook else { return }
        let answer = webhook.ask(request, channel: channel, at: clock.wallTime) { publisher.awaitsAnswer }
        metrics.answered(answer)
        switch answer {
        case .admitted: break
        case .abandoned: throw PublishRefusal(.left, "Nobody waits for an answer any more")
        case .refused(let status, let reason):
            throw PublishRefusal(
                .webhookRefused, "The operator of this server does not let you publish",
                detail: reason.isEmpty ? "status \(status)" : reason)
        case .failed(let reason, let detail):
            guard webhook.admitsWhenDown, reason.isOutage else {
                throw PublishRefusal(
                    reason, "Whether you may publish could not be found out: try again later", detail: detail)
            }
            logger.warning(
                "ingest.webhook_down",
                [
                    "channel.id": .public(channel), "connection.id": .public(request.connectionID),
                    "reason": .public(reason.rawValue), "detail": .public(detail),
                ])
        }
    }

    // MARK: Keys and tokens

    private func read(_ request: PublishRequest, among places: [PublishPlace]) throws(PublishRefusal) -> Int {
        var refusal = PublishRefusal(.wrongKey, "No channel has this stream key")
        for reading in request.readings {
            do throws(PublishRefusal) {
                return try read(reading, of: request, among: places)
            } catch {
                refusal = error
                // Else it may be meant otherwise.
                guard [.unknownChannel, .wrongKey, .tokenBadSignature].contains(error.reason) else { break }
            }
        }
        throw refusal
    }

    private func read(
        _ reading: PublishRequest.Reading, of request: PublishRequest, among places: [PublishPlace]
    ) throws(PublishRefusal) -> Int {
        // All keys are compared, in constant time.
        var found: Int?
        for (index, place) in places.enumerated() {
            for key in place.streamKeys where key == reading.streamKey { found = index }
        }
        if let channel = reading.channel {
            guard places.contains(where: { $0.channel == channel }) else { throw Self.unknown(channel) }
            if let found, places[found].channel == channel { return found }
        } else if let found {
            return found
        }
        if PublishTokenCheck.isToken(reading.streamKey) {
            let token = try tokens.check(
                reading.streamKey, channel: reading.channel, address: request.address, at: clock.wallTime)
            guard let place = places.firstIndex(where: { $0.channel == token.channel }) else {
                throw Self.unknown(token.channel)
            }
            return place
        }
        guard reading.channel == nil else {
            throw PublishRefusal(.wrongKey, "The stream key does not belong to this channel")
        }
        // The commonest mistake; whoever makes it has told no secret.
        let isName = places.contains { reading.streamKey == Secret($0.channel) }
        throw PublishRefusal(
            .wrongKey,
            isName
                ? "That is a channel's name: publish to its stream key, or to CHANNEL?key=STREAMKEY"
                : "No channel has this stream key")
    }

    private static func unknown(_ id: String) -> PublishRefusal {
        PublishRefusal(.unknownChannel, "There is no channel \"\(PublishRefusal.printable(id))\" here")
    }
}

extension PublishRequest {
    /// The same for who asks for the same with the same key, and hardly ever for anybody else.
    fileprivate var guess: Int {
        var hasher = Hasher()
        // What stands beside a channel and its key may be another each time.
        let named = readings.filter { $0.channel != nil }
        for reading in named.isEmpty ? readings : named {
            hasher.combine(reading.channel)
            hasher.combine(Array(reading.streamKey.exposed.utf8))
        }
        return hasher.finalize()
    }
}

extension PublishRefusal.Reason {
    /// True when it may be somebody who guesses. Who is too early knows a secret, and is right soon.
    fileprivate var isHeldAgainstAddress: Bool {
        switch self {
        case .unknownChannel, .wrongKey, .tokenExpired, .tokenOtherChannel, .tokenWrongAddress, .tokenBadSignature: true
        default: false
        }
    }

    /// True when the operator's service is down, rather than wrong.
    fileprivate var isOutage: Bool { self == .webhookTimeout || self == .webhookUnreachable || self == .webhookError }
}
