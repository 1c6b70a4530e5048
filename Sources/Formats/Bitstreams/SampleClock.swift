import Media

/// The times of samples of which not all have their own: a packet states those of the first that begins in it.
struct SampleClock: Sendable {
    /// The times of the sample before.
    private var last: PacketTimes?
    /// The decode time that was stated last, and how many samples came since then.
    private var stated: (decode: Int64, samples: Int64)?
    /// How far two samples are apart, as the stated times have it.
    private var measured: Int64?
    /// How long after its decoding a sample was shown that stated both times.
    private var shownAfter: Int64?
    /// True once samples were shown in another order than they are decoded in: where one without times is shown is a guess.
    private(set) var isReordered = false

    /// The times of the next sample; nothing when none were stated ever.
    ///
    /// One without times follows the one before by `claimed`, the duration that the bitstream claims, or by the distance
    /// that was measured last, and is shown as long after its decoding as the one before was.
    mutating func next(stated times: PacketTimes?, claimed: Int64?) -> PacketTimes? {
        guard var next = times ?? last else { return nil }
        if times != nil {
            let shown = Self.distance(from: next.decode, to: next.presentation)
            if let shownAfter, shownAfter != shown { isReordered = true }
            shownAfter = shown
            if let stated {
                let distance = Self.distance(from: stated.decode, to: next.decode) / (stated.samples + 1)
                if (1...Self.longestPicture).contains(distance) { measured = distance }
            }
            stated = (next.decode, 0)
        } else {
            let shown = Self.distance(from: next.decode, to: next.presentation)
            let decode = next.decode &+ (claimed ?? measured ?? Self.usualPicture)
            next = PacketTimes(presentation: decode &+ shown, decode: decode)
            if let (decode, samples) = stated { stated = (decode, samples + 1) }
        }
        last = next
        return next
    }

    /// Samples were lost: the distance to the next stated time says nothing.
    mutating func skip() { stated = nil }

    /// How far it is from one time to another on a clock of 33 bits, which may have gone round in between.
    static func distance(from first: Int64, to second: Int64) -> Int64 { ((second &- first) << 31) >> 31 }

    /// What lasts longer is no picture but a gap: 10 s.
    static let longestPicture: Int64 = 900_000
    /// 1/25 s, where nothing at all is known.
    private static let usualPicture: Int64 = 3600
}

extension SampleClock {
    /// A duration that a bitstream claims in ticks of 90 kHz, or nothing when no picture lasts that long.
    static func ticks(claimed duration: MediaTime) -> Int64? {
        let ticks = duration.ticks(in: .video)
        return (1...longestPicture).contains(ticks) ? ticks : nil
    }
}
