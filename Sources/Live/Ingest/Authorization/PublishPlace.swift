public import Telemetry

/// Something that can be published to: a channel, and the keys that open it.
public struct PublishPlace: Sendable {
    /// The channel's id.
    public let channel: String
    /// The stream keys, each of which is right. No other place has any of them.
    public let streamKeys: [Secret<String>]

    /// That channel and its keys.
    public init(channel: String, streamKeys: [Secret<String>]) {
        (self.channel, self.streamKeys) = (channel, streamKeys)
    }
}
