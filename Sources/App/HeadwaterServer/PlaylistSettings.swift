internal import HLS
internal import Origin
public import Schema

/// How playlists are written.
public struct PlaylistSettings: SchemaObject {
    /// The query parameters that players carry along.
    public var queryParameters: [String] = []
    /// Content steering.
    public var steering: SteeringSettings?

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<PlaylistSettings>(
        doc: "How playlists are written",
        fields: [
            Field(
                "queryParameters", \.queryParameters, .count(0...4),
                Constraint(
                    "different names of 1 to 64 letters, digits, hyphens and underscores, not beginning with _HLS_"
                ) {
                    $0.allSatisfy(Self.isParameterName) && Set($0).count == $0.count
                },
                doc:
                    "Query parameters, such as a token, that players carry from a playlist's URL to all that it names"
            ),
            Field("steering", \.steering, doc: "Content steering; none where not set"),
        ])

    private static func isParameterName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("_HLS_")
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    || scalar == "-" || scalar == "_"
            }
    }

    var originOptions: OriginOptions {
        OriginOptions(
            queryParameters: queryParameters,
            steering: steering.map { MultivariantPlaylist.Steering(serverURI: $0.server, pathway: $0.pathway) })
    }
}

/// Content steering, RFC 8216bis §4.4.6.6.
public struct SteeringSettings: SchemaObject {
    /// Where players ask from where to fetch.
    public var server = ""
    /// From where they fetch until they know.
    public var pathway = "."

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<SteeringSettings>(
        doc: "Content steering: a server of yours tells players from which of several origins or networks to fetch",
        fields: [
            Field(
                "server", \.server, .length(1...2048), quotable, isRequired: true,
                doc: "The URI of the steering manifest, as EXT-X-CONTENT-STEERING's SERVER-URI"),
            Field(
                "pathway", \.pathway, .length(1...64),
                Constraint("letters, digits, dots, hyphens and underscores") { text in
                    text.utf8.allSatisfy { byte in
                        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                            || [0x2E, 0x2D, 0x5F].contains(byte)
                    }
                },
                doc: "The PATHWAY-ID of what this server serves"),
        ])

    /// A playlist's quoted string has neither quotes nor line ends (§4.2).
    private static let quotable = Constraint<String>("no quotes, spaces or control characters") { text in
        text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0.value != 0x7F }
    }
}
