internal import Bytes
public import Media
public import Telemetry
public import Time

/// What a publisher asks for.
public struct PublishRequest: Sendable {
    /// What the publisher gave, in a way in which it can be read.
    public struct Reading: Sendable {
        /// The channel that it named, where it named one.
        public let channel: String?
        /// The stream key, or a publish token in its place.
        public let streamKey: Secret<String>

        /// That channel and that key.
        public init(channel: String?, streamKey: Secret<String>) {
            (self.channel, self.streamKey) = (channel, streamKey)
        }

        /// That channel and that key as they stand, and percent-decoded where that is something else: only who knows the keys
        /// can tell which is meant.
        public static func each(channel: String?, streamKey: String) -> [Reading] {
            func decoded(_ text: String) -> String {
                String(decoding: PercentEscapes.decoded(Array(text.utf8)[...]), as: UTF8.self)
            }
            let (plain, meant) = ((channel, streamKey), (channel.map(decoded), decoded(streamKey)))
            return (meant == plain ? [plain] : [plain, meant]).map { Reading(channel: $0, streamKey: Secret($1)) }
        }
    }

    /// The protocol, such as `rtmp`.
    public let scheme: String
    /// Each way in which what the publisher gave can be read. The first that fits counts.
    public let readings: [Reading]
    /// The publisher's address, in numbers.
    public let address: String
    /// What the connection is called in the log.
    public let connectionID: String

    /// A request by that protocol.
    public init(scheme: String, readings: [Reading], address: String, connectionID: String) {
        (self.scheme, self.readings) = (scheme, readings)
        (self.address, self.connectionID) = (address, connectionID)
    }

    /// A request by that protocol for that channel with that key, or a token in its place.
    public init(
        scheme: String, channel: String?, streamKey: Secret<String>, address: String = "", connectionID: String = ""
    ) {
        self.init(
            scheme: scheme, readings: [Reading(channel: channel, streamKey: streamKey)], address: address,
            connectionID: connectionID)
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
        /// The publish token is over.
        case tokenExpired = "token_expired"
        /// The publish token is for later.
        case tokenNotYetValid = "token_not_yet_valid"
        /// The publish token is for another channel.
        case tokenOtherChannel = "token_other_channel"
        /// The publish token is for other addresses.
        case tokenWrongAddress = "token_wrong_address"
        /// The publish token was signed with no secret of this server, or is not whole.
        case tokenBadSignature = "token_bad_signature"
        /// Too many wrong keys came from the address. Told of when that begins, and not for each refusal.
        case tooManyFailures = "too_many_failures"
        /// The operator's service said no.
        case webhookRefused = "webhook_refused"
        /// The operator's service did not answer in time.
        case webhookTimeout = "webhook_timeout"
        /// The operator's service does not answer.
        case webhookUnreachable = "webhook_unreachable"
        /// The operator's service has failed.
        case webhookError = "webhook_error"
        /// The operator's service sends one elsewhere.
        case webhookRedirect = "webhook_redirect"
        /// What the operator's service answered is nothing that could be believed.
        case webhookBadAnswer = "webhook_bad_answer"
        /// The publisher left, or was told to, before it was decided. No refusal, for those who count.
        case left
    }

    /// The kind of refusal.
    public let reason: Reason
    /// The sentence, safe to show to anyone.
    public let description: String
    /// What only the operator is told, in the log.
    public let detail: String?
    /// After how long another try may be heard, where that is known.
    public let retryAfter: Duration?
    /// The channel whose key or token was right, for the log.
    public internal(set) var channel: String?

    /// A refusal for that reason.
    public init(_ reason: Reason, _ description: String, detail: String? = nil, retryAfter: Duration? = nil) {
        self.reason = reason
        self.description = description
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The same, of a publisher who may publish to that channel as far as keys go.
    public func of(channel: String) -> PublishRefusal {
        var refusal = self
        refusal.channel = channel
        return refusal
    }

    /// A name from outside, fit to be shown.
    public static func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(64).map(Character.init))
    }
}

/// Who publishes, as the channel sees it.
public protocol Publisher: Sendable {
    /// True when the other end has gone for good: nothing comes any more but what it sent before.
    var hasLeft: Bool { get }
    /// False when nobody needs an answer any more: the publisher has left, or was told to. Asked many times a second.
    var awaitsAnswer: Bool { get }
    /// Tells the person at the encoder about something that is not right; the feed goes on.
    func warn(code: String, description: String)
    /// Ends the feed, saying why.
    func disconnect(reason: String)
}

extension Publisher {
    /// False: what has gone ends its feed at once.
    public var hasLeft: Bool { false }

    /// True as long as it has not left.
    public var awaitsAnswer: Bool { !hasLeft }
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
    /// The channel's input that they fill, for logs.
    var input: ChannelInput { get }
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
    /// The feed that `publisher` may fill. Waits for whoever has to be asked, as long as the publisher does.
    func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed
    /// The feed of that input of the channel of that id, for `publisher`, which the server itself has called.
    func open(
        _ input: ChannelInput, of channel: String, for publisher: any Publisher
    ) throws(PublishRefusal) -> any Feed
}
