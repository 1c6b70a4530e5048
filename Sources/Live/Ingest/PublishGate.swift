public import Media
public import Telemetry
public import Time

/// What a publisher asks for.
public struct PublishRequest: Sendable {
    /// The protocol, such as `rtmp`.
    public let scheme: String
    /// The channel that it named, where it named one.
    public let channel: String?
    /// The stream key.
    public let streamKey: Secret<String>

    /// A request by that protocol for that channel with that key.
    public init(scheme: String, channel: String?, streamKey: Secret<String>) {
        self.scheme = scheme
        self.channel = channel
        self.streamKey = streamKey
    }
}

/// Why nothing may be published, in a sentence for the publisher.
public struct PublishRefusal: Error, Sendable, Hashable {
    /// The kinds of refusal. The raw value is the stable code in logs and metrics.
    public enum Reason: String, Sendable, CaseIterable {
        /// No channel of that name.
        case unknownChannel = "unknown_channel"
        /// The key fits no channel, or not the one named.
        case wrongKey = "wrong_key"
        /// Somebody else is publishing to the channel.
        case busy
        /// The server takes no more publishers.
        case shuttingDown = "shutting_down"
    }

    /// The kind of refusal.
    public let reason: Reason
    /// The sentence, safe to show to anyone.
    public let description: String

    /// A refusal for that reason.
    public init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}

/// Who publishes, as the channel sees it.
public protocol Publisher: Sendable {
    /// True when the other end has gone for good: nothing comes any more but what it sent before.
    var hasLeft: Bool { get }
    /// Tells the person at the encoder about something that is not right; the feed goes on.
    func warn(code: String, description: String)
    /// Ends the feed, saying why.
    func disconnect(reason: String)
}

extension Publisher {
    /// False: what has gone ends its feed at once.
    public var hasLeft: Bool { false }
}

/// Something of a feed. Times are the source's own, unwrapped.
public enum FeedEvent: Sendable {
    /// How many audio tracks there are, where the source tells before they come.
    case announcement(audioTracks: Int)
    /// There is a stream of that codec, which nothing can be made of.
    case unusable(codecName: String)
    /// The configuration of the samples that follow, of the track's kind.
    case track(Track)
    /// A picture.
    case video(Sample)
    /// A frame of sound, of the audio track of that index.
    case audio(Sample, track: Int = 0)
    /// Data for programs beside the player.
    case metadata(TimedMetadata)
    /// A break begins or ends.
    case splice(SpliceCue)
}

/// What a channel asks of those who publish to it.
public struct PublishTerms: Sendable {
    /// What an SRT connection must be encrypted with; nothing where it must not be.
    public var passphrase: Secret<String>?
    /// How long SRT packets are held; the listener's wish where nothing is said.
    public var latency: Duration?
    /// The program of a transport stream, by its number; the first one where nothing is said.
    public var program: UInt16?

    /// Those terms.
    public init(passphrase: Secret<String>? = nil, latency: Duration? = nil, program: UInt16? = nil) {
        self.passphrase = passphrase
        self.latency = latency
        self.program = program
    }
}

/// Where an accepted publisher's media go. Called by one thread at a time.
public protocol Feed: Sendable {
    /// The channel's id, for logs and metrics.
    var channelID: String { get }
    /// What the channel asks for.
    var terms: PublishTerms { get }
    /// Takes what arrived at `arrival`.
    func receive(_ event: FeedEvent, arrival: Instant)
    /// The publisher has gone.
    func end()
}

/// Decides who may publish, for all protocols.
public protocol PublishGate: Sendable {
    /// What the channel that is asked for wants, if it could be opened now. Changes nothing, and waits for nothing.
    func admit(_ request: PublishRequest) throws(PublishRefusal) -> PublishTerms
    /// The feed that `publisher` may fill.
    func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed
    /// The feed of that input of the channel of that id, for `publisher`, which the server itself has called.
    func open(
        _ input: ChannelInput, of channel: String, for publisher: any Publisher
    ) throws(PublishRefusal) -> any Feed
}
