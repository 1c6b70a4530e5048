import Bytes
import HLSRules

/// A correct row of full playlists and delta updates, as a client sees them, in which one answer can be changed.
struct DeltaHistory {
    static let url = PlaylistHistory.url
    /// Segments of two seconds: the sixth from the end begins, and the seventh ends, at the Skip Boundary.
    static let boundary = "CAN-SKIP-UNTIL=12.0"

    /// What was asked, and what came.
    struct Step {
        var reload: Observation.Reload
        var parts: Int
        var text: String
    }

    var steps: [Step] = []

    /// Full playlists and delta updates in turn, each delta update followed by the full playlist of its moment.
    init(skip: Observation.Skip = .segmentsAndDateRanges) {
        for parts in 40...47 {
            let full = Self.full(parts: parts, ranges: skip == .segmentsAndDateRanges)
            let blocking = { (skip: Observation.Skip?) in
                Observation.Reload.blocking(number: (parts - 1) / 4, part: (parts - 1) % 4, skip: skip)
            }
            if parts % 2 == 1 {
                steps.append(Step(reload: blocking(skip), parts: parts, text: Self.delta(of: full, parts, skip)))
            }
            steps.append(Step(reload: blocking(nil), parts: parts, text: full))
        }
    }

    private static func firstSegment(_ parts: Int) -> Int { parts / 4 - 9 }

    /// The full playlist of the moment at which `parts` parts have been published.
    static func full(parts: Int, ranges: Bool = true) -> String {
        var text = PlaylistHistory.playlist(parts: parts, firstSegment: firstSegment(parts))
            .replacing("CAN-BLOCK-RELOAD=YES", with: "CAN-BLOCK-RELOAD=YES,\(boundary)")
        guard ranges else { return text }
        text = text.replacing("RELOAD=YES,\(boundary)", with: "RELOAD=YES,\(boundary),CAN-SKIP-DATERANGES=YES")
        let lines = (parts < 45 ? [range("early", 1)] : []) + [range("late", 10)]
        return text + lines.joined() + (parts >= 45 ? range("new", 18) : "")
    }

    static func range(_ id: String, _ second: Int) -> String {
        "#EXT-X-DATERANGE:ID=\"\(id)\",START-DATE=\"2026-11-21T00:00:\(second < 10 ? "0" : "")\(second).000Z\",DURATION=0.5\n"
    }

    /// `full` without `count` segments, 3 at most, and without the date ranges that the client has.
    static func delta(of full: String, _ parts: Int, _ skip: Observation.Skip, count: Int? = nil) -> String {
        let skipsRanges = skip == .segmentsAndDateRanges
        let first = firstSegment(parts)
        let count = count ?? parts / 4 - 6 - first
        let header = full.prefix(upTo: full.firstRange(of: "#EXT-X-MAP")?.lowerBound ?? full.startIndex)
        let last = "s\(first + count - 1).m4s\n"
        let rest = full.suffix(from: full.firstRange(of: last)?.upperBound ?? full.startIndex)
        let removed = skipsRanges ? ",RECENTLY-REMOVED-DATERANGES=\"\(parts < 45 ? "" : "early")\"" : ""
        var text = String(header) + "#EXT-X-SKIP:SKIPPED-SEGMENTS=\(count)\(removed)\n" + rest
        if skipsRanges {
            for range in [range("early", 1), range("late", 10)] { text = text.replacing(range, with: "") }
        }
        return text.replacing("#EXT-X-VERSION:6", with: "#EXT-X-VERSION:\(skipsRanges ? 10 : 9)")
    }

    /// Changes the text of the answer `index`.
    mutating func replace(at index: Int, _ old: String, _ new: String) {
        precondition(steps[index].text.contains(old), "\(old) is in the answer")
        steps[index].text = steps[index].text.replacing(old, with: new)
    }

    /// The rules that a prober finds broken.
    func violations() -> [Rule] {
        var history = PresentationHistory()
        var rules: [Rule] = []
        for (index, step) in steps.enumerated() {
            let time = Double(step.parts) * 0.5 + (index > 0 && steps[index - 1].parts == step.parts ? 0.02 : 0)
            let found = history.observe(
                Observation(
                    .playlist(step.reload), url: Self.url, sentAt: time - 0.01, arrivedAt: time, status: 200,
                    headers: PlaylistHistory.headers.map { (name: $0.0, value: $0.1) },
                    body: ByteChunk([UInt8](step.text.utf8))))
            for violation in found where !rules.contains(violation.rule) { rules.append(violation.rule) }
        }
        return rules
    }
}
