import Media
import SeededRandom
import Testing
import Time
import Timeline

/// How much and for how long a source's timeline holds, and times that are none.
@Suite struct SourceTimelineBoundsTests {
    typealias Rig = TimelineRig
    private let video = TimelineRig.video
    private let audio = TimelineRig.audio

    @Test func nothingIsHeldForMoreThanASecond() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.take(audio, 900_000, at: 4000)
        #expect(rig.deadline == Instant(nanoseconds: 5_000_000_000))
        #expect(rig.settle(at: 4999).isEmpty)
        rig.take(video, 4000, at: 4999)
        #expect(rig.settle(at: 5000) == [.place(audio, 900_000, shift: -896_000)])
        #expect(rig.deadline == nil)
    }

    @Test func fiveHundredAndTwelveSamplesAreHeldAtMost() {
        var rig = Rig()
        rig.run(0..<4000)
        for sample in 0..<Int64(511) { #expect(rig.take(audio, 900_000 + sample, at: 4000).isEmpty) }
        rig.take(video, 4000, at: 4000)
        #expect(rig.take(audio, 900_511, at: 4000).count == 512)
    }

    @Test func sixteenMebibytesAreHeldAtMost() {
        var rig = Rig()
        rig.run(0..<4000)
        for sample in 0..<Int64(15) { #expect(rig.take(video, 900_000 + sample, at: 4000, size: 1 << 20).isEmpty) }
        #expect(rig.take(video, 900_015, at: 4000, size: 1 << 20).count == 17)
        #expect(rig.log.suffix(17).first == .epoch)
    }

    @Test func sixtyFourTracksAreTaken() {
        var rig = Rig()
        for track in 0..<64 { expectUntouched(rig.take(track, 0, at: 0), count: 1) }
        #expect(rig.take(64, 0, at: 0) == [.drop(64, 0, .tooManyTracks)])
    }

    @Test func timesFarFromZeroAreDropped() {
        var rig = Rig()
        let limit: Int64 = 1 << 29 * 1000
        #expect(rig.take(video, limit + 1, at: 0) == [.drop(video, limit + 1, .outOfRange)])
        #expect(rig.take(video, -limit - 1, at: 0) == [.drop(video, -limit - 1, .outOfRange)])
        expectUntouched(rig.take(video, limit, at: 0), count: 1)
    }

    @Test func placesFarFromZeroAreDropped() {
        var rig = Rig()
        let limit: Int64 = 1 << 29 * 1000
        rig.run(0..<4000, video: limit - 6000, audio: limit - 6000)
        let entries = rig.run(4000..<8000, video: limit - 6000, audio: 0)
        #expect(entries.contains(.drop(video, limit + 40, .outOfRange)))
        #expect(entries.contains(.place(audio, 6000, shift: limit - 6000)))
        #expect(entries.contains(.drop(audio, 6020, .outOfRange)))
    }

    @Test(arguments: [1 << 30, -1 << 30] as [Int64]) func aShiftIsInTicksOfItsSample(jump: Int64) {
        var timeline = SourceTimeline<Int64>()
        var outputs: [SourceTimeline<Int64>.Output] = []
        let sound = Timescale(44_100)
        for frame in 0..<Int64(400) {
            let arrival = Instant(nanoseconds: frame * 23_219_954)
            timeline.take(
                frame, of: 1, decodeTime: MediaTime(frame * 1024 + (frame < 200 ? 0 : jump), sound),
                duration: MediaTime(1024, sound), size: 400, arrival: arrival, into: &outputs)
            timeline.take(
                frame, of: 0, decodeTime: MediaTime(frame * 2090, .video), size: 400, arrival: arrival, into: &outputs)
        }
        var shifts: Set<Int64> = []
        for case .place(_, track: 1, let shift) in outputs {
            #expect(shift.timescale == sound)
            shifts.insert(shift.value)
        }
        #expect(shifts == [0, -jump])
    }

    @Test(arguments: 1...40) func nothingTrapsAndNothingGoesBackWhateverTheTimes(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var timeline = SourceTimeline<Int>()
        var outputs: [SourceTimeline<Int>.Output] = []
        let scales = [1, 1000, 48_000, 90_000, 1_000_000_000, .max].map(Timescale.init)
        // Of finer ticks than a nanosecond some pass for one.
        let isCompared = scales[seed % scales.count].ticksPerSecond <= 1_000_000_000
        let edges: [Int64] = [.min, .max, 0, -1, 1 << 29, 1 << 61, -1 << 61, .min + 1, .max - 1]
        var times = [Int64](repeating: 0, count: 5)
        var arrival: Int64 = 0
        var given: [MediaTime] = [], last: [Int: MediaTime] = [:]
        var waiting = 0
        for number in 0..<4000 {
            let track = Int.random(in: 0..<5, using: &random)
            let scale = scales[seed % scales.count]
            let step = Int64(scale.ticksPerSecond) / 25
            switch Int.random(in: 0..<60, using: &random) {
            case 0: times[track] = edges.randomElement(using: &random) ?? 0
            case 1: times[track] = Int64.random(in: .min ... .max, using: &random)
            case 2: times[track] = times[track] &+ step * Int64.random(in: -100...100, using: &random)
            case 3: for track in times.indices { times[track] = times[track] &+ step &* 1000 }
            default: times[track] = times[track] &+ step
            }
            switch Int.random(in: 0..<200, using: &random) {
            case 0: arrival = edges.randomElement(using: &random) ?? 0
            default: arrival = arrival &+ 8_000_000
            }
            given.append(MediaTime(times[track], scale))
            waiting += 1
            outputs.removeAll(keepingCapacity: true)
            timeline.take(
                number, of: track, decodeTime: MediaTime(times[track], scale),
                duration: seed.isMultiple(of: 3) ? MediaTime(step, scale) : nil,
                size: Int.random(in: -1...1 << 16, using: &random), arrival: Instant(nanoseconds: arrival),
                into: &outputs)
            for output in outputs {
                switch output {
                case .newEpoch: last = [:]
                case .drop: waiting -= 1
                case .place(let number, let track, let shift):
                    waiting -= 1
                    let (value, overflows) = given[number].value.addingReportingOverflow(shift.value)
                    let place = MediaTime(value, scale)
                    #expect(!overflows && shift.timescale == scale)
                    #expect(!isCompared || place >= last[track] ?? place)
                    last[track] = place
                }
            }
            guard waiting <= 512 else {
                Issue.record("\(waiting) samples wait")
                return
            }
        }
    }
}
