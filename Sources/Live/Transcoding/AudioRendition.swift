/// A rendition of one of a source's sounds.
public enum AudioRendition: Sendable, Hashable {
    /// It goes out as it comes.
    case copied
    /// It is encoded anew.
    case encoded(AudioEncoding)
}

/// AAC-LC as it is made of one sound.
public struct AudioEncoding: Sendable, Hashable {
    /// How many channels it has.
    public let channelCount: Int
    /// Its sample rate.
    public let sampleRate: UInt32
    /// The bits that it takes.
    public let bitRate: BitRate
    /// How loud it is made.
    public let level: AudioOutput.Level
}
