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

    /// How long a picture waits at most until another is taken, how many do, and how many bytes of them.
    private static let limit = (wait: Duration.seconds(5), pictures: 1200, bytes: 64 << 20)
    /// How much of anything else waits.
    private static let entryLimit = 4096

    var entries: [Entry] = []
    var isOver = false
    /// When those who wait will have waited for long enough, once it is over.
    var deadline: Instant?
    /// When the pictures came in that are not decoded yet, and what they take.
    private var arrivals: ArraySlice<Instant> = []
    private var bytes = 0
    /// True until the next key frame.
    private var isBehind = false
    /// True while a run goes on.
    private var isRunning = false

    /// How many pictures wait.
    var pictures: Int { arrivals.count }

    /// Takes what comes next. False where it is left out.
    mutating func take(_ step: MediaStep, _ arrival: Instant) -> Bool {
        switch step {
        case .begin: (isRunning, isBehind) = (true, false)
        case .interrupt:
            guard isRunning else { return true }
            isRunning = false
        case .video(let sample, _):
            let wait = arrivals.first.map { arrival - $0 } ?? .zero
            let isFull =
                wait > Self.limit.wait || pictures >= Self.limit.pictures
                || bytes + sample.data.count > Self.limit.bytes
            // Once behind, it goes on when half of that is done.
            let isHalfDone = wait <= Self.limit.wait / 2 && pictures <= Self.limit.pictures / 2
            guard !isFull, !isBehind || (sample.isSync && isHalfDone) else {
                isBehind = true
                return false
            }
            if isBehind { entries.append(.hole) }
            isBehind = false
            arrivals.append(arrival)
            bytes += sample.data.count
        default: guard entries.count < Self.entryLimit else { return false }
        }
        entries.append(.step(step, arrival))
        return true
    }

    /// A picture is done.
    mutating func forget(_ sample: Sample) {
        arrivals.removeFirst()
        bytes -= sample.data.count
    }
}
