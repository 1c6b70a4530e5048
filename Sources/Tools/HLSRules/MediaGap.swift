/// Time of a segment that GAP=YES of parts says has no samples (RFC 8216bis §4.4.4.9): one or more such parts in a row.
struct MediaGap: Equatable, Sendable {
    /// How many seconds of the segment's media come before it.
    let position: Double
    /// Seconds.
    private(set) var duration: Double
    private var parts: Int

    /// The gaps in a segment that has those parts; one at most begins where another ends.
    static func gaps(in parts: [MediaPlaylist.Part]) -> [MediaGap] {
        var gaps: [MediaGap] = []
        var media = 0.0
        var isOpen = false
        for part in parts {
            if !part.isGap {
                media += part.duration
            } else if isOpen, let last = gaps.indices.last {
                gaps[last].duration += part.duration
                gaps[last].parts += 1
            } else {
                gaps.append(MediaGap(position: media, duration: part.duration, parts: 1))
            }
            isOpen = part.isGap
        }
        return gaps
    }

    /// How long it is in ticks.
    func ticks(in timescale: UInt32) -> Int64 { Self.ticks(duration * Double(timescale)) }

    /// How many ticks it may be off, as each part's duration is written with five decimals or more.
    func slack(in timescale: UInt32) -> Int64 { Self.ticks((Double(parts) * 1e-5 * Double(timescale)).rounded(.up)) }

    /// Whole ticks; a playlist may name any number of seconds.
    private static func ticks(_ ticks: Double) -> Int64 { Int64(min(ticks.rounded(), 1e15)) }
}

extension SegmentSummary {
    /// The summary of a segment with those facts and gaps.
    init(_ facts: FragmentFacts, gaps: [MediaGap], byteCount: Int, _ header: InitializationFacts) {
        let scale = Double(header.timescale)
        let media = Double(facts.duration) / scale
        // What comes before all media, or after all of it.
        let lead = gaps.first { $0.position == 0 }
        let rest = gaps.last { abs($0.position - media) < 0.001 }
        decodeTime = facts.decodeTime - (lead?.ticks(in: header.timescale) ?? 0)
        end = facts.end + (rest?.ticks(in: header.timescale) ?? 0)
        slack = max(lead?.slack(in: header.timescale) ?? 0, rest?.slack(in: header.timescale) ?? 0)
        firstSequence = facts.chunks.first?.sequenceNumber ?? 0
        lastSequence = facts.chunks.last?.sequenceNumber ?? 0
        presentation = Double(facts.earliestPresentation) / scale - (lead?.duration ?? 0)
        frame = media / Double(max(1, facts.sampleCount))
        self.byteCount = byteCount
    }
}
