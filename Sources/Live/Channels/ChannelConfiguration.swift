public import Ingest
internal import Media
public import Packaging
public import Telemetry
public import Transcoding

/// What a channel is told about itself.
public struct ChannelConfiguration: Sendable {
    /// The name in URLs.
    public let id: String
    /// The name for people.
    public let name: String
    /// What a publisher must know: any of them.
    public let streamKeys: [Secret<String>]
    /// How the channel is packaged.
    public let profile: LatencyProfile
    /// The tracks that it has.
    public let tracks: DeclaredTracks
    /// What it asks of those who publish.
    public let terms: PublishTerms
    /// How it goes on when its primary input fails; nothing where there is no backup.
    public let backup: BackupConfiguration?
    /// What becomes of a second publisher to an input that has one.
    public let secondPublisher: SecondPublisherPolicy
    /// What is made of what comes.
    public let output: OutputProfile
    /// What it shows while nothing comes; where not set, media are missing then.
    public let slate: SlateRules?

    /// A channel of that name.
    public init(
        id: String, name: String, streamKey: Secret<String>?, secondStreamKey: Secret<String>? = nil,
        profile: LatencyProfile, tracks: DeclaredTracks = .videoAndAudio, terms: PublishTerms = PublishTerms(),
        backup: BackupConfiguration? = nil, secondPublisher: SecondPublisherPolicy = .reject,
        output: OutputProfile = .passthrough, slate: SlateRules? = nil
    ) {
        self.id = id
        self.name = name
        streamKeys = [streamKey, secondStreamKey].compactMap(\.self)
        self.profile = profile
        self.tracks = tracks
        self.terms = terms
        self.backup = backup
        self.secondPublisher = secondPublisher
        self.output = output
        self.slate = slate
    }
}

extension ChannelConfiguration {
    /// What its pictures are expected to be like before any have come; nothing where it has none.
    var expectedTracks: [Track] { tracks.hasVideo ? output.expectedTracks : [] }
}

/// A channel's second input, and when it is used.
public struct BackupConfiguration: Sendable {
    /// What the backup's publisher must know; nothing where the server fetches it itself.
    public let streamKey: Secret<String>?
    /// When the channel changes from one input to the other.
    public let rules: FailoverRules

    /// A backup that is published to with `streamKey`.
    public init(streamKey: Secret<String>?, rules: FailoverRules) {
        self.streamKey = streamKey
        self.rules = rules
    }
}

/// When a channel changes from one input to the other.
public struct FailoverRules: Sendable, Hashable {
    /// How long the input on the air may be silent, frozen or without one of its tracks.
    public var switchAfter: Duration
    /// How long the primary input must have been faultless before the channel returns to it.
    public var returnAfter: Duration
    /// True when the channel returns to the primary input; else it stays where it is until that fails.
    public var prefersPrimary: Bool

    /// The rules for a channel of that profile, but for what is given.
    public init(
        for profile: LatencyProfile.Name, switchAfter: Duration? = nil, returnAfter: Duration? = nil,
        prefersPrimary: Bool = true
    ) {
        self.switchAfter = switchAfter ?? Self.switchAfter(profile)
        self.returnAfter = returnAfter ?? .seconds(3)
        self.prefersPrimary = prefersPrimary
    }

    /// Viewers who are close to the live edge run dry first.
    private static func switchAfter(_ profile: LatencyProfile.Name) -> Duration {
        switch profile {
        case .ultra: .seconds(1)
        case .low: .milliseconds(1500)
        case .standard: .seconds(2)
        }
    }
}

/// What becomes of a second publisher to an input that has one that sends.
public enum SecondPublisherPolicy: String, Sendable, CaseIterable {
    /// It is refused.
    case reject
    /// It takes the first one's place, but not again and again.
    case takeover
}
