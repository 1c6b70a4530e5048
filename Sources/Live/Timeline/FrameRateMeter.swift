/// How many frames a second a track has when it is at its fastest, measured from the distances of its decode times.
///
/// FRAME-RATE names the highest rate of a stream (RFC 8216bis §4.4.6.2), and whoever reads it reads it once. So frames that
/// are missing make a rate no lower, and neither does a slower second; a faster one makes it higher. Single frames that
/// come close together are no rate.
struct FrameRateMeter: Sendable {
    /// Frames and the ticks they last.
    private struct Ratio {
        var frames: Int64
        var ticks: Int64

        /// Frames in one tick.
        var rate: Double { Double(frames) / Double(ticks) }
    }

    private let ticksPerSecond: Int64
    /// The distances within the current second.
    private var distances: [Int64] = []
    private var elapsed: Int64 = 0
    private var fastest: Ratio?

    init(ticksPerSecond: Int64) { self.ticksPerSecond = ticksPerSecond }

    /// Frames in one second, once there has been a second of them.
    var rate: Double? { fastest.map { $0.rate * Double(ticksPerSecond) } }

    /// Takes the distance between two frames.
    mutating func observe(_ distance: Int64) {
        guard distance > 0 else { return }
        distances.append(distance)
        elapsed += distance
        guard elapsed >= ticksPerSecond || distances.count >= Self.mostFrames else { return }
        take(measure())
        distances.removeAll(keepingCapacity: true)
        elapsed = 0
    }

    /// The rate of this second: on average, or of those frames that are about as far apart as the closer ones are.
    private func measure() -> Ratio {
        let all = Ratio(frames: Int64(distances.count), ticks: elapsed)
        let plausible = distances.filter { $0 * Self.highestRate >= ticksPerSecond }.sorted()
        guard !plausible.isEmpty else { return all }
        let close = plausible[plausible.count / 4]
        let alike = plausible.filter { $0 * 4 >= close * 3 && $0 * 3 <= close * 4 }
        let regular = Ratio(frames: Int64(alike.count), ticks: alike.reduce(0, +))
        return regular.rate > all.rate ? regular : all
    }

    private mutating func take(_ second: Ratio) {
        guard let known = fastest else { return fastest = second }
        if second.rate > known.rate * 1.1 {
            fastest = second
        } else if second.rate > known.rate * 0.9, known.frames < Self.enough {
            fastest = Ratio(frames: known.frames + second.frames, ticks: known.ticks + second.ticks)
        }
    }

    /// Frames of a second that are looked at.
    private static let mostFrames = 512
    /// Frames per second: what is closer together was stamped badly.
    private static let highestRate: Int64 = 300
    /// Frames after which a rate is known as well as it needs to be.
    private static let enough: Int64 = 10_000
}
