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
    /// Tells the person at the encoder about something that is not right; the feed goes on.
    func warn(code: String, description: String)
    /// Ends the feed, saying why.
    func disconnect(reason: String)
}

/// Something of a feed. Times are the source's own, unwrapped.
public enum FeedEvent: Sendable {
    /// The configuration of the samples that follow, of the track's kind.
    case track(Track)
    /// A picture.
    case video(Sample)
    /// A frame of sound.
    case audio(Sample)
    /// Data for programs beside the player.
    case metadata(TimedMetadata)
    /// A break begins or ends.
    case splice(SpliceCue)
}

/// Where an accepted publisher's media go. Called by one thread at a time.
public protocol Feed: Sendable {
    /// The channel's id, for logs and metrics.
    var channelID: String { get }
    /// Takes what arrived at `arrival`.
    func receive(_ event: FeedEvent, arrival: Instant)
    /// The publisher has gone.
    func end()
}

/// Decides who may publish, for all protocols.
public protocol PublishGate: Sendable {
    /// The feed that `publisher` may fill.
    func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed
}
