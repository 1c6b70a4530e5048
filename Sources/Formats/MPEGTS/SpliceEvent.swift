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
    /// True when an event that was announced is taken back.
    public let isCancelled: Bool

    init(kind: SpliceCue.Kind, eventID: UInt32, time: Int64? = nil, duration: Int64? = nil, isCancelled: Bool = false) {
        self.kind = kind
        self.eventID = eventID
        self.time = time
        self.duration = duration
        self.isCancelled = isCancelled
    }
}

extension SpliceInfoSection {
    /// What the section tells to happen.
    ///
    /// | Command | Events |
    /// |---|---|
    /// | `splice_null`, `bandwidth_reservation` | none |
    /// | `splice_insert` | one: `.out` when the programme is left, `.in` when it is back |
    /// | `time_signal` | one for each segmentation descriptor, of its ``SpliceSegmentation/kind``; without any a `.command` |
    /// | one that cancels | a `.command` with the event's id |
    /// | any other, or encrypted | a `.command` at once |
    ///
    /// In component mode the first component with a time says when. A duration of 0, or of the end of a break, is none.
    public func events() -> [SpliceEvent] {
        switch command {
        case .null, .bandwidthReservation: return []
        case .insert(let insert):
            let time = insert.time ?? insert.components.lazy.compactMap(\.time).first
            return [
                event(insert.isOutOfNetwork ? .out : .in, insert.eventID, at: time, insert.breakDuration?.ticks)
            ]
        case .insertCancelled(let eventID): return [SpliceEvent(kind: .command, eventID: eventID, isCancelled: true)]
        case .timeSignal(let time):
            let events: [SpliceEvent] = descriptors.compactMap { descriptor in
                switch descriptor {
                case .segmentation(let segment): event(segment.kind, segment.eventID, at: time, segment.duration)
                case .segmentationCancelled(let eventID):
                    SpliceEvent(kind: .command, eventID: eventID, isCancelled: true)
                default: nil
                }
            }
            return events.isEmpty ? [event(.command, 0, at: time, nil)] : events
        case .schedule, .privateCommand, .reserved, .encrypted: return [event(.command, 0, at: nil, nil)]
        }
    }

    private func event(_ kind: SpliceCue.Kind, _ eventID: UInt32, at time: Int64?, _ duration: Int64?) -> SpliceEvent {
        SpliceEvent(
            kind: kind, eventID: eventID, time: time.map { ($0 + ptsAdjustment) & (1 << 33 - 1) },
            duration: duration.flatMap { $0 > 0 && kind != .in ? $0 : nil })
    }
}

extension SpliceSegmentation {
    /// What its type says of the programme. ANSI/SCTE 35 2023 table 23; what is not listed is a `.command`, such as
    /// programmes (0x10 to 0x1A), chapters, credits, unscheduled events and networks.
    ///
    /// | `.out` | `.in` | |
    /// |---|---|---|
    /// | 0x22 | 0x23 | break |
    /// | 0x30, 0x32 | 0x31, 0x33 | advertisement, of the provider or the distributor |
    /// | 0x34, 0x36 | 0x35, 0x37 | placement opportunity |
    /// | 0x38, 0x3A | 0x39, 0x3B | overlay placement opportunity |
    /// | 0x3C, 0x3E | 0x3D, 0x3F | promotion |
    /// | 0x42 | 0x43 | alternate content opportunity |
    /// | 0x44, 0x46 | 0x45, 0x47 | advertisement block |
    public var kind: SpliceCue.Kind {
        switch type {
        case 0x22, 0x23, 0x30...0x3F, 0x42...0x47: type & 1 == 0 ? .out : .in
        default: .command
        }
    }
}
