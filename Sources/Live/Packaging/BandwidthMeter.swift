internal import Media

/// The bit rate of a rendition, measured from its segments.
public struct BandwidthMeter: Sendable {
    private let shortestRun: MediaTime
    private let longestRun: MediaTime
    private var run: [(bits: Int, duration: MediaTime)] = []
    private var totalBits = 0
    private var totalDuration = MediaTime.zero
    private var measuredPeak = 0.0

    init(targetDuration: MediaTime) {
        shortestRun = MediaTime(targetDuration.value, Timescale(targetDuration.timescale.ticksPerSecond * 2))
        longestRun = targetDuration + shortestRun + .milliseconds(500)
    }

    /// Takes one more segment.
    mutating func add(bytes: Int, duration: MediaTime) {
        guard duration > .zero else { return }
        totalBits += bytes * 8
        totalDuration += duration
        run.append((bytes * 8, duration))
        // Every contiguous run that ends with this segment and is between 0.5 and 1.5 target durations long (§4.1).
        var (bits, length) = (0, MediaTime.zero)
        var used = 0
        for segment in run.reversed() {
            bits += segment.bits
            length += segment.duration
            guard length <= longestRun else { break }
            used += 1
            if length >= shortestRun { measuredPeak = max(measuredPeak, Double(bits) / length.seconds) }
        }
        run.removeFirst(run.count - max(used, 1))
    }

    /// The peak in bits per second, once something was measured.
    public var peak: Int? {
        guard let average else { return nil }
        return max(Int(measuredPeak.rounded(.up)), average)
    }

    /// The average in bits per second, once something was measured.
    public var average: Int? {
        totalDuration > .zero ? Int((Double(totalBits) / totalDuration.seconds).rounded(.up)) : nil
    }
}
