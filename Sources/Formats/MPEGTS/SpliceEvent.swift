public import Media

/// What happens at a splice: all that a `Media.SpliceCue` needs but the timeline.
public struct SpliceEvent: Sendable, Hashable {
    /// What happens.
    public let kind: SpliceCue.Kind
    /// `splice_event_id` or `segmentation_event_id`; 0 where a command has none.
    public let eventID: UInt32
    /// When it happens, as the presentation time stamps of the programme say it: 33 bits, ticks of 90 kHz,
    /// `pts_adjustment` added. Nothing when it happens at once.
    public let time: Int64?
    /// How long the break or the segment will be, in ticks of 90 kHz, where that is known.
    public let duration: Int64?

    init(kind: SpliceCue.Kind, eventID: UInt32, time: Int64? = nil, duration: Int64? = nil) {
        self.kind = kind
        self.eventID = eventID
        self.time = time
        self.duration = duration
    }
}
