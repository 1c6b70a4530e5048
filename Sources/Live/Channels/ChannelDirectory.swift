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

    /// The terms of the channel that the stream key belongs to.
    public func admit(_ request: PublishRequest) throws(PublishRefusal) -> PublishTerms {
        let (channel, input) = try find(request)
        try channel.checkRoom(for: input)
        return channel.configuration.terms
    }

    /// Opens the channel that the stream key belongs to.
    public func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
        let (channel, input) = try find(request)
        return try channel.attach(publisher, to: input)
    }

    /// Opens that input of the channel of that id.
    public func open(
        _ input: ChannelInput, of channel: String, for publisher: any Publisher
    ) throws(PublishRefusal) -> any Feed {
        guard let channel = byID[channel] else { throw Self.unknown(channel) }
        return try channel.attach(publisher, to: input)
    }

    private static func unknown(_ id: String) -> PublishRefusal {
        PublishRefusal(.unknownChannel, "There is no channel \"\(printable(id))\" here")
    }

    /// The channel, and the input of it, that the stream key belongs to. Keys are compared in constant time, all of them.
    private func find(_ request: PublishRequest) throws(PublishRefusal) -> (Channel, ChannelInput) {
        if let id = request.channel {
            guard let channel = byID[id] else { throw Self.unknown(id) }
            guard let input = channel.configuration.input(for: request.streamKey) else {
                throw PublishRefusal(.wrongKey, "The stream key does not belong to this channel")
            }
            return (channel, input)
        }
        var found: (Channel, ChannelInput)?
        for channel in channels {
            if let input = channel.configuration.input(for: request.streamKey) { found = (channel, input) }
        }
        guard let found else {
            // The commonest mistake; whoever makes it has told no secret.
            let isName = byID.keys.contains { request.streamKey == Secret($0) }
            throw PublishRefusal(
                .wrongKey,
                isName
                    ? "That is a channel's name: publish to its stream key, or to CHANNEL?key=STREAMKEY"
                    : "No channel has this stream key")
        }
        return found
    }

    /// A name from outside, fit to be shown.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(64).map(Character.init))
    }
}
