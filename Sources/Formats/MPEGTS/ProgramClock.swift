/// The program clock reference: where it is sent, and whether it goes on as it should. ISO/IEC 13818-1 §2.7.2.
struct ProgramClock: Sendable {
    /// A clock value is below this: 2³³ · 300.
    private static let period: Int64 = (1 << 33) * 300
    /// How far a clock goes on at most without saying that it jumps: 100 ms.
    private static let longestStep: Int64 = 2_700_000

    /// The packet identifier of the clock; nothing where the program has none.
    private(set) var pid: UInt16?
    private var last: Int64?
    /// How long it may take to the next value.
    var watch = IntervalWatch(milliseconds: 100)

    /// True once it has shown something.
    var isRunning: Bool { last != nil }

    /// From now on the clock is sent there.
    mutating func move(to pid: UInt16?) {
        guard pid != self.pid else { return }
        self.pid = pid
        last = nil
        watch.stop()
    }

    /// Takes a value. Answers 1 when it jumped and did not say so.
    mutating func show(_ ticks: Int64, isDiscontinuous: Bool, at now: Int64) -> UInt64 {
        defer {
            last = ticks
            watch.restart(at: now)
        }
        guard let last, !isDiscontinuous else { return 0 }
        let step = ticks >= last ? ticks - last : ticks - last + Self.period
        return step > Self.longestStep ? 1 : 0
    }
}
