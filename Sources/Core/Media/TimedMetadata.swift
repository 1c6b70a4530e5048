public import Bytes

/// Data that belong to a moment of a presentation, for programs beside the player: an ID3 tag.
public struct TimedMetadata: Sendable, Hashable {
    /// The moment.
    public let time: MediaTime
    /// The tag, ID3v2.
    public let tag: ByteChunk

    /// `tag` at that moment.
    public init(time: MediaTime, tag: ByteChunk) {
        self.time = time
        self.tag = tag
    }
}

/// A place at which something else may be put into a presentation, as SCTE 35 tells it.
public struct SpliceCue: Sendable, Hashable {
    /// What happens there.
    public enum Kind: Sendable, Hashable {
        /// The programme is left: a break begins.
        case out
        /// The programme is back: the break ends.
        case `in`
        /// Something else, for those who know what.
        case command
        /// A break that was announced does not happen, or ends here.
        case cancelled
    }

    /// What happens.
    public let kind: Kind
    /// `splice_event_id`: the beginning and the end of a break have the same.
    public let eventID: UInt32
    /// When it happens.
    public let time: MediaTime
    /// How long the break will be, where that is known.
    public let duration: MediaTime?
    /// The whole `splice_info_section`.
    public let section: ByteChunk

    /// A cue with those properties.
    public init(kind: Kind, eventID: UInt32, time: MediaTime, duration: MediaTime? = nil, section: ByteChunk) {
        self.kind = kind
        self.eventID = eventID
        self.time = time
        self.duration = duration
        self.section = section
    }
}
