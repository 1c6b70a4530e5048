public import Ingest
public import Media
public import Packaging

/// How one feed does, for whoever sends it. What changes is of the last half minute.
public struct FeedReport: Sendable, Hashable {
    /// Where a feed stands.
    public enum State: String, Sendable {
        /// Nobody publishes.
        case absent
        /// It comes in, while the channel's other input is on the air.
        case standby
        /// Viewers get it.
        case onAir
    }

    /// Bits in a second.
    public struct BitRate: Sendable, Hashable {
        /// On average.
        public var average: Int
        /// In the second that had most.
        public var peak: Int
        /// In the last second.
        public var latest: Int
    }

    /// How pictures follow each other, in seconds.
    public struct FrameRate: Sendable, Hashable {
        /// Pictures in a second, on average.
        public var average: Double
        /// The shortest time from one to the next.
        public var shortest: Double
        /// The longest.
        public var longest: Double
    }

    /// From the least to the most, in seconds.
    public struct Range: Sendable, Hashable {
        /// The least.
        public var shortest: Double
        /// The most.
        public var longest: Double
    }

    /// The pictures of a feed.
    public struct Pictures: Sendable, Hashable {
        /// How they are coded.
        public var codec: Codec
        /// The same in the form of RFC 6381.
        public var codecString: String
        /// The width in samples.
        public var width: Int
        /// The height in samples.
        public var height: Int
        /// How they follow each other; nothing in the first second.
        public var frameRate: FrameRate?
        /// How much they are; nothing in the first second.
        public var bitRate: BitRate?
        /// How far key frames are apart; nothing where there was one at most.
        public var keyFrameInterval: Range?
        /// True when a key frame has come.
        public var hasKeyFrame: Bool
        /// How long pictures wait for those that are shown earlier and come later (B-frames), in seconds.
        public var reorderDelay: Double
    }

    /// A track of sound of a feed.
    public struct Sound: Sendable, Hashable {
        /// How it is coded.
        public var codec: Codec
        /// The same in the form of RFC 6381.
        public var codecString: String
        /// Its language, a tag of RFC 5646, where the source tells.
        public var language: String?
        /// Audio samples in a second.
        public var sampleRate: UInt32
        /// Channels, such as 2 for stereo.
        public var channelCount: Int
        /// How much it is; nothing in the first second.
        public var bitRate: BitRate?
    }

    /// The channel's id.
    public let channel: String
    /// The channel's name for people.
    public let name: String
    /// How the channel is packaged.
    public let profile: LatencyProfile
    /// Which of the channel's inputs the feed fills.
    public let input: ChannelInput
    /// Where it stands.
    public let state: State
    /// For how many seconds it has come in.
    public internal(set) var seconds = 0.0
    /// Its pictures, where there are any.
    public internal(set) var pictures: Pictures?
    /// Its tracks of sound.
    public internal(set) var sounds: [Sound] = []
    /// The names of codecs that nothing can be made of.
    public internal(set) var unusableCodecs: [String] = []
    /// True when the channel has pictures and none have come.
    public internal(set) var lacksPictures = false
    /// True when the channel has sound and none has come.
    public internal(set) var lacksSound = false
    /// By how many seconds the feed comes later than half a minute ago.
    public internal(set) var lag = 0.0
    /// By how many seconds what came latest was later than what came earliest, each by its own time.
    public internal(set) var unevenness = 0.0
    /// By how many seconds sound comes behind the pictures of its time, at the worst; before them where it is negative.
    public internal(set) var soundDelay = 0.0
    /// How much faster the source's clock runs than ours, in parts per million; nothing in the first minute.
    public internal(set) var clockDrift: Double?
    /// How often the source's clock was set.
    public internal(set) var clockSteps = 0

    init(channel: String, name: String, profile: LatencyProfile, input: ChannelInput, state: State) {
        (self.channel, self.name, self.profile, self.input, self.state) = (channel, name, profile, input, state)
    }
}
