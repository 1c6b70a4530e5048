/// Turns a counter that wraps into a timeline that does not.
///
/// Each value is placed nearest to the one before it (serial number arithmetic, RFC 1982): steps of less than half the
/// counter's range come back exactly, in both directions, for decode and presentation times alike.
///
/// All tracks of one source are on one timeline. Either they share an unwrapper, or each has one of its own and is told
/// where the others are: then it may stay anywhere beside them, even by half the range.
///
/// RTMP's clock has 32 bits (RTMP 1.0 §5.3.1), of which some senders keep 31. Counted with 31 bits, both come back:
/// what goes on modulo 2³² goes on modulo 2³¹ too.
public struct TimestampUnwrapper: Sendable {
    private let modulus: Int64
    /// The place of the newest value.
    public private(set) var last: Int64?

    /// An unwrapper of counters of `bits` bits, or of more: 31 for RTMP, 33 for MPEG-2 systems.
    public init(bits: Int) {
        precondition((2...62).contains(bits), "a counter has 2 to 62 bits")
        modulus = 1 << Int64(bits)
    }

    /// The place of `value` on the unwrapped timeline. The first value of all stands for itself.
    ///
    /// `others` are the places of the other tracks, the newest first. A value that is not near to the one before it, or has
    /// none, is placed where one of them is near, so that tracks stay together when their clock is set anew.
    public mutating func unwrap(_ value: Int64, beside others: @autoclosure () -> [Int64] = []) -> Int64 {
        let place = self.place(of: value, beside: others)
        last = place
        return place
    }

    private func place(of value: Int64, beside others: () -> [Int64]) -> Int64 {
        // Half of all that 64 bits count is the end of the line: whoever jumps there comes out at its other end.
        if let last, isNear(value, last) { return last &+ step(from: last, to: value) }
        let others = others()
        guard let reference = others.first(where: { isNear(value, $0) }) ?? last ?? others.first else { return value }
        return reference &+ step(from: reference, to: value)
    }

    /// True where going on and a wrap cannot be mistaken for each other.
    private func isNear(_ value: Int64, _ place: Int64) -> Bool {
        (-modulus / 4..<modulus / 4).contains(step(from: place, to: value))
    }

    private func step(from place: Int64, to value: Int64) -> Int64 {
        let step = (value &- place) & (modulus - 1)
        return step >= modulus / 2 ? step - modulus : step
    }
}
