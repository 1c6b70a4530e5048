internal import Media
internal import Time

/// When the pictures of a source are due, however they come in: those that come all at once are due one after the other, as
/// fast as they are shown. Who is behind that falls behind more and more.
struct Punctuality {
    /// What came early is due a little sooner each time, so that a source whose clock is a fast one stays punctual.
    private static let haste = (part: Int64(98), of: Int64(100))

    private var last: (time: MediaTime, due: Instant)?
    private var start = Instant(nanoseconds: 0)

    /// When the picture at `time` is due, which came in at `arrival`: then at the earliest.
    mutating func due(_ time: MediaTime, arrival: Instant) -> Instant {
        var due = max(arrival, start)
        if let last, time > last.time {
            let distance = (time - last.time).ticks(in: Timescale(1_000_000)) * Self.haste.part / Self.haste.of
            due = max(due, last.due.advanced(by: .microseconds(distance)))
        }
        last = (time, due)
        return due
    }

    /// Nothing is due before `now`: until then there was nobody to encode it.
    mutating func begin(at now: Instant) { (last, start) = (nil, now) }
}
