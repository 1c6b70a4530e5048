internal import Bytes
internal import Media
internal import Packaging
internal import Time

/// What waits to be transcoded.
struct TranscoderQueue {
    enum Entry: Sendable {
        case step(MediaStep, Instant)
        /// Pictures were left out.
        case hole
    }

    /// How many pictures wait at most, and how many bytes of them.
    private static let limit = (pictures: 120, bytes: 32 << 20)
    /// How much of anything else does.
    private static let entryLimit = 4096

    var entries: [Entry] = []
    var isOver = false
    /// Pictures that are not decoded yet, and what they take.
    private(set) var pictures = 0
    private var bytes = 0
    /// True until the next key frame.
    private var isBehind = false
    /// True while a run goes on.
    private var isRunning = false

    /// Takes what comes next. False where it is left out.
    mutating func take(_ step: MediaStep, _ arrival: Instant) -> Bool {
        switch step {
        case .begin: (isRunning, isBehind) = (true, false)
        case .interrupt:
            guard isRunning else { return true }
            (isRunning, isBehind) = (false, false)
        case .video(let sample, _):
            let isFull = pictures >= Self.limit.pictures || bytes + sample.data.count > Self.limit.bytes
            // Once behind, it goes on when half of that is done.
            guard !isFull, !isBehind || (sample.isSync && pictures <= Self.limit.pictures / 2) else {
                isBehind = true
                return false
            }
            if isBehind { entries.append(.hole) }
            isBehind = false
            pictures += 1
            bytes += sample.data.count
        default: guard entries.count < Self.entryLimit else { return false }
        }
        entries.append(.step(step, arrival))
        return true
    }

    /// A picture is done.
    mutating func forget(_ sample: Sample) {
        pictures -= 1
        bytes -= sample.data.count
    }
}
