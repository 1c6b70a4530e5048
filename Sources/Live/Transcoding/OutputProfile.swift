public import Media
public import Packaging

/// What is made of a source.
public struct OutputProfile: Sendable, Hashable {
    /// What is made of its pictures.
    public enum Pictures: Sendable, Hashable {
        /// They are published as they come.
        case passthrough
        /// They are encoded anew, in each of these renditions.
        case ladder([Rendition])
        /// They are published as they come, and below that encoded in each of these renditions that is smaller.
        case mixed([Rendition])
    }

    /// What is made of its pictures.
    public var pictures: Pictures
    /// How far key frames are apart; as the latency profile has it where nothing is said. In a mixed profile the source's are
    /// those of all.
    public var keyFrameInterval: MediaTime?
    /// How far pictures of all renditions are apart, where they are to be so evenly; else they are shown when the source's are.
    public var frameDistance: MediaTime?
    /// What is made of its sound; it is published as it comes where nothing is.
    public var audio: AudioOutput?

    /// A profile of those.
    public init(_ pictures: Pictures, keyFrameInterval: MediaTime? = nil, audio: AudioOutput? = AudioOutput()) {
        self.pictures = pictures
        self.keyFrameInterval = keyFrameInterval
        self.audio = audio
    }

    /// The ladder of that name, with the usual sound.
    public init(_ preset: OutputPreset) { self.init(.ladder(preset.renditions)) }

    /// Pictures and sound as they come.
    public static let passthrough = OutputProfile(.passthrough, audio: nil)

    /// How many renditions may be encoded.
    public static let renditionLimit = 8
    /// What may be written for the distance of key frames.
    public static let keyFrameIntervals = MediaTime.milliseconds(500)...MediaTime.milliseconds(30_000)

    /// The renditions that are encoded, as they are asked for.
    public var renditions: [Rendition] {
        switch pictures {
        case .passthrough: []
        case .ladder(let renditions), .mixed(let renditions): renditions
        }
    }

    /// True where the source's own pictures are published above those that are encoded.
    public var isMixed: Bool { if case .mixed = pictures { true } else { false } }

    /// True where pictures are decoded at all.
    public var encodesPictures: Bool { !renditions.isEmpty }

    /// True where anything is encoded.
    public var encodes: Bool { encodesPictures || audio != nil }

    /// How far key frames are apart on a channel of `latency`: two seconds, one in `ultra`, and never more than a segment may
    /// last.
    public func keyFrameInterval(for latency: LatencyProfile) -> MediaTime {
        let longest = MediaTime.milliseconds(Int64(latency.targetDuration) * 1000)
        return keyFrameInterval ?? min(latency.name == .ultra ? .milliseconds(1000) : .milliseconds(2000), longest)
    }
}
