internal import Configuration
public import Schema
public import Telemetry

/// What publish tokens are signed with.
public struct PublishTokenSettings: SchemaObject {
    /// The secret for new tokens.
    public var secret: Secret<String>?
    /// A secret that is taken too.
    public var secondSecret: Secret<String>?

    /// No tokens.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<PublishTokenSettings>(
        doc: "Publish tokens, which stand in for stream keys",
        fields: [
            Field(
                "secret", \.secret, .secret(.length(16...256)), example: "choose-a-long-secret",
                doc: "What publish tokens are signed with; without any secret there are none"),
            Field(
                "secondSecret", \.secondSecret, .secret(.length(16...256)), example: "choose-a-second-secret",
                doc: "Another one whose tokens are taken: the former or the next, while the secret is exchanged"),
        ])

    /// All that tokens may be signed with.
    var secrets: [Secret<String>] { [secret, secondSecret].compactMap(\.self) }
}
