import Bytes
public import Media
public import Packaging
import Time

/// The pictures of one source in several sizes, as encoders give them, and its sound.
public struct LadderFeed: Sendable {
    /// The pictures in one size.
    public struct Rung: Sendable {
        /// One of so many of the source's pictures is there.
        public var divisor: Int64
        /// True when they are decoded in another order than they are shown in.
        public var reorders: Bool
        /// How much later than the source's the picture of a time comes, in milliseconds; nothing when it never does.
        public var delay: @Sendable (_ time: Int64) -> Int64?

        /// Pictures of that kind.
        public init(
            divisor: Int64 = 1, reorders: Bool = false,
            delay: @escaping @Sendable (_ time: Int64) -> Int64? = { _ in 0 }
        ) {
            (self.divisor, self.reorders, self.delay) = (divisor, reorders, delay)
        }
    }

    /// Something that comes.
    public struct Arrival: Sendable {
        /// When it comes, in milliseconds.
        public let time: Int64
        /// Nothing for sound.
        public let rung: Int?
        /// The picture, or the frame of sound.
        public let sample: Sample

        /// That sample, which comes then.
        public init(time: Int64, rung: Int?, sample: Sample) {
            (self.time, self.rung, self.sample) = (time, rung, sample)
        }
    }

    /// The frame rate of the source is `frames` in `perSeconds` seconds.
    public var frames: Int64
    /// See `frames`.
    public var perSeconds: Int64
    /// From one key frame to the next.
    public var gopFrames: Int64
    /// True when there is sound.
    public var hasAudio: Bool
    /// The sizes, from the largest down.
    public var rungs: [Rung]

    /// A source of that kind.
    public init(
        frames: Int64 = 30, perSeconds: Int64 = 1, gopFrames: Int64 = 60, hasAudio: Bool = true, rungs: [Rung]
    ) {
        (self.frames, self.perSeconds, self.gopFrames) = (frames, perSeconds, gopFrames)
        (self.hasAudio, self.rungs) = (hasAudio, rungs)
    }

    private static let sizes = [(1920, 1080), (1280, 720), (640, 360)]

    /// The tracks of the pictures.
    public var video: [Track] {
        rungs.indices.map { rung in
            Track(
                codec: .h264, format: .video(VideoFormat(width: Self.sizes[rung].0, height: Self.sizes[rung].1)),
                decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f")
        }
    }

    /// The tracks there are.
    public var tracks: [Track] { video + (hasAudio ? [Feed().audio] : []) }

    /// So many pictures are decoded before the first is shown.
    private var shift: Int64 { rungs.contains { $0.reorders } ? 1 : 0 }

    private func milliseconds(ofFrame frame: Int64) -> Int64 { (frame * 1000 * perSeconds + frames / 2) / frames }

    /// When the pictures of the source are shown that come in so many seconds, on the presentation's timeline.
    public func shown(_ rung: Int, seconds: Int64) -> [Int64] {
        let count = seconds * frames / perSeconds
        return (0..<count).filter { $0 % rungs[rung].divisor == 0 }.map {
            (milliseconds(ofFrame: $0 + shift) - milliseconds(ofFrame: shift)) * 90
        }
    }

    /// All that comes of so many seconds of the source, whose clock begins at `start`, in the order in which it comes.
    public func arrivals(seconds: Int64, from start: Int64 = 0) -> [Arrival] {
        var arrivals: [Arrival] = []
        for (index, rung) in rungs.enumerated() {
            for frame in 0..<seconds * frames / perSeconds where frame % rung.divisor == 0 {
                let position = frame % gopFrames
                var (decoded, shown) = (frame + shift, frame + shift)
                if rung.reorders {
                    // I P B P B …: the picture after next is decoded before the next one.
                    let turn: Int64 = position == 0 ? 0 : position % 2 == 0 ? -1 : position == gopFrames - 1 ? 0 : 1
                    (decoded, shown) = (frame, frame + shift + turn)
                }
                let time = milliseconds(ofFrame: decoded)
                guard let delay = rung.delay(time) else { continue }
                let isSync = position == 0
                let payload = [UInt8](repeating: 0x2A, count: 120 - 40 * index)
                let sample = Sample(
                    data: ByteChunk([0, 0, 0, UInt8(payload.count + 1), isSync ? 0x65 : 0x41] + payload),
                    decodeTime: .milliseconds(start + time),
                    presentationTime: .milliseconds(start + milliseconds(ofFrame: shown)), isSync: isSync)
                arrivals.append(Arrival(time: time + delay, rung: index, sample: sample))
            }
        }
        if hasAudio {
            for case .audio(let sample) in Feed(hasVideo: false).events(seconds: seconds, from: start) {
                arrivals.append(Arrival(time: sample.decodeTime.value - start, rung: nil, sample: sample))
            }
        }
        return arrivals.sorted { $0.time < $1.time }
    }

    /// A presentation that waits for the first picture.
    public func started(_ name: LatencyProfile.Name, dvrWindow: MediaTime? = nil) -> Presentation {
        var profile = LatencyProfile(name)
        profile.dvrWindow = dvrWindow
        var presentation = Presentation(
            id: "test", profile: profile, wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        _ = begin(&presentation)
        return presentation
    }

    /// Begins a run whose first picture comes when the clock shows so many milliseconds.
    public func begin(_ presentation: inout Presentation, from start: Int64 = 0, at clock: Int64 = 0) -> Bool {
        presentation.beginRun(
            tracks: tracks, sourceStart: .milliseconds(start + milliseconds(ofFrame: shift)),
            now: Instant(nanoseconds: clock * 1_000_000))
    }
}

extension Presentation {
    /// Takes what comes, and does `each` after everything, with the time at which it came.
    public mutating func play(
        _ arrivals: [LadderFeed.Arrival], each: (inout Presentation, _ time: Int64) -> Void = { _, _ in }
    ) {
        for arrival in arrivals {
            if let rung = arrival.rung {
                _ = appendVideo(arrival.sample, rung: rung)
            } else {
                appendAudio(arrival.sample)
            }
            each(&self, arrival.time)
        }
    }
}
