internal import Media
internal import Time

/// What ties places on the presentation's timeline to the wall clock: the date of a place is the date of the timeline's
/// zero, and the place, and a shift.
///
/// The timeline is the source's clock, which is never quite ours. So the shift grows or shrinks, by at most 500 millionths
/// of the time that passes: dates follow the true time, never step and never go back. A line of knots, each of which lies
/// behind all that was published when it was made: what has a date keeps it.
struct WallAnchor: Sendable {
    /// From a place on the shift is so much, and changes so fast. In microseconds, and microseconds in a second.
    private struct Knot {
        let place: Int64
        let shift: Int64
        let rate: Int64

        /// With a rate of 500, no place is so far away that this could overflow.
        func shift(at time: Int64) -> Int64 {
            let product = (time - place) * rate
            // Rounded down, so that dates never go back.
            return shift + (product - (product % 1_000_000 + 1_000_000) % 1_000_000) / 1_000_000
        }
    }

    /// How fast the shift changes at most, in microseconds a second.
    static let steepest: Int64 = 500
    /// Up to this error, in seconds, dates that run like the places go on so: a clock that is as exact as ours leaves them
    /// alone.
    private static let toleratedError = 0.02
    /// In how many seconds an error is to be gone, if that is not too steep.
    private static let horizon = 60.0
    /// No rendition is so many knots behind another.
    private static let knotLimit = 16
    /// No time is farther away than thirty years, in microseconds.
    private static let farthest: Int64 = 1_000_000_000_000_000

    /// The shift before the first knot.
    private var base: Int64
    /// By place. Those that nobody needs any more are gone.
    private var knots: [Knot] = []

    /// The same shift everywhere.
    init(shift: Duration = .zero) { base = shift.wholeMicroseconds }

    // MARK: From places to dates and back

    /// How much later than its place the date of `place` is.
    func shift(at place: MediaTime) -> Duration { .microseconds(microseconds(at: Self.microseconds(of: place))) }

    /// The date of `place`, counted from that of the timeline's zero.
    func dated(_ place: MediaTime) -> MediaTime {
        let shift = microseconds(at: Self.microseconds(of: place))
        return shift == 0 ? place : place + MediaTime(shift, Timescale(1_000_000))
    }

    /// The place with the date `passed` after that of the timeline's zero.
    func place(at passed: Duration) -> MediaTime {
        let date = Self.limited(passed.wholeMicroseconds)
        var place = date - base
        if let knot = knots.last(where: { $0.place + $0.shift <= date }) {
            let distance = date - knot.shift - knot.place
            place = knot.place + distance - distance * knot.rate / (1_000_000 + knot.rate)
        }
        return MediaTime(place, Timescale(1_000_000))
    }

    private func microseconds(at place: Int64) -> Int64 {
        knots.last { $0.place <= place }?.shift(at: place) ?? base
    }

    private static func microseconds(of place: MediaTime) -> Int64 {
        limited(place.ticks(in: Timescale(1_000_000), rounding: .down))
    }

    private static func limited(_ microseconds: Int64) -> Int64 { min(max(microseconds, -farthest), farthest) }

    // MARK: Following a clock

    /// Makes the dates behind `edge`, where all that is published ends, run towards the truth: there they should be later
    /// by `error`, and the shift changes by `rate` in a second by itself, as the source's clock does.
    mutating func steer(from edge: MediaTime, error: Duration, rate: Double) {
        let error = error.fractionalSeconds
        if self.rate == 0, abs(error) <= Self.toleratedError { return }
        turn(at: edge, to: rate + error / Self.horizon * 1e6)
    }

    /// Lets the dates behind `edge` run like the places: nobody knows better.
    mutating func hold(from edge: MediaTime) { turn(at: edge, to: 0) }

    /// Forgets the knots that no place from `place` on needs.
    mutating func forget(before place: MediaTime) {
        let place = Self.microseconds(of: place)
        forget(knots.lastIndex { $0.place <= place } ?? 0)
    }

    private mutating func forget(_ count: Int) {
        guard count > 0 else { return }
        knots.removeFirst(count)
        base = knots[0].shift
    }

    private var rate: Int64 { knots.last?.rate ?? 0 }

    private mutating func turn(at edge: MediaTime, to wanted: Double) {
        let steepest = Double(Self.steepest)
        let rate = Int64(min(max(wanted, -steepest), steepest).rounded())
        guard rate != self.rate else { return }
        let place = max(Self.microseconds(of: edge), knots.last?.place ?? .min)
        let shift = microseconds(at: place)
        if knots.last?.place == place { knots.removeLast() }
        knots.append(Knot(place: place, shift: shift, rate: rate))
        forget(knots.count - Self.knotLimit)
    }
}
