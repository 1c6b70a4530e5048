public import Media
public import Schema
public import Transcoding

/// A rendition that is encoded.
public struct RenditionSettings: SchemaObject {
    /// The lines of its pictures.
    public var height: Int?
    /// The frame that they fit into.
    public var size: PictureSize?
    /// Which frames are taken.
    public var frameRateDivisor = 1
    /// The bits that they take on average.
    public var bitrate = BitRate.kilobits(1000)
    /// The most that they take.
    public var maxrate: BitRate?
    /// What the decoder's buffer holds.
    public var buffer: Duration?
    /// What they are encoded with.
    public var codec = VideoCoding.h264
    /// The encoder's preset.
    public var preset: String?
    /// The codec's profile.
    public var profile: String?

    /// A rendition without a size.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<RenditionSettings>(
        doc: "A rendition that is encoded",
        fields: [
            Field(
                "height", \.height, Constraint(sideWords, isMet: isSide), example: 720,
                doc: "The lines of its pictures, or the width of upright ones; the other side follows"),
            Field(
                "size", \.size,
                Constraint("even sides of \(Rendition.sides.lowerBound) to \(Rendition.sides.upperBound)") {
                    isSide($0.width) && isSide($0.height)
                },
                doc: "In place of height: the frame that pictures fit into, whatever their aspect ratio"),
            Field(
                "frameRateDivisor", \.frameRateDivisor, .range(Rendition.divisors),
                doc: "Take every second, third or fourth frame alone"),
            Field(
                "bitrate", \.bitrate, .range(Rendition.bitRates), isRequired: true, example: "3M",
                doc: "The bits a second that pictures take on average"),
            Field(
                "maxrate", \.maxrate, .range(Rendition.bitRates),
                doc: "The most that they take over the length of the buffer; a tenth more than bitrate where not set"),
            Field(
                "buffer", \.buffer, .range(Rendition.shortestBuffer.duration ... .seconds(4)),
                doc:
                    "How much of maxrate a decoder's buffer holds; where not set 500ms in ultra (1s at most), 1s in low (2s), 1500ms in standard"
            ),
            Field("codec", \.codec, doc: "What they are encoded with"),
            Field(
                "preset", \.preset, .length(1...32),
                doc:
                    "The encoder's: ultrafast to veryslow for h264 (veryfast where not set) and hevc (superfast), 8 to 4 for av1"
            ),
            Field(
                "profile", \.profile, .length(1...32),
                doc:
                    "The codec's: baseline, main or high for h264, main or main10 for hevc; high and main where not set"
            ),
        ],
        anyOf: [["height", "size"]],
        validate: { rendition, path, faults in
            if rendition.height != nil, rendition.size != nil {
                faults.add(path["size"], nil, "there is a height too: leave one of the two out")
            }
        })

    private static let sideWords =
        "an even number from \(Rendition.sides.lowerBound) to \(Rendition.sides.upperBound)"

    private static func isSide(_ length: Int) -> Bool { length % 2 == 0 && Rendition.sides.contains(length) }

    var rendition: Rendition {
        let extent = size.map(Rendition.Extent.frame) ?? .lines(height ?? 0)
        var rendition = Rendition(extent, bitRate: bitrate)
        rendition.pace = .every(frameRateDivisor)
        rendition.maximumBitRate = maxrate
        rendition.buffer = buffer.map(MediaTime.init)
        rendition.coding = codec
        rendition.preset = preset
        rendition.profile = profile
        return rendition
    }
}

extension VideoCoding: FieldChoice {
    /// The names of the standards, and of encoders.
    public static var otherNames: [String: VideoCoding] {
        [
            "avc": .h264, "x264": .h264, "libx264": .h264, "h265": .hevc, "x265": .hevc, "libx265": .hevc,
            "libaom-av1": .av1, "aom": .av1,
        ]
    }
}

extension BitRate: FieldText {
    /// `bit rate`
    public static var textName: String { "bit rate" }

    /// A number with a unit.
    public static var textForm: String { #"a bit rate with its unit, such as "800k" or "2.5M""# }

    /// The bit rate of a number and its unit.
    public init?(fieldText text: String) { self.init(text) }

    /// The bit rate in the largest unit that writes it.
    public var fieldText: String { description }
}

extension PictureSize: FieldText {
    /// `size`
    public static var textName: String { "size" }

    /// Two numbers.
    public static var textForm: String { #"a size such as "1280x720""# }

    /// The size of those sides.
    public init?(fieldText text: String) { self.init(text) }

    /// The sides.
    public var fieldText: String { description }
}
