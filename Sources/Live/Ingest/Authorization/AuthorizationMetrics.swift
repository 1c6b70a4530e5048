internal import Telemetry

/// What is decided about publishers, in numbers; refusals are among those of `IngestMetrics`.
struct AuthorizationMetrics {
    let holds: Counter
    private let answers: MetricFamily<Counter>

    init(_ registry: MetricsRegistry) {
        holds = registry.counter(
            "headwater_ingest_backoffs_total", help: "Times that an address was held off after wrong keys.")
        answers = registry.counters(
            "headwater_ingest_webhook_total", help: "What the webhook about publishers came to.", labels: "outcome")
    }

    func answered(_ answer: PublishWebhook.Answer) {
        let outcome =
            switch answer {
            case .admitted: "admitted"
            case .refused: PublishRefusal.Reason.webhookRefused.rawValue
            case .failed(let reason, _): reason.rawValue
            case .abandoned: PublishRefusal.Reason.left.rawValue
            }
        answers.child(outcome).increment()
    }
}
