internal import Media

/// A multivariant playlist: the variants of a presentation and the audio renditions that go with them (§4.4.6).
public struct MultivariantPlaylist: Sendable {
    /// An EXT-X-MEDIA tag of TYPE=AUDIO.
    public struct AudioRendition: Sendable, Hashable {
        /// GROUP-ID.
        public var group: String
        /// STABLE-RENDITION-ID: the same for as long as the channel has the rendition.
        public var stableID: String
        /// NAME, unique in the group.
        public var name: String
        /// LANGUAGE, a tag of RFC 5646; `und` where nobody has said.
        public var language: String
        /// CHANNELS.
        public var channels: Int
        /// Where its media playlist is.
        public var uri: String

        /// A rendition with those attributes.
        public init(group: String, stableID: String, name: String, language: String, channels: Int, uri: String) {
            self.group = group
            self.stableID = stableID
            self.name = name
            self.language = language
            self.channels = channels
            self.uri = uri
        }
    }

    /// An EXT-X-STREAM-INF tag and its URI.
    public struct Variant: Sendable {
        /// STABLE-VARIANT-ID: the same for as long as the channel has the variant.
        public var stableID: String
        /// BANDWIDTH: the peak in bits per second, audio group included.
        public var bandwidth: Int
        /// AVERAGE-BANDWIDTH in bits per second.
        public var averageBandwidth: Int
        /// SCORE: the higher, the better to look at.
        public var score: Int
        /// CODECS: every sample format of the variant.
        public var codecs: [String]
        /// RESOLUTION as width and height, for variants with video.
        public var resolution: (width: Int, height: Int)?
        /// VIDEO-RANGE, where it is known.
        public var videoRange: VideoRange?
        /// FRAME-RATE in frames per second, where it is known.
        public var frameRate: Double?
        /// AUDIO: the group that the variant plays with.
        public var audioGroup: String?
        /// Where the media playlist is.
        public var uri: String

        /// A variant with those attributes.
        public init(
            stableID: String, bandwidth: Int, averageBandwidth: Int, score: Int, codecs: [String],
            resolution: (width: Int, height: Int)?, videoRange: VideoRange? = nil, frameRate: Double?,
            audioGroup: String?, uri: String
        ) {
            self.stableID = stableID
            self.bandwidth = bandwidth
            self.averageBandwidth = averageBandwidth
            self.score = score
            self.codecs = codecs
            self.resolution = resolution
            self.videoRange = videoRange
            self.frameRate = frameRate
            self.audioGroup = audioGroup
            self.uri = uri
        }
    }

    /// An EXT-X-I-FRAME-STREAM-INF tag.
    public struct IFrameVariant: Sendable {
        /// STABLE-VARIANT-ID.
        public var stableID: String
        /// BANDWIDTH: the peak in bits per second.
        public var bandwidth: Int
        /// AVERAGE-BANDWIDTH in bits per second.
        public var averageBandwidth: Int
        /// SCORE.
        public var score: Int
        /// CODECS.
        public var codecs: [String]
        /// RESOLUTION as width and height.
        public var resolution: (width: Int, height: Int)?
        /// VIDEO-RANGE, where it is known.
        public var videoRange: VideoRange?
        /// Where the media playlist is.
        public var uri: String

        /// A variant with those attributes.
        public init(
            stableID: String, bandwidth: Int, averageBandwidth: Int, score: Int, codecs: [String],
            resolution: (width: Int, height: Int)?, videoRange: VideoRange? = nil, uri: String
        ) {
            self.stableID = stableID
            self.bandwidth = bandwidth
            self.averageBandwidth = averageBandwidth
            self.score = score
            self.codecs = codecs
            self.resolution = resolution
            self.videoRange = videoRange
            self.uri = uri
        }
    }

    /// Content steering (§4.4.6.6): who tells clients from where to fetch, and from where they begin.
    public struct Steering: Sendable, Hashable {
        /// SERVER-URI.
        public var serverURI: String
        /// PATHWAY-ID, of all variants here.
        public var pathway: String

        /// That server, and that pathway.
        public init(serverURI: String, pathway: String) {
            self.serverURI = serverURI
            self.pathway = pathway
        }
    }

    /// EXT-X-INDEPENDENT-SEGMENTS: every segment of every rendition begins with a frame that needs no other.
    public var hasIndependentSegments: Bool
    /// The audio renditions.
    public var audio: [AudioRendition]
    /// The variants, the one to begin with first.
    public var variants: [Variant]
    /// The variants of key frames alone, for seeking.
    public var iFrameVariants: [IFrameVariant]
    /// EXT-X-CONTENT-STEERING, where there is any.
    public var steering: Steering?
    /// The parameters of the playlist's own query that go with everything it names (EXT-X-DEFINE:QUERYPARAM).
    public var queryParameters: [String] = []

    /// A playlist of those variants and renditions.
    public init(
        hasIndependentSegments: Bool, audio: [AudioRendition], variants: [Variant], iFrameVariants: [IFrameVariant] = []
    ) {
        self.hasIndependentSegments = hasIndependentSegments
        self.audio = audio
        self.variants = variants
        self.iFrameVariants = iFrameVariants
    }
}
