public import Channels
internal import Configuration
internal import Ingest
internal import Media
public import Packaging
public import Schema
public import Telemetry
internal import Time
internal import Transcoding

/// One channel.
public struct ChannelSettings: SchemaObject {
    /// The name in URLs.
    public var id = ""
    /// The name for people.
    public var name: String?
    /// What a publisher must know.
    public var streamKey: Secret<String>?
    /// Another one, while keys are exchanged.
    public var secondStreamKey: Secret<String>?
    /// The latency profile.
    public var latency = LatencyProfile.Name.low
    /// A target duration that differs from the profile's.
    public var targetDuration: Int?
    /// How far viewers can go back.
    public var dvrWindow = Duration.seconds(3600)
    /// The tracks that the channel has.
    public var tracks = DeclaredTracks.videoAndAudio
    /// What SRT publishers must encrypt with.
    public var srtPassphrase: Secret<String>?
    /// How long SRT packets of its publishers are held.
    public var srtLatency: Duration?
    /// The program of a transport stream.
    public var program: Int?
    /// Where the server fetches the channel from itself.
    public var input: InputSettings?
    /// What stands in for the primary input.
    public var backup: BackupSettings?
    /// What becomes of a second publisher.
    public var secondPublisher = SecondPublisherPolicy.reject
    /// What is made of what comes.
    public var output = OutputSettings.named(.passthrough)
    /// What it shows while nothing comes.
    public var slate = SlateSettings()

    /// A channel without an id.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<ChannelSettings>(
        doc: "A channel",
        fields: [
            Field("id", \.id, .identifier, isRequired: true, example: "news", doc: "The channel's name in URLs"),
            Field("name", \.name, .length(1...200), example: "News", doc: "The channel's name for people"),
            Field(
                "streamKey", \.streamKey, .secret(.length(8...256)), example: "choose-a-long-key",
                doc: "What a publisher must know; a channel has a stream key or an input"),
            Field(
                "secondStreamKey", \.secondStreamKey, .secret(.length(8...256)), example: "choose-a-second-key",
                doc: "Another key that is right: the former or the next, while keys are exchanged"),
            Field("latency", \.latency, doc: "How latency is traded for resilience"),
            Field(
                "targetDuration", \.targetDuration, .range(1...30),
                doc: "Seconds after which a segment is cut though no key frame came; the profile's where not set"),
            Field(
                "dvrWindow", \.dvrWindow, .range(.zero ... .seconds(86_400)),
                doc: "How far viewers of dvr.m3u8 can go back; 0s is not at all. It takes twice as much room on disk"),
            Field(
                "tracks", \.tracks,
                doc: "What the channel has; sound that does not come is silent, and what is not named is left out"),
            Field(
                "srtPassphrase", \.srtPassphrase, .secret(.length(10...80)), example: "choose-a-passphrase",
                doc:
                    "What SRT publishers must encrypt with (AES-128, 192 or 256, as they wish); without it they must not"
            ),
            Field(
                "srtLatency", \.srtLatency, .range(.zero ... .seconds(60)),
                doc: "How long SRT packets of the channel are held; srt.latency where not set"),
            Field(
                "program", \.program, .range(1...65_535),
                doc: "The number of the program in a transport stream of several; the first where not set"),
            Field("input", \.input, doc: "Where the server fetches the channel from itself; nowhere where not set"),
            Field("backup", \.backup, doc: "A second input, which stands in for the primary one when that fails"),
            Field(
                "secondPublisher", \.secondPublisher,
                doc:
                    "What becomes of a second publisher with the key of one that sends: reject, or takeover of its place (three times a minute at most)"
            ),
            Field(
                "output", \.output,
                doc: "What is made of what comes: nothing (passthrough), or a ladder of renditions; see Transcoding"),
            Field("slate", \.slate, doc: "What viewers see while nothing comes in"),
        ],
        anyOf: [["streamKey", "secondStreamKey", "input"]],
        validate: { channel, path, faults in
            channel.output.check(channel.outputTerms, at: path["output"], into: &faults)
        })

    /// What the channel asks of those who publish to it.
    var terms: PublishTerms {
        PublishTerms(passphrase: srtPassphrase, latency: srtLatency, program: program.map { UInt16(clamping: $0) })
    }

    /// What its output has to go with.
    private var outputTerms: OutputTerms {
        OutputTerms(latency: profile, hasVideo: tracks != .audio, hasAudio: tracks != .video)
    }

    var profile: LatencyProfile {
        var profile = LatencyProfile(latency, targetDuration: targetDuration)
        if dvrWindow > .zero { profile.dvrWindow = .milliseconds(dvrWindow.wholeMilliseconds) }
        return profile
    }
}

extension LatencyProfile.Name: FieldChoice {}

extension DeclaredTracks: FieldChoice {}
