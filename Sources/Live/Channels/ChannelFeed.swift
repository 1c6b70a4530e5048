internal import Ingest
internal import Time

/// An accepted publisher's way into its channel.
struct ChannelFeed: Feed {
    let channel: Channel
    let input: ChannelInput
    let number: Int

    var channelID: String { channel.configuration.id }
    var terms: PublishTerms { channel.configuration.terms }

    func receive(_ event: FeedEvent, arrival: Instant) { channel.receive(event, from: number, arrival: arrival) }

    func end() { channel.detach(number) }
}
