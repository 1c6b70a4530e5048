internal import Media
internal import Time

/// What places on a timeline have to do with the time at which pictures come in: when the next ones would, if they did.
///
/// They come late rather than early, so the earliest of the last few seconds tells.
struct PictureClock {
    /// The earliest of one second.
    private struct Second {
        let number: Int64
        /// How much later on our clock than on the timeline, in nanoseconds.
        var offset: Int64
    }

    private static let memory = 8
    private static let nanoseconds = Timescale(1_000_000_000)

    private var seconds: [Second] = []

    /// The picture at `time` came in at `arrival`.
    mutating func note(_ time: MediaTime, arrival: Instant) {
        let offset = arrival.nanoseconds - time.ticks(in: Self.nanoseconds)
        let number = arrival.nanoseconds / 1_000_000_000
        if let last = seconds.last, last.number == number {
            seconds[seconds.count - 1].offset = min(last.offset, offset)
        } else {
            if seconds.count >= Self.memory { seconds.removeFirst() }
            seconds.append(Second(number: number, offset: offset))
        }
    }

    private var offset: Int64? { seconds.map(\.offset).min() }

    /// The place of a picture that comes in at `instant`; nothing before one has.
    func place(at instant: Instant) -> MediaTime? {
        offset.map { MediaTime(instant.nanoseconds - $0, Self.nanoseconds) }
    }

    /// When the picture at `time` comes in; nothing before one has.
    func arrival(of time: MediaTime) -> Instant? {
        offset.map { Instant(nanoseconds: time.ticks(in: Self.nanoseconds) + $0) }
    }
}
