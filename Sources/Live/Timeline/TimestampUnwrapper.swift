/// Turns a counter that wraps into a timeline that does not.
///
/// All tracks of one source share one unwrapper, so that they stay on one timeline when only some of them have
/// wrapped. Each value is placed nearest to the one before it (serial number arithmetic, RFC 1982).
public struct TimestampUnwrapper: Sendable {
    private let modulus: Int64
    private var last: Int64?

    /// An unwrapper of counters of `bits` bits: 32 for RTMP, 33 for MPEG-2 systems.
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
        var step = (value - last) % modulus
        if step < 0 { step += modulus }
        if step >= modulus / 2 { step -= modulus }
        self.last = last + step
        return last + step
    }
}
