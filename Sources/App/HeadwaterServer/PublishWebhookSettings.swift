internal import Configuration
internal import HTTP
internal import Ingest
public import Schema
public import Telemetry

/// The operator's service that is asked about publishers.
public struct PublishWebhookSettings: SchemaObject {
    /// Where it is.
    public var url = Secret("")
    /// What requests to it are signed with.
    public var secret = Secret("")
    /// How long it may take.
    public var timeout = Duration.seconds(3)
    /// What becomes of publishers while it is down.
    public var whenDown = WhenDown.refuse

    /// What becomes of publishers while the service is down.
    public enum WhenDown: String, FieldChoice {
        /// They are not let in.
        case refuse
        /// They are let in.
        case admit
    }

    /// No service.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<PublishWebhookSettings>(
        doc: "The operator's service that is asked about publishers",
        fields: [
            Field(
                "url", \.url, Constraint("a URL of http:// or https://") { HTTPURL($0.exposed) != nil },
                isRequired: true, example: "https://example.org/may-publish",
                doc: "Where each publisher with a right key is asked about: 2xx lets it in, 4xx refuses it"),
            Field(
                "secret", \.secret, .secret(.length(16...256)), isRequired: true, example: "choose-a-long-secret",
                doc: "What those requests are signed with"),
            Field(
                "timeout", \.timeout, .range(.milliseconds(100) ... .seconds(30)),
                doc: "How long the whole answer may take; what an SRT publisher sends meanwhile is kept"),
            Field(
                "whenDown", \.whenDown,
                doc: "What becomes of publishers when nobody answers, not in time, or with 5xx"),
        ])

    var webhook: PublishWebhook {
        PublishWebhook(url: url, secret: secret, timeout: timeout, admitsWhenDown: whenDown == .admit)
    }
}
