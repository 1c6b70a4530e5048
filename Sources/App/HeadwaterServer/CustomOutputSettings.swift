internal import Media
public import Schema
internal import Time
public import Transcoding

/// An output of the operator's own.
public struct CustomOutputSettings: SchemaObject {
    /// The ladder of a name.
    public var ladder: OutputPreset?
    /// The renditions of a ladder without one.
    public var renditions: [RenditionSettings] = []
    /// Whether the source's own pictures are the top rung.
    public var mixed = false
    /// How far key frames are apart.
    public var gop: Duration?
    /// How many pictures there are in a second.
    public var frameRate: Double?
    /// What is made of sound.
    public var audio = AudioOutputSettings()

    /// No rendition.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<CustomOutputSettings>(
        doc: "What is made of what comes to a channel",
        fields: [
            Field("ladder", \.ladder, doc: "The renditions of that name"),
            Field(
                "renditions", \.renditions, .count(0...OutputProfile.renditionLimit),
                doc: "The renditions, where they have no name; those that are larger than the source are left out"),
            Field(
                "mixed", \.mixed,
                doc: "Publish the source's own pictures as they come, and encode only what is smaller than they are"),
            Field(
                "gop", \.gop,
                .range(
                    OutputProfile.keyFrameIntervals.lowerBound
                        .duration...OutputProfile.keyFrameIntervals.upperBound.duration),
                doc:
                    "How far key frames are apart, in all renditions alike; where not set 1s in ultra, else 2s. With mixed those of the source count"
            ),
            Field(
                "frameRate", \.frameRate, .range(5...120),
                doc:
                    "Pictures in a second of all renditions, evenly spaced: some of the source's are left out, or shown twice; where not set, all of them at their own times. 29.97 and the like are exact"
            ),
            Field("audio", \.audio, doc: "What is made of sound"),
        ],
        anyOf: [["ladder", "renditions", "audio"]],
        validate: { output, path, faults in
            if output.ladder != nil, !output.renditions.isEmpty {
                faults.add(path["renditions"], nil, "ladder has renditions of its own: leave one of the two out")
            }
            guard !output.hasRenditions else { return }
            if output.mixed || output.gop != nil || output.frameRate != nil {
                faults.add(
                    path[output.mixed ? "mixed" : output.gop != nil ? "gop" : "frameRate"], nil,
                    "no pictures are encoded: write renditions, or a ladder with a name, or leave this out")
            } else if output.audio.output == AudioOutput() {
                faults.add(
                    path["renditions"], nil, "there is none: write one, or a ladder with a name, or what audio is to be"
                )
            }
        })

    private var hasRenditions: Bool { ladder != nil || !renditions.isEmpty }

    var profile: OutputProfile {
        let chosen = ladder?.renditions ?? renditions.map(\.rendition)
        let pictures: OutputProfile.Pictures =
            !hasRenditions ? .passthrough : mixed ? .mixed(chosen) : .ladder(chosen)
        var profile = OutputProfile(pictures, keyFrameInterval: gop.map { MediaTime($0) }, audio: audio.output)
        profile.frameDistance = frameRate.map(MediaTime.init(framesPerSecond:))
        return profile
    }
}

extension OutputPreset: FieldChoice {}

extension MediaTime {
    init(_ duration: Duration) { self = .milliseconds(duration.wholeMilliseconds) }

    var duration: Duration { .milliseconds(ticks(in: .milliseconds)) }
}
