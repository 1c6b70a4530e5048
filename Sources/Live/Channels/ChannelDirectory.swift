public import Ingest
internal import Telemetry

/// All channels by id; decides which of them a publisher may fill.
public final class ChannelDirectory: PublishGate {
    /// The channels in the order of the configuration.
    public let channels: [Channel]
    private let byID: [String: Channel]

    /// A directory of `channels`, whose ids differ.
    public init(_ channels: [Channel]) {
        self.channels = channels
        byID = Dictionary(channels.map { ($0.configuration.id, $0) }) { first, _ in first }
    }

    /// The channel of that id.
    public subscript(id: String) -> Channel? { byID[id] }

    /// Opens the channel that the stream key belongs to. Keys are compared in constant time, all of them.
    public func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
        if let id = request.channel {
            guard let channel = byID[id] else {
                throw PublishRefusal(.unknownChannel, "There is no channel \"\(Self.printable(id))\" here")
            }
            guard channel.configuration.streamKey == request.streamKey else {
                throw PublishRefusal(.wrongKey, "The stream key does not belong to this channel")
            }
            return try channel.attach(publisher)
        }
        var found: Channel?
        for channel in channels where channel.configuration.streamKey == request.streamKey { found = channel }
        guard let found else {
            // The commonest mistake; whoever makes it has told no secret.
            let isName = byID.keys.contains { request.streamKey == Secret($0) }
            throw PublishRefusal(
                .wrongKey,
                isName
                    ? "That is a channel's name: publish to its stream key, or to CHANNEL?key=STREAMKEY"
                    : "No channel has this stream key")
        }
        return try found.attach(publisher)
    }

    /// A name from outside, fit to be shown.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(64).map(Character.init))
    }
}
