internal import Channels
internal import Configuration
internal import FFmpeg
internal import Glibc
public import Schema
internal import Transcoding

/// What a channel shows while nothing comes in.
public struct SlateSettings: SchemaObject {
    /// Whether anything is shown.
    public var show = true
    /// The file of a picture.
    public var image: String?
    /// What is written below the channel's name.
    public var text = "We will be right back"
    /// How long nothing comes before it is shown.
    public var after = Duration.milliseconds(500)
    /// How long the last picture of an encoder is shown instead, where pictures are encoded.
    public var hold = Duration.seconds(5)
    /// Whether it is shown before the first encoder has come.
    public var start = false

    /// A card with the channel's name.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<SlateSettings>(
        doc: "What a channel shows while nothing comes in",
        fields: [
            Field("show", \.show, doc: "Show it; with false media are missing (EXT-X-GAP) until an encoder is back"),
            Field(
                "image", \.image, .length(1...4096),
                doc: "The file of a picture, PNG or JPEG; a card with the channel's name where not set"),
            Field("text", \.text, .length(0...80), doc: "What is written below the channel's name on that card"),
            Field(
                "after", \.after, .range(.zero ... .seconds(60)),
                doc:
                    "How long nothing comes before it is shown. An encoder is given up two seconds after its last frame"
            ),
            Field(
                "hold", \.hold, .range(.zero ... .seconds(60)),
                doc:
                    "How long the last picture of an encoder is shown before it, where all pictures are encoded: there the stream goes on unbroken, and nothing is heard"
            ),
            Field(
                "start", \.start,
                doc:
                    "Show it from the start of the server on, before anything has come: as H.264, in the sizes of the output, and 1280x720 with passthrough"
            ),
        ],
        validate: { slate, path, faults in
            if let image = slate.image, access(image, R_OK) != 0 {
                faults.add(path["image"], nil, "there is no file \(image) that can be read")
            }
        })

    /// What it means on a channel of that name.
    func rules(title: String) -> SlateRules? {
        guard show else { return nil }
        let content = image.map { StillPicture.Content.image(path: $0) } ?? .card(title: title, line: text)
        var rules = SlateRules(StillPicture(content), after: after, isFirst: start)
        rules.hold = hold
        return rules
    }
}
