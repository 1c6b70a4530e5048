internal import Channels
internal import Configuration
internal import Packaging
public import Schema
public import Telemetry

/// A channel's second input, which stands in for the primary one.
public struct BackupSettings: SchemaObject {
    /// What the publisher of the backup must know.
    public var streamKey: Secret<String>?
    /// Where the server fetches the backup from itself.
    public var input: InputSettings?
    /// How long the input on the air may fail.
    public var switchAfter: Duration?
    /// How long the primary input must have been faultless.
    public var returnAfter = Duration.seconds(3)
    /// Which input is preferred.
    public var prefer = PreferredInput.primary

    /// A backup that nobody can publish to.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<BackupSettings>(
        doc: "A second input, which stands in for the primary one when that fails",
        fields: [
            Field(
                "streamKey", \.streamKey, .secret(.length(8...256)), example: "choose-another-long-key",
                doc: "What a publisher of the backup must know, by any protocol"),
            Field("input", \.input, doc: "Where the server fetches the backup from itself; nowhere where not set"),
            Field(
                "switchAfter", \.switchAfter, .range(.milliseconds(200) ... .seconds(60)),
                doc:
                    "How long the input on the air may be silent, frozen or without one of its tracks; where not set 1s in ultra, 1500ms in low, 2s in standard. A closed connection is left at once"
            ),
            Field(
                "returnAfter", \.returnAfter, .range(.zero ... .seconds(3600)),
                doc: "How long the primary input must have been faultless before the channel returns to it"),
            Field(
                "prefer", \.prefer,
                doc: "primary returns to it; either stays with the input on the air until that fails"),
        ],
        anyOf: [["streamKey", "input"]])

    func configuration(_ latency: LatencyProfile.Name) -> BackupConfiguration {
        BackupConfiguration(
            streamKey: streamKey,
            rules: FailoverRules(
                for: latency, switchAfter: switchAfter, returnAfter: returnAfter, prefersPrimary: prefer == .primary))
    }
}

/// Which of two healthy inputs is on the air.
public enum PreferredInput: String, FieldChoice {
    /// The primary one.
    case primary
    /// The one that is.
    case either
}

extension SecondPublisherPolicy: FieldChoice {}
