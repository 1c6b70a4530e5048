public import Ingest

/// All channels by id; decides which of them a publisher may fill.
public final class ChannelDirectory: PublishGate {
    /// The channels in the order of the configuration.
    public let channels: [Channel]
    private let byID: [String: Channel]
    private let authorizer: PublishAuthorizer
    /// Where something can be published, and by which keys.
    private let places: [PublishPlace]
    /// What each of `places` leads to.
    private let inputs: [(Channel, ChannelInput)]

    /// A directory of `channels`, whose ids differ, as do their stream keys.
    public init(_ channels: [Channel], authorizer: PublishAuthorizer = PublishAuthorizer()) {
        self.channels = channels
        self.authorizer = authorizer
        let withBackup = channels.filter { $0.configuration.backup != nil }
        inputs = channels.map { ($0, .primary) } + withBackup.map { ($0, .backup) }
        places = inputs.map { channel, input in
            let configuration = channel.configuration
            let backup = [configuration.backup?.streamKey].compactMap(\.self)
            return PublishPlace(
                channel: configuration.id, streamKeys: input == .primary ? configuration.streamKeys : backup)
        }
        byID = Dictionary(channels.map { ($0.configuration.id, $0) }) { first, _ in first }
    }

    /// The channel of that id.
    public subscript(id: String) -> Channel? { byID[id] }

    /// The terms of the channel that the stream key belongs to.
    public func admit(_ request: PublishRequest) throws(PublishRefusal) -> PublishTerms {
        let (channel, input) = try find(request)
        do throws(PublishRefusal) {
            try channel.checkRoom(for: input)
        } catch {
            throw error.of(channel: channel.configuration.id)
        }
        return channel.configuration.terms
    }

    /// Opens the channel that the stream key belongs to. Who would find no place there is refused before anybody is asked.
    public func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
        let (channel, input) = try find(request)
        do throws(PublishRefusal) {
            try channel.checkRoom(for: input)
            try authorizer.confirm(request, for: channel.configuration.id, publisher: publisher)
            return try channel.attach(publisher, to: input)
        } catch {
            throw error.of(channel: channel.configuration.id)
        }
    }

    /// Opens that input of the channel of that id.
    public func open(
        _ input: ChannelInput, of channel: String, for publisher: any Publisher
    ) throws(PublishRefusal) -> any Feed {
        guard let channel = byID[channel] else {
            throw PublishRefusal(.unknownChannel, "There is no channel \"\(PublishRefusal.printable(channel))\" here")
        }
        return try channel.attach(publisher, to: input)
    }

    /// How the feed does that the stream key belongs to, for whoever knows that. A wrong key counts like that of a publisher.
    public func report(for request: PublishRequest) throws(PublishRefusal) -> FeedReport {
        let (channel, input) = try find(request)
        return channel.report(on: input)
    }

    /// The channel, and the input of it, that the stream key or token belongs to. Tokens are for primary inputs.
    private func find(_ request: PublishRequest) throws(PublishRefusal) -> (Channel, ChannelInput) {
        inputs[try authorizer.place(for: request, among: places)]
    }
}
