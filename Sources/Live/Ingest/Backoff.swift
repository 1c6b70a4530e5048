/// How long it is waited before a source is called again: twice as long after each call that brought nothing, and a part of
/// it by chance, so that not all call at once.
struct Backoff {
    private static let shortest = Duration.milliseconds(500)
    private static let longest = Duration.seconds(30)
    /// A connection that lasted so long was a good one.
    static let goodConnection = Duration.seconds(10)

    private var next = shortest

    /// How long to wait after a call that took so long, with all of that included in which it brought something; `chance`
    /// decides between three quarters and five.
    mutating func pause(after call: Duration, chance: UInt8) -> Duration {
        if call >= Self.goodConnection { next = Self.shortest }
        defer { next = min(next * 2, Self.longest) }
        return next * (0.75 + Double(chance) / 512)
    }
}
