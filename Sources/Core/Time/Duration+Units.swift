extension Duration {
    /// The length in whole nanoseconds, rounded towards zero and limited to what 64 bits hold.
    public var wholeNanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }

    /// The length in whole microseconds, rounded towards zero and limited to what 64 bits hold.
    public var wholeMicroseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000_000) }

    /// The length in whole milliseconds, rounded towards zero and limited to what 64 bits hold.
    public var wholeMilliseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000_000_000) }

    /// The length in seconds, as a double.
    public var fractionalSeconds: Double { self / .seconds(1) }
}

extension Int64 {
    /// The sum, or the nearest limit where it does not fit.
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }
}
