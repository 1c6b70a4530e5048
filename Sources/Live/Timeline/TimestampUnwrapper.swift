/// Turns a counter that wraps into a timeline that does not.
///
/// All tracks of one source share one unwrapper, for decode and presentation times alike, so that they stay on one
/// timeline when only some of them have wrapped. Each value is placed nearest to the one before it (serial number
/// arithmetic, RFC 1982): steps of less than half the counter's range come back exactly, in both directions.
///
/// RTMP's clock has 32 bits (RTMP 1.0 §5.3.1), of which some senders keep 31. Counted with 31 bits, both come back:
/// what goes on modulo 2³² goes on modulo 2³¹ too.
public struct TimestampUnwrapper: Sendable {
    private let modulus: Int64
    private var last: Int64?

    /// An unwrapper of counters of `bits` bits, or of more: 31 for RTMP, 33 for MPEG-2 systems.
    public init(bits: Int) {
        precondition((2...62).contains(bits), "a counter has 2 to 62 bits")
        modulus = 1 << Int64(bits)
    }

    /// The place of `value` on the unwrapped timeline. The first value stands for itself.
    public mutating func unwrap(_ value: Int64) -> Int64 {
        guard let last else {
            self.last = value
            return value
        }
        var step = (value &- last) & (modulus - 1)
        if step >= modulus / 2 { step -= modulus }
        // Half of all that 64 bits count is the end of the line: whoever jumps there comes out at its other end.
        self.last = last &+ step
        return last &+ step
    }
}
