internal import Media

/// How far behind what leads a track comes: it is waited for as much longer.
struct Lateness {
    /// What comes later than that is not waited for: tracks are no farther apart.
    static let most = MediaTime.milliseconds(10_000)
    /// For how long it is remembered how late it was.
    private static let memory = MediaTime.milliseconds(30_000)

    /// How far what leads had come when something came of the track last.
    private(set) var heardAt: MediaTime
    /// How far behind what leads it came, at most lately.
    private(set) var delay = MediaTime.zero
    /// How far what leads had come when it came so late.
    private var delayedAt: MediaTime

    /// That of a track that begins at `start`, and is known to come so much behind.
    init(start: MediaTime, delay: MediaTime = .zero) {
        (heardAt, delayedAt, self.delay) = (start, start, min(delay, Self.most))
    }

    /// Takes note that something of `time` came when what leads had come to `leading`.
    mutating func note(_ time: MediaTime, leading: MediaTime) {
        let late = leading - time
        heardAt = max(heardAt, leading)
        if late >= delay || leading - delayedAt > Self.memory {
            (delay, delayedAt) = (max(.zero, min(late, Self.most)), leading)
        }
    }
}
