public import Bytes

/// One coded picture or one coded frame of sound, with the times its source gave it.
public struct Sample: Sendable, Hashable {
    /// The coded bytes as an MP4 track carries them: for H.264, NAL units behind four-byte lengths.
    public let data: ByteChunk
    /// When it is to be decoded.
    public let decodeTime: MediaTime
    /// When it is to be shown or heard.
    public let presentationTime: MediaTime
    /// True where decoding can begin.
    public let isSync: Bool

    /// A sample with those times.
    public init(data: ByteChunk, decodeTime: MediaTime, presentationTime: MediaTime, isSync: Bool) {
        self.data = data
        self.decodeTime = decodeTime
        self.presentationTime = presentationTime
        self.isSync = isSync
    }
}
