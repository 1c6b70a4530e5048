import Packaging
import Time

extension Presentation {
    /// The presentation that `records` tell of, whose first is the head.
    static func replaying(
        _ records: [PresentationRecord], wallTime: WallTime, now: Instant, announced: AnnouncedCounts? = nil
    ) -> (presentation: Presentation, marks: [String: RenditionMark])? {
        var replay = PresentationReplay(Array(records.prefix(1)))
        for record in records.dropFirst() { replay?.take(record) }
        return replay?.goOn(at: wallTime, now, announced: announced)
    }
}
