/// The ways into a channel.
public enum ChannelInput: String, Sendable, CaseIterable {
    /// The one that is on the air when all is well.
    case primary
    /// The one that stands in for it.
    case backup

    /// The other one.
    public var other: ChannelInput { self == .primary ? .backup : .primary }
}
