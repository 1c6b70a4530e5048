/// The regular beat of a track's decode times, measured from the times themselves.
///
/// Sources write their times on coarse clocks: at 29.97 frames per second RTMP's milliseconds read 0, 33, 67, 100. A
/// cadence finds the exact frame duration behind such a row. Each standard rate explains the row as long as one phase
/// is left at which flooring `phase + n × duration` gives every time seen; the rates that still do are the
/// candidates. While one is locked, the time of the next frame is known before it comes.
///
/// The declared frame rate of the stream is never asked.
public struct Cadence: Sendable {
    /// One frame's length, as `numerator / denominator` source ticks.
    public struct FrameDuration: Sendable, Hashable {
        /// Ticks in `denominator` frames.
        public let numerator: Int64
        /// Frames.
        public let denominator: Int64

        /// `numerator` ticks for `denominator` frames.
        public init(numerator: Int64, denominator: Int64) {
            self.numerator = numerator
            self.denominator = denominator
        }
    }

    /// What a new decode time says about the beat.
    public enum Step: Sendable, Equatable {
        /// The first time seen, or one with no relation to the beat: the cadence starts over.
        case restart
        /// No beat is known yet.
        case learning
        /// So many frames after the last one: 1 when nothing is missing.
        case frames(Int64)
    }

    /// A rate and the phases, times `denominator`, at which it explains all times since `Cadence.origin`.
    private struct Candidate: Sendable {
        let duration: FrameDuration
        var phases = Int64.min..<Int64.max

        var isAlive: Bool { !phases.isEmpty }

        mutating func observe(ticks: Int64, index: Int64) {
            let base = ticks * duration.denominator - index * duration.numerator
            phases = phases.clamped(to: base..<(base + duration.denominator))
        }

        func ticks(at index: Int64) -> Int64 {
            let middle = phases.lowerBound + (phases.upperBound - phases.lowerBound - 1) / 2
            return (middle + index * duration.numerator).flooredQuotient(by: duration.denominator)
        }
    }

    /// Frames that a rate must explain before it is believed.
    private static let framesToLock: Int64 = 8
    /// How far, in source ticks, a time may lie from the beat and still belong to it.
    private static let tolerance: Int64 = 2

    private let ticksPerSecond: Int64
    private let candidatesAtStart: [Candidate]
    private var candidates: [Candidate]
    private var locked: FrameDuration?
    /// The time that `index` counts from.
    private var origin: Int64?
    private var index: Int64 = 0
    private var last: Int64 = 0
    private var meter: FrameRateMeter

    /// A cadence of times in ticks of `1 / ticksPerSecond` seconds.
    public init(ticksPerSecond: Int64) {
        self.ticksPerSecond = ticksPerSecond
        meter = FrameRateMeter(ticksPerSecond: ticksPerSecond)
        candidatesAtStart = Self.standardRates.map { frames, seconds in
            Candidate(duration: FrameDuration(numerator: ticksPerSecond * seconds, denominator: frames))
        }
        candidates = candidatesAtStart
    }

    /// Frames and seconds of the rates that encoders offer; whole rates first, so that they win while both fit.
    private static let standardRates: [(frames: Int64, seconds: Int64)] = [
        (30, 1), (25, 1), (60, 1), (50, 1), (24, 1), (30_000, 1001), (60_000, 1001), (24_000, 1001), (15, 1), (20, 1),
        (10, 1), (12, 1), (48, 1), (18, 1), (5, 1), (15_000, 1001), (120, 1), (100, 1), (120_000, 1001), (90, 1),
        (72, 1), (40, 1), (25, 2), (8, 1), (6, 1),
    ]

    /// The exact frame duration while the beat holds.
    public var frameDuration: FrameDuration? { locked }

    /// Frames in one second: of the beat while it holds, else as they come at their fastest, once there has been a second
    /// of them.
    public var frameRate: Double? {
        locked.map { Double($0.denominator * ticksPerSecond) / Double($0.numerator) } ?? meter.rate
    }

    /// The decode time of the frame that comes `frames` after the last one, while the beat holds.
    public func predicted(after frames: Int64 = 1) -> Int64? {
        guard let locked, let origin else { return nil }
        let candidate = candidates.first { $0.duration == locked } ?? Candidate(duration: locked)
        guard candidate.phases.lowerBound != .min else {
            return last + (frames * locked.numerator).flooredQuotient(by: locked.denominator)
        }
        return origin + candidate.ticks(at: index + frames)
    }

    /// Takes the next decode time.
    public mutating func observe(_ ticks: Int64) -> Step {
        guard let origin else { return start(at: ticks) }
        let delta = ticks - last
        meter.observe(delta)
        var frames: Int64 = 1
        if let locked {
            frames = (delta * locked.denominator + locked.numerator / 2).flooredQuotient(by: locked.numerator)
            let beat = (frames * locked.numerator).flooredQuotient(by: locked.denominator)
            guard frames >= 1, abs(delta - beat) <= Self.tolerance else { return start(at: ticks) }
        } else if delta <= 0 {
            return start(at: ticks)
        }
        index += frames
        last = ticks
        for position in candidates.indices {
            candidates[position].observe(ticks: ticks - origin, index: index)
        }
        candidates.removeAll { !$0.isAlive }
        if candidates.isEmpty {
            // The source's clock slipped against its own beat, or there is none: learn again from here.
            learn(from: ticks)
        } else if index >= Self.framesToLock, !candidates.contains(where: { $0.duration == locked }) {
            locked = candidates[0].duration
        }
        return locked == nil ? .learning : .frames(frames)
    }

    private mutating func start(at ticks: Int64) -> Step {
        locked = nil
        learn(from: ticks)
        return .restart
    }

    private mutating func learn(from ticks: Int64) {
        candidates = candidatesAtStart
        for position in candidates.indices { candidates[position].observe(ticks: 0, index: 0) }
        origin = ticks
        index = 0
        last = ticks
    }
}

extension Int64 {
    /// The quotient by a positive divisor, rounded down.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
