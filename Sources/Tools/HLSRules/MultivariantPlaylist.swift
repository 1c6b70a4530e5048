/// A width and a height in pixels.
public struct Resolution: Equatable, Sendable {
    /// The width.
    public var width: Int
    /// The height.
    public var height: Int
}

/// A multivariant playlist as it was read (RFC 8216bis §4.4.6).
public struct MultivariantPlaylist: Equatable, Sendable {
    /// EXT-X-STREAM-INF with its URI.
    public struct Variant: Equatable, Sendable {
        /// The URI as written.
        public var uri = ""
        /// BANDWIDTH in bits per second.
        public var bandwidth: Int?
        /// AVERAGE-BANDWIDTH in bits per second.
        public var averageBandwidth: Int?
        /// CODECS, split at commas.
        public var codecs: [String] = []
        /// RESOLUTION.
        public var resolution: Resolution?
        /// VIDEO-RANGE.
        public var videoRange: String?
        /// FRAME-RATE.
        public var frameRate: Double?
        /// AUDIO, VIDEO, SUBTITLES and CLOSED-CAPTIONS, by type.
        public var groups: [String: String] = [:]
        /// STABLE-VARIANT-ID.
        public var stableID: String?
        /// SCORE.
        public var score: Double?
        /// PATHWAY-ID.
        public var pathway: String?
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-I-FRAME-STREAM-INF.
    public struct IFrameVariant: Equatable, Sendable {
        /// The URI as written.
        public var uri: String
        /// BANDWIDTH in bits per second.
        public var bandwidth: Int?
        /// CODECS, split at commas.
        public var codecs: [String]
        /// RESOLUTION.
        public var resolution: Resolution?
        /// VIDEO-RANGE.
        public var videoRange: String?
        /// The names of attributes that only EXT-X-STREAM-INF has.
        public var foreign: [String]
        /// STABLE-VARIANT-ID.
        public var stableID: String?
        /// PATHWAY-ID.
        public var pathway: String?
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-CONTENT-STEERING.
    public struct Steering: Equatable, Sendable {
        /// SERVER-URI as written.
        public var serverURI: String?
        /// PATHWAY-ID.
        public var pathway: String?
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-MEDIA.
    public struct Rendition: Equatable, Sendable {
        /// TYPE.
        public var type: String
        /// GROUP-ID.
        public var group: String
        /// NAME.
        public var name: String
        /// URI as written, when there is one.
        public var uri: String?
        /// LANGUAGE.
        public var language: String?
        /// CHANNELS.
        public var channels: String?
        /// DEFAULT=YES.
        public var isDefault: Bool
        /// AUTOSELECT, when it is there.
        public var isAutoselect: Bool?
        /// STABLE-RENDITION-ID.
        public var stableID: String?
        /// The line of the tag.
        public var line: Int
    }

    /// EXT-X-VERSION; 1 when the tag is not there.
    public var version = 1
    /// EXT-X-INDEPENDENT-SEGMENTS.
    public var hasIndependentSegments = false
    /// The variants, in order.
    public var variants: [Variant] = []
    /// The renditions, in order.
    public var renditions: [Rendition] = []
    /// The I-frame variants, in order.
    public var iFrameVariants: [IFrameVariant] = []
    /// EXT-X-CONTENT-STEERING.
    public var steering: Steering?
    /// EXT-X-DEFINE, for media playlists that import.
    public var variables: [String: String] = [:]

    /// The URIs of all I-frame playlists.
    public var iFrameURIs: [String] { iFrameVariants.map(\.uri) }

    /// The URIs of all media playlists that carry media for playing, without repetition.
    public var playlistURIs: [String] {
        var seen: Set<String> = []
        return (variants.map(\.uri) + renditions.compactMap(\.uri)).filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
