public import Media

/// How a channel trades latency for resilience. All of it is constant for the life of a presentation.
public struct LatencyProfile: Sendable, Hashable {
    /// The profiles by name.
    public enum Name: String, Sendable, CaseIterable {
        /// Segments only.
        case standard
        /// Parts of about half a second.
        case low
        /// Parts of about a fifth of a second.
        case ultra
    }

    /// Which profile this is.
    public let name: Name
    /// EXT-X-TARGETDURATION in seconds: where a segment is cut when no key frame comes.
    public let targetDuration: Int
    /// How much media the live playlist lists.
    public let window: MediaTime
    /// How much the DVR playlist lists; nothing where there is none.
    public var dvrWindow: MediaTime?
    /// True when parts are offered to clients.
    public let offersParts: Bool
    /// PART-TARGET: no chunk is longer.
    public let partTarget: MediaTime
    /// The instants, counted from the last key frame, after which a chunk ends; nothing means that a chunk takes as
    /// many frames as fit into the part target.
    let grid: MediaTime?

    /// The profile called `name`, its target duration replaced where `targetDuration` says so.
    public init(_ name: Name, targetDuration: Int? = nil) {
        self.name = name
        let half = MediaTime.milliseconds(500)
        switch name {
        case .standard:
            (offersParts, partTarget, grid) = (false, .milliseconds(535), half)
            (self.targetDuration, window) = Self.sized(targetDuration, target: 6, window: 90)
        case .low:
            (offersParts, partTarget, grid) = (true, .milliseconds(535), half)
            (self.targetDuration, window) = Self.sized(targetDuration, target: 4, window: 60)
        case .ultra:
            (offersParts, partTarget, grid) = (true, .milliseconds(215), nil)
            (self.targetDuration, window) = Self.sized(targetDuration, target: 2, window: 30)
        }
    }

    /// The window grows with the target duration: six segments are always there (Apple's authoring rule 8.11).
    private static func sized(_ given: Int?, target: Int, window: Int64) -> (Int, MediaTime) {
        let chosen = given ?? target
        return (chosen, .milliseconds(max(window, Int64(chosen) * 7) * 1000))
    }

    /// The shortest part that is not the last of its segment: 85 % of the part target (§4.4.4.9).
    var shortestPart: MediaTime {
        MediaTime(partTarget.value * 85, Timescale(partTarget.timescale.ticksPerSecond * 100))
    }

    /// The length of a stretch without media that is published as one missing part.
    var gapPart: MediaTime { grid ?? .milliseconds(200) }

    /// The target duration on the media timeline.
    var target: MediaTime { .milliseconds(Int64(targetDuration) * 1000) }

    /// How many segments end at every key frame, so that a presentation starts fast.
    static let eagerSegments = 3
}
