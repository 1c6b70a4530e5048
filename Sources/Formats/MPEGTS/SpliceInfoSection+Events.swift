internal import Media

extension SpliceInfoSection {
    /// What the section tells to happen.
    ///
    /// | Command | Events |
    /// |---|---|
    /// | `splice_null`, `bandwidth_reservation`, `private_command` | none |
    /// | `splice_insert` | one: `.out` when the programme is left, `.in` when it is back |
    /// | `time_signal` | one for each segmentation descriptor, of its ``SpliceSegmentation/kind``; without any a `.command` |
    /// | one that cancels | `.cancelled` with the event's id |
    /// | any other, or encrypted | a `.command` at once |
    ///
    /// In component mode the first component with a time says when. A duration of 0, or of the end of a break, is none.
    public func events() -> [SpliceEvent] {
        switch command {
        // What nobody else understands is often but a sign of life.
        case .null, .bandwidthReservation, .privateCommand: return []
        case .insert(let insert):
            let time = insert.time ?? insert.components.lazy.compactMap(\.time).first
            return [
                event(insert.isOutOfNetwork ? .out : .in, insert.eventID, at: time, insert.breakDuration?.ticks)
            ]
        case .insertCancelled(let eventID): return [SpliceEvent(kind: .cancelled, eventID: eventID)]
        case .timeSignal(let time):
            let events: [SpliceEvent] = descriptors.compactMap { descriptor in
                switch descriptor {
                case .segmentation(let segment): event(segment.kind, segment.eventID, at: time, segment.duration)
                case .segmentationCancelled(let eventID):
                    SpliceEvent(kind: .cancelled, eventID: eventID)
                default: nil
                }
            }
            return events.isEmpty ? [event(.command, 0, at: time, nil)] : events
        case .schedule, .reserved, .encrypted: return [event(.command, 0, at: nil, nil)]
        }
    }

    private func event(_ kind: SpliceCue.Kind, _ eventID: UInt32, at time: Int64?, _ duration: Int64?) -> SpliceEvent {
        SpliceEvent(
            kind: kind, eventID: eventID, time: time.map { ($0 + ptsAdjustment) & (1 << 33 - 1) },
            duration: duration.flatMap { $0 > 0 && kind != .in ? $0 : nil })
    }
}
