internal import Locks
internal import Media
internal import Telemetry
internal import Time

/// Measures how long frames take, from their arrival to the last of their renditions.
final class EncodingMeter: Sendable {
    private struct Frame {
        var first: Instant
        var arrival: Instant
        /// How many renditions have not been encoded yet.
        var left: Int
    }

    /// A rendition that has failed never comes.
    private static let limit = 512

    private let frames = Mutex<[MediaTime: Frame]>([:])
    private let journal: TranscoderJournal

    init(_ journal: TranscoderJournal) { self.journal = journal }

    /// A frame goes to so many encoders.
    func begin(_ time: MediaTime, arrival: Instant, renditions: Int) {
        guard renditions > 0 else { return }
        frames.withLock { frames in
            if frames.count >= Self.limit { frames = [:] }
            frames[time] = Frame(first: Instant(nanoseconds: .max), arrival: arrival, left: renditions)
        }
    }

    /// One of its renditions has been encoded.
    func note(_ time: MediaTime) {
        let now = journal.clock.now
        let done = frames.withLock { frames -> Frame? in
            guard var frame = frames[time] else { return nil }
            frame.first = min(frame.first, now)
            frame.left -= 1
            frames[time] = frame.left > 0 ? frame : nil
            return frame.left > 0 ? nil : frame
        }
        guard let done else { return }
        journal.metrics.delay.observe(now - done.arrival)
        journal.metrics.spread.observe(now - done.first)
    }
}
