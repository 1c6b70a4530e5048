public import Bytes

/// One coded picture or one coded frame of sound, with the times its source gave it.
public struct Sample: Sendable, Hashable {
    /// The coded bytes as an MP4 track carries them: for H.264 and HEVC, NAL units behind four-byte lengths.
    public let data: ByteChunk
    /// When it is to be decoded.
    public let decodeTime: MediaTime
    /// When it is to be shown or heard.
    public let presentationTime: MediaTime
    /// Whether decoding can begin here.
    public let access: SampleAccess

    /// A sample with those times.
    public init(data: ByteChunk, decodeTime: MediaTime, presentationTime: MediaTime, access: SampleAccess) {
        self.data = data
        self.decodeTime = decodeTime
        self.presentationTime = presentationTime
        self.access = access
    }

    /// A sample with those times, where all that follow can be decoded if decoding begins here.
    public init(data: ByteChunk, decodeTime: MediaTime, presentationTime: MediaTime, isSync: Bool) {
        self.init(
            data: data, decodeTime: decodeTime, presentationTime: presentationTime,
            access: isSync ? .sync : .dependent)
    }

    /// True where decoding can begin.
    public var isSync: Bool { access == .sync || access == .openSync }
}

/// Whether decoding can begin at a sample.
public enum SampleAccess: Sendable, Hashable {
    /// It can, and all that follow can be decoded then.
    case sync
    /// It can, if the `leading` samples that follow are left out: the group of pictures is open.
    case openSync
    /// Not here; and not at all when decoding began at the `openSync` sample before.
    case leading
    /// Not here.
    case dependent
}
