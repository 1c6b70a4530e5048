internal import Media

/// A multivariant playlist: the variants of a presentation and the audio renditions that go with them (§4.4.6).
public struct MultivariantPlaylist: Sendable {
    /// An EXT-X-MEDIA tag of TYPE=AUDIO.
    public struct AudioRendition: Sendable, Hashable {
        /// GROUP-ID.
        public var group: String
        /// NAME, unique in the group.
        public var name: String
        /// CHANNELS.
        public var channels: Int
        /// Where its media playlist is.
        public var uri: String

        /// A rendition with those attributes.
        public init(group: String, name: String, channels: Int, uri: String) {
            self.group = group
            self.name = name
            self.channels = channels
            self.uri = uri
        }
    }

    /// An EXT-X-STREAM-INF tag and its URI.
    public struct Variant: Sendable, Hashable {
        /// BANDWIDTH: the peak in bits per second, audio group included.
        public var bandwidth: Int
        /// AVERAGE-BANDWIDTH in bits per second.
        public var averageBandwidth: Int
        /// CODECS: every sample format of the variant.
        public var codecs: [String]
        /// RESOLUTION as width and height, for variants with video.
        public var resolution: (width: Int, height: Int)?
        /// FRAME-RATE in frames per second, where it is known.
        public var frameRate: Double?
        /// AUDIO: the group that the variant plays with.
        public var audioGroup: String?
        /// Where the media playlist is.
        public var uri: String

        /// A variant with those attributes.
        public init(
            bandwidth: Int, averageBandwidth: Int, codecs: [String], resolution: (width: Int, height: Int)?,
            frameRate: Double?, audioGroup: String?, uri: String
        ) {
            self.bandwidth = bandwidth
            self.averageBandwidth = averageBandwidth
            self.codecs = codecs
            self.resolution = resolution
            self.frameRate = frameRate
            self.audioGroup = audioGroup
            self.uri = uri
        }

        /// Equal in every attribute.
        public static func == (left: Variant, right: Variant) -> Bool {
            left.rendered == right.rendered
        }

        /// Hashes every attribute.
        public func hash(into hasher: inout Hasher) { hasher.combine(rendered) }

        fileprivate var rendered: String {
            var attributes = [
                "BANDWIDTH=\(bandwidth)", "AVERAGE-BANDWIDTH=\(averageBandwidth)",
                "CODECS=\"\(codecs.joined(separator: ","))\"",
            ]
            if let resolution { attributes.append("RESOLUTION=\(resolution.width)x\(resolution.height)") }
            if let frameRate { attributes.append("FRAME-RATE=\(Self.threeDecimals(frameRate))") }
            if let audioGroup { attributes.append("AUDIO=\"\(audioGroup)\"") }
            return "#EXT-X-STREAM-INF:\(attributes.joined(separator: ","))\n\(uri)"
        }

        private static func threeDecimals(_ value: Double) -> String {
            let thousandths = Int((value * 1000).rounded())
            let fraction = String(thousandths % 1000)
            return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
        }
    }

    /// EXT-X-INDEPENDENT-SEGMENTS: every segment of every rendition begins with a frame that needs no other.
    public var hasIndependentSegments: Bool
    /// The audio renditions.
    public var audio: [AudioRendition]
    /// The variants, the one to begin with first.
    public var variants: [Variant]

    /// A playlist of those variants and renditions.
    public init(hasIndependentSegments: Bool, audio: [AudioRendition], variants: [Variant]) {
        self.hasIndependentSegments = hasIndependentSegments
        self.audio = audio
        self.variants = variants
    }

    /// The playlist as it goes over the wire.
    public func rendered() -> [UInt8] {
        var text = PlaylistText(capacity: 1024)
        text.line("#EXTM3U")
        // No EXT-X-VERSION: nothing in here needs more than version 1 (§8).
        if hasIndependentSegments { text.line("#EXT-X-INDEPENDENT-SEGMENTS") }
        for (position, rendition) in audio.enumerated() {
            let isDefault = position == 0 ? "YES" : "NO"
            text.append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"\(rendition.group)\",NAME=\"\(rendition.name)\"")
            text.append(",DEFAULT=\(isDefault),AUTOSELECT=YES,LANGUAGE=\"und\",CHANNELS=\"\(rendition.channels)\"")
            text.line(",URI=\"\(rendition.uri)\"")
        }
        for variant in variants { text.line(variant.rendered) }
        return text.bytes
    }
}
