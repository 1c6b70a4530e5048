internal import Media
internal import Packaging
internal import Time

/// The source's own samples, on their way to be published above the rungs that are made of them.
///
/// A key frame waits until the grid has decided about it: one that the rungs do not have must not end a segment.
struct SourcePassage {
    /// No decoder holds as many pictures: who has waited for so long will not be decided about.
    private static let limit = 32

    /// The source's track.
    let track: Track
    private var waiting: [(sample: Sample, arrival: Instant)] = []
    private var decisions: [MediaTime: Bool] = [:]

    init(_ track: Track) { self.track = track }

    /// Takes the next sample.
    mutating func append(_ sample: Sample, arrival: Instant) { waiting.append((sample, arrival)) }

    /// The key frame at `time` is one in all rungs, or it is not.
    mutating func decide(_ time: MediaTime, isKey: Bool) { decisions[time] = isKey }

    /// Hands on what may go.
    mutating func release(_ deliver: (MediaStep, Instant) -> Void) {
        release(deliver, most: Self.limit)
    }

    /// Hands on everything: no frame follows.
    mutating func releaseAll(_ deliver: (MediaStep, Instant) -> Void) {
        release(deliver, most: 0)
        decisions = [:]
    }

    /// Hands on everything, key frames as they are: there are no rungs that might not have them.
    mutating func releaseAsItCame(_ deliver: (MediaStep, Instant) -> Void) {
        for (sample, arrival) in waiting { deliver(.video(sample), arrival) }
        waiting = []
    }

    private mutating func release(_ deliver: (MediaStep, Instant) -> Void, most: Int) {
        var count = 0
        for (sample, arrival) in waiting {
            var shown = sample
            if sample.isSync {
                let isKey = decisions.removeValue(forKey: sample.presentationTime)
                guard isKey != nil || waiting.count - count > most else { break }
                if isKey != true { shown = sample.hidden }
            }
            deliver(.video(shown), arrival)
            count += 1
        }
        waiting.removeFirst(count)
    }
}

extension Sample {
    /// The same, but nothing begins there.
    var hidden: Sample {
        Sample(data: data, decodeTime: decodeTime, presentationTime: presentationTime, access: .dependent)
    }
}
