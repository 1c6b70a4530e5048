public import Packaging

/// The channel that a profile is for, as far as it decides what the profile can be.
public struct OutputTerms: Sendable {
    /// Its latency profile.
    public let latency: LatencyProfile
    /// True where it has pictures.
    public let hasVideo: Bool
    /// True where it has sound.
    public let hasAudio: Bool

    /// The terms of such a channel.
    public init(latency: LatencyProfile, hasVideo: Bool = true, hasAudio: Bool = true) {
        self.latency = latency
        self.hasVideo = hasVideo
        self.hasAudio = hasAudio
    }
}
