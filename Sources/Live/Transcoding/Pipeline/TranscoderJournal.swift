internal import FFmpeg
internal import Locks
public import Telemetry
public import Time

/// Where a transcoder says what it does and what it cannot do.
public struct TranscoderJournal: Sendable {
    /// Faults come with every frame where they come at all: one of them is told in a while.
    private final class Limits: Sendable {
        let limiters = Mutex<[String: LogRateLimiter]>([:])
    }

    let metrics: TranscoderMetrics
    let clock: any Clocks
    private let logger: Logger
    private let limits = Limits()
    private static let interval = Duration.seconds(10)

    /// Says it to `logger`, which knows the channel, and counts it.
    public init(logger: Logger, metrics: TranscoderMetrics, clock: any Clocks) {
        (self.logger, self.metrics, self.clock) = (logger, metrics, clock)
    }

    /// A run is transcoded into `ladder`.
    func began(_ renditions: [String]) {
        let list = renditions.joined(separator: ", ")
        logger.info("transcoder.started", ["renditions": .public(list)])
    }

    /// Something could not be done.
    func failed(_ step: TranscodingStep, rendition: String? = nil, _ error: CodecError) {
        metrics.faults(step).increment()
        var fields: LogFields = ["step": .public(step.rawValue), "error": .public(error.description)]
        if let rendition { fields["rendition"] = .public(rendition) }
        tell("transcoder.failed", of: step.rawValue + (rendition ?? ""), fields)
    }

    /// Samples could not be decoded.
    func undecodable(_ count: Int, _ step: TranscodingStep) {
        metrics.faults(step).increment(by: count)
        tell("transcoder.undecodable", of: step.rawValue, ["step": .public(step.rawValue)])
    }

    /// One more measure is taken against being behind, or one less.
    func sheds(_ change: Shedding.Change) {
        metrics.shedding.set(Double(change.level))
        if change.isMore {
            logger.warning(
                "transcoder.shedding", ["level": .public(change.level), "hint": .public(Self.hint)])
        } else if change.level == 0 {
            logger.info("transcoder.recovered")
        }
    }

    private static let hint = "this machine cannot encode all renditions as fast as pictures come: choose fewer"

    /// A sample was left out, because those before it are not done yet.
    func dropped() {
        metrics.dropped.increment()
        tell(
            "transcoder.behind", of: "",
            ["hint": .public(Self.hint)])
    }

    private func tell(_ event: StaticString, of subject: String, _ fields: LogFields) {
        let decision = limits.limiters.withLock { limiters in
            limiters["\(event) \(subject)", default: LogRateLimiter(interval: Self.interval)].admit(at: clock.now)
        }
        guard case .log(let folded) = decision else { return }
        var fields = fields
        if folded > 0 { fields["folded"] = .public(folded) }
        logger.warning(event, fields)
    }
}
