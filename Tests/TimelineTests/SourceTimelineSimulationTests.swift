import Media
import SeededRandom
import Testing
import Time
import Timeline

/// A transport stream of pictures at 29.97 per second, coded with B-frames, and of sound at 48 kHz, whose 33 bits wrap, with
/// faults at random times.
@Suite struct SourceTimelineSimulationTests {
    private enum Fault: CaseIterable {
        /// All clocks jump.
        case allJump
        /// One clock jumps.
        case oneJumps
        /// The clocks that were set anew are as they were.
        case oneJumpsBack
        /// A track is silent for a while; its clock goes on.
        case stop
        /// The network lets nothing through for a while, and all of it at once then.
        case stall
    }

    private struct Captured {
        let track: Int
        /// When the sample was captured, on our clock, in nanoseconds.
        let capture: Int64
        /// The times in ticks of 90 kHz, as the stream has them.
        let decodeTime: Int64
        let presentationTime: Int64
        let arrival: Int64
    }

    private static let video = -1
    private static let audio = 0
    private static let second: Int64 = 1_000_000_000

    /// A source whose clocks are changed at random by some of `faults`, each some seconds after the one before it.
    private struct Source {
        var random: SeededGenerator
        var samples: [Captured] = []
        var jumps = 0
        private var frames = 0 as Int64
        private var sounds = 0 as Int64
        private var offsets = [video: 0 as Int64, audio: 0]
        private var common: Int64 = 0
        private var silence: (track: Int, until: Int64)?
        private var stalledUntil: Int64 = 0
        private var arrival: Int64 = 0

        init(seed: Int) {
            random = SeededGenerator(seed: UInt64(seed))
            common = (95_443 - Int64.random(in: 0...300, using: &random)) * second
            offsets = [video: common, audio: common]
        }

        mutating func run(for duration: Int64, faults: [Fault], audioFrom lateness: Int64) {
            var next = 6 * second
            while true {
                let picture = frames * 1001 * second / 30_000, sound = sounds * 1024 * second / 48_000
                let now = min(picture, sound)
                guard now < duration else { return }
                if now >= next, !faults.isEmpty, now >= lateness + 6 * second {
                    inflict(faults.randomElement(using: &random) ?? .stall, at: now)
                    next = now + Int64.random(in: 16...30, using: &random) * second
                }
                if picture <= sound {
                    take(video, picture, reordering: [2, 4, 1, 1][Int(frames % 4)] * 3003)
                    frames += 1
                } else {
                    if sound >= lateness { take(audio, sound, reordering: 0) }
                    sounds += 1
                }
            }
        }

        private mutating func take(_ track: Int, _ capture: Int64, reordering: Int64) {
            if let silence, silence.track == track, capture < silence.until { return }
            let delay = Int64.random(in: 0...40_000_000, using: &random)
            arrival = max(arrival, capture + delay, stalledUntil)
            let ticks = MediaTime(capture + (offsets[track] ?? 0), Timescale(1_000_000_000)).ticks(in: .video)
            samples.append(
                Captured(
                    track: track, capture: capture, decodeTime: ticks & (1 << 33 - 1),
                    presentationTime: (ticks + reordering) & (1 << 33 - 1), arrival: arrival))
        }

        private mutating func inflict(_ fault: Fault, at now: Int64) {
            let step = Int64.random(in: 1100...5_000_000, using: &random) * (Bool.random(using: &random) ? 1 : -1)
            let track = Bool.random(using: &random) ? video : audio
            switch fault {
            case .allJump:
                common += step * 1_000_000
                for track in [video, audio] { offsets[track, default: 0] += step * 1_000_000 }
                jumps += 1
            case .oneJumps: offsets[track, default: 0] += step * 1_000_000
            case .oneJumpsBack: offsets = [video: common, audio: common]
            case .stop: silence = (track, now + Int64.random(in: 300...12_000, using: &random) * 1_000_000)
            case .stall: stalledUntil = now + Int64.random(in: 100...4000, using: &random) * 1_000_000
            }
        }
    }

