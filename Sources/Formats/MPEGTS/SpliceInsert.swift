/// A break that begins or ends, `splice_insert`. ANSI/SCTE 35 2023 §9.7.3.
public struct SpliceInsert: Sendable, Hashable {
    /// When a component is spliced, in component mode.
    public struct Component: Sendable, Hashable {
        /// `component_tag`, as the component's `stream_identifier_descriptor` says it.
        public let tag: UInt8
        /// `pts_time`; nothing for at once.
        public let time: Int64?
    }

    /// `break_duration`.
    public struct BreakDuration: Sendable, Hashable {
        /// How long the break lasts.
        public let ticks: Int64
        /// True when it ends by itself then, and no other command says so.
        public let returnsAlone: Bool
    }

    /// `splice_event_id`.
    public let eventID: UInt32
    /// True when the programme is left, false when it is back.
    public let isOutOfNetwork: Bool
    /// True when it happens at once, not at any time that is said.
    public let isImmediate: Bool
    /// When the whole programme is spliced; nothing for at once, or in component mode.
    public let time: Int64?
    /// Each component's own time, in component mode.
    public let components: [Component]
    /// How long the break will be, where that is said.
    public let breakDuration: BreakDuration?
    /// `unique_program_id`.
    public let uniqueProgramID: UInt16
    /// `avail_num`: which of the breaks within the programme it is.
    public let availNumber: UInt8
    /// `avails_expected`: how many there are.
    public let availsExpected: UInt8
}
