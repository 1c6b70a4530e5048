internal import Configuration
internal import Ingest
public import Schema

/// What becomes of addresses that give wrong keys.
public struct PublishBackoffSettings: SchemaObject {
    /// After how many wrong keys.
    public var failures = PublishBackoffLimits().failures
    /// How long at most.
    public var longest = PublishBackoffLimits().longest

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<PublishBackoffSettings>(
        doc: "Addresses that give wrong keys",
        fields: [
            Field(
                "failures", \.failures, .range(0...1_000_000),
                doc:
                    "After how many different wrong keys or tokens an IPv4 address or IPv6 /64 is refused for ten seconds, twice as long each time; 0: never"
            ),
            Field(
                "longest", \.longest, .range(.seconds(1) ... .seconds(86_400)),
                doc: "How long an address is refused at most"),
        ])

    var limits: PublishBackoffLimits {
        var limits = PublishBackoffLimits()
        (limits.failures, limits.longest) = (failures, longest)
        return limits
    }
}
