public import Time

/// For how long something that is fetched is waited for.
public struct HTTPPatience {
    /// The time until the head of the answer is there, through all redirects.
    public var answer = Duration.seconds(10)
    /// The longest silence inside the answer.
    public var silence = Duration.seconds(10)
    let clock: any MonotonicClock
    let isWanted: () -> Bool

    /// Patience that ends when `isWanted` says no. It is asked on the thread that waits.
    public init(clock: any MonotonicClock = SystemClocks(), while isWanted: @escaping () -> Bool) {
        self.clock = clock
        self.isWanted = isWanted
    }
}
