internal import Locks

/// When each publication reached the first of all viewers: what the threads share.
public final class FirstArrivals: Sendable {
    private let times = Mutex<[Publication: Int64]>([:])

    /// Nothing has arrived yet.
    public init() {}

    /// When `publication` reached the first viewer; that is this one, at `time`, when it reached none before.
    func first(_ publication: Publication, at time: Int64) -> (time: Int64, isNew: Bool) {
        times.withLock { times in
            if let known = times[publication] { return (known, false) }
            times[publication] = time
            return (time, true)
        }
    }
}