    /// What came out of a source's timeline.
    private struct Result {
        var epochs = 0
        var dropped = 0
        var placed = 0
        /// By how much places are ahead of captures, per track: the last in this epoch, in seconds.
        var ahead: [Int: Double] = [:]
        /// The largest change of sound against pictures.
        var worstOffset = 0.0
        var longestHold: Int64 = 0
        var isMonotone = true
        var isUntouched = true
    }

    private func play(_ source: Source) -> Result {
        var clock = TimestampUnwrapper(bits: 33)
        var times: [MediaTime] = []
        var timeline = SourceTimeline<Int>()
        var outputs: [SourceTimeline<Int>.Output] = []
        var result = Result()
        var last: [Int: MediaTime] = [:]
        func note(at now: Int64) {
            for output in outputs {
                switch output {
                case .newEpoch:
                    result.epochs += 1
                    (last, result.ahead) = ([:], [:])
                case .drop: result.dropped += 1
                case .place(let number, let track, let shift):
                    let sample = source.samples[number]
                    let place = times[number] + shift
                    result.placed += 1
                    result.isMonotone = result.isMonotone && place >= last[track] ?? place
                    result.isUntouched = result.isUntouched && shift.value == 0
                    last[track] = place
                    result.ahead[track] = place.seconds - Double(sample.capture) / 1e9
                    result.longestHold = max(result.longestHold, now - sample.arrival)
                    if let picture = result.ahead[Self.video], let sound = result.ahead[Self.audio] {
                        result.worstOffset = max(result.worstOffset, abs(sound - picture))
                    }
                }
            }
            outputs.removeAll(keepingCapacity: true)
        }
        for (number, sample) in source.samples.enumerated() {
            if let deadline = timeline.deadline, deadline.nanoseconds <= sample.arrival {
                timeline.settle(at: deadline, into: &outputs)
                note(at: deadline.nanoseconds)
            }
            let decodeTime = clock.unwrap(sample.decodeTime)
            let composition = clock.unwrap(sample.presentationTime) - decodeTime
            result.isUntouched = result.isUntouched && (0...4 * 3003).contains(composition)
            times.append(MediaTime(decodeTime, .video))
            timeline.take(
                number, of: sample.track, decodeTime: times[number],
                duration: sample.track == Self.audio ? MediaTime(1024, Timescale(48_000)) : nil, size: 2000,
                arrival: Instant(nanoseconds: sample.arrival), into: &outputs)
            note(at: sample.arrival)
        }
        if let deadline = timeline.deadline {
            timeline.settle(at: deadline, into: &outputs)
            note(at: deadline.nanoseconds)
        }
        return result
    }

    private func run(
        _ seed: Int, _ faults: [Fault], audioFrom lateness: Int64 = 0
    ) -> (result: Result, source: Source) {
        var source = Source(seed: seed)
        source.run(for: 300 * Self.second, faults: faults, audioFrom: lateness)
        return (play(source), source)
    }

    @Test(arguments: 1...4) func aSourceWithoutFaultsIsUntouched(seed: Int) {
        let (result, source) = run(seed, [.stall])
        #expect(result.placed == source.samples.count)
        #expect(result.isUntouched && result.epochs == 0)
    }

    @Test(arguments: 1...4) func soundThatComesLateByTheSameClockIsUntouched(seed: Int) {
        let (result, source) = run(seed, [.stop, .stall], audioFrom: 20 * Self.second)
        #expect(result.placed == source.samples.count)
        #expect(result.isUntouched && result.epochs == 0)
    }

    @Test(arguments: 1...12) func everyJumpOfAllIsOneEpoch(seed: Int) {
        let (result, source) = run(seed, [.allJump, .stop])
        #expect(result.epochs == source.jumps)
        #expect(result.isUntouched && result.worstOffset <= 0.001)
    }

    @Test(arguments: 1...30) func whateverHappensSoundStaysWithThePictures(seed: Int) {
        let (result, source) = run(seed, Fault.allCases)
        #expect(result.isMonotone)
        #expect(result.longestHold <= Self.second)
        #expect(result.worstOffset <= 0.010)
        #expect(result.placed + result.dropped == source.samples.count)
        #expect(result.dropped <= source.samples.count / 100)
    }
}
