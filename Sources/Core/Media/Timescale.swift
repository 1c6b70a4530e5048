/// How many ticks a clock makes in one second: 90,000 for video here, the sample rate for audio.
public struct Timescale: Hashable, Sendable {
    /// Ticks in one second, at least one.
    public let ticksPerSecond: UInt32

    /// A timescale of `ticksPerSecond`, which must not be zero.
    public init(_ ticksPerSecond: UInt32) {
        precondition(ticksPerSecond > 0, "a timescale has at least one tick in a second")
        self.ticksPerSecond = ticksPerSecond
    }

    /// RTMP and FLV time.
    public static let milliseconds = Timescale(1000)
    /// MPEG-2 system time, and the timescale of every video track here.
    public static let video = Timescale(90_000)
}
