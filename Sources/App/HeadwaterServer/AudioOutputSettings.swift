public import Schema
public import Transcoding

/// What is made of sound where pictures are encoded.
public struct AudioOutputSettings: SchemaObject {
    /// The bits that it takes.
    public var bitrate = AudioOutput().bitRate
    /// How many channels it has at most.
    public var channels = AudioOutput().channelCount
    /// Its sample rate.
    public var sampleRate: Int?
    /// Whether AAC that is as it should be goes out as it comes.
    public var copy = true
    /// Whether AC-3 goes out as it comes too.
    public var dolby = true
    /// How loud it is made.
    public var loudness: Double?
    /// By how much louder it is made.
    public var gain: Double?

    /// Stereo as loud as it comes.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<AudioOutputSettings>(
        doc: "What is made of sound",
        fields: [
            Field("bitrate", \.bitrate, doc: "The bits a second of AAC-LC, with all its channels"),
            Field(
                "channels", \.channels, Constraint("1, 2 or 6") { AudioOutput.channelCounts.contains($0) },
                doc: "How many channels it has at most: more are mixed down, fewer stay"),
            Field(
                "sampleRate", \.sampleRate,
                Constraint("32000, 44100 or 48000") { rate in AudioOutput.sampleRates.contains { Int($0) == rate } },
                doc: "Its sample rate; the source's where not set, and 48000 where that is another one"),
            Field("copy", \.copy, doc: "Publish AAC-LC that is so already as it comes"),
            Field("dolby", \.dolby, doc: "Publish AC-3 and E-AC-3 as they come too, beside the AAC"),
            Field(
                "loudness", \.loudness, .range(AudioOutput.loudnesses), example: -23,
                doc: "Bring it to so many LUFS as it goes on (ITU-R BS.1770); as it comes where not set"),
            Field(
                "gain", \.gain, .range(AudioOutput.gains),
                doc: "Make it so many decibels louder, or quieter where negative; as it comes where not set"),
        ],
        validate: { audio, path, faults in
            if audio.loudness != nil, audio.gain != nil {
                faults.add(path["gain"], nil, "loudness decides how loud it is: leave one of the two out")
            }
        })

    var output: AudioOutput {
        var output = AudioOutput()
        output.bitRate = bitrate
        output.channelCount = channels
        output.sampleRate = sampleRate.map { UInt32(clamping: $0) }
        output.copiesWhatFits = copy
        output.keepsDolby = dolby
        output.level = loudness.map(AudioOutput.Level.loudness) ?? gain.map(AudioOutput.Level.gain) ?? .kept
        return output
    }
}
