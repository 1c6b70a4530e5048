public import FFmpeg

/// What a channel shows while nothing comes in.
public struct SlateRules: Sendable, Hashable {
    /// What viewers see.
    public var picture: StillPicture
    /// How long nothing comes before they are told, and see it where pictures are not encoded.
    public var patience: Duration
    /// How long they see the last picture of a source instead, where pictures are encoded.
    public var hold = Duration.seconds(5)
    /// True where they see it before anything has come, too.
    public var isFirst: Bool

    /// `picture`, after so long.
    public init(_ picture: StillPicture, after patience: Duration = .milliseconds(500), isFirst: Bool = false) {
        (self.picture, self.patience, self.isFirst) = (picture, patience, isFirst)
    }
}
