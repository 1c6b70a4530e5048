import Testing
import Timeline

/// Clocks of one track that step by less than a second, and what looks like one.
@Suite struct SlippedClockTests {
    typealias Rig = TimelineRig
    private let video = TimelineRig.video
    private let audio = TimelineRig.audio

    private func offsets(_ track: Int, _ step: Int64) -> (video: Int64, audio: Int64) {
        track == video ? (step, 0) : (0, step)
    }

    // MARK: Clocks that step

    @Test(arguments: [-1000, -500, -250] as [Int64], [TimelineRig.video, TimelineRig.audio])
    func aTrackWhoseClockStepsBackALittleGoesOnWhereItWas(step: Int64, track: Int) {
        var rig = Rig()
        let offsets = offsets(track, step)
        rig.run(0..<8000)
        let during = rig.run(8000..<8240, video: offsets.video, audio: offsets.audio)
        #expect(Rig.shifts(of: track, in: during) == [-step], "not later than after a quarter of a second")
        #expect(during.first { $0.isPlace(of: track) }?.place == 8000)
        let after = rig.run(8240..<12_000, video: offsets.video, audio: offsets.audio)
        #expect(Rig.shifts(of: track, in: after) == [-step])
        #expect(Rig.shifts(of: track == video ? audio : video, in: rig.log) == [0])
        #expect(rig.log.count == 12_000 / 40 * 3 && rig.log.allSatisfy { $0.place != nil }, "nothing is lost")
    }

    @Test(arguments: [300, 500, 960] as [Int64], [TimelineRig.video, TimelineRig.audio])
    func aTrackWhoseClockStepsForwardALittleGoesOnWhereItWas(step: Int64, track: Int) {
        var rig = Rig()
        let offsets = offsets(track, step)
        rig.run(0..<8000)
        let during = rig.run(8000..<8600, video: offsets.video, audio: offsets.audio)
        #expect(during.first { $0.isPlace(of: track) }?.place == 8000)
        rig.run(8600..<12_000, video: offsets.video, audio: offsets.audio)
        #expect(Rig.shifts(of: track, in: rig.log) == [0, -step])
        #expect(Rig.shifts(of: track == video ? audio : video, in: rig.log) == [0])
        #expect(rig.log.count == 12_000 / 40 * 3 && rig.log.allSatisfy { $0.place != nil }, "nothing is lost")
    }

    @Test(arguments: [-500, 500] as [Int64], [TimelineRig.video, TimelineRig.audio])
    func aClockThatStepsBackAgainIsTheCommonOneAtOnce(step: Int64, track: Int) {
        var rig = Rig()
        let offsets = offsets(track, step)
        rig.run(0..<8000)
        rig.run(8000..<12_000, video: offsets.video, audio: offsets.audio)
        expectUntouched(rig.run(12_000..<16_000), count: 300)
        #expect(rig.log.count == 16_000 / 40 * 3 && rig.log.allSatisfy { $0.place != nil })
    }

    @Test(arguments: [-500, 500] as [Int64]) func soundThatComesInPiecesMaySlip(step: Int64) {
        var rig = Rig()
        for now in stride(from: Int64(0), to: 12_000, by: 40) {
            rig.take(video, now, at: now)
            // Ten frames of it come at once.
            guard now % 200 == 160 else { continue }
            let slip: Int64 = now < 8000 ? 0 : step
            for frame in 0..<Int64(10) { rig.take(audio, now - 160 + frame * 20 + slip, at: now, duration: 20) }
        }
        #expect(Rig.shifts(of: audio, in: rig.log) == [0, -step])
        #expect(Rig.shifts(of: video, in: rig.log) == [0])
        #expect(rig.log.count == 900 && rig.log.allSatisfy { $0.place != nil })
    }

    // MARK: What is none

    @Test func aFewSamplesThatAreRepeatedAreDropped() {
        var rig = Rig()
        rig.run(0..<8000)
        rig.take(audio, 7900, at: 8000)
        rig.take(audio, 7920, at: 8000)
        rig.take(audio, 7940, at: 8000)
        rig.run(8000..<10_000)
        #expect(Rig.shifts(of: audio, in: rig.log) == [0])
        #expect(rig.log.filter { $0.place == nil }.count == 3 && rig.log.count == 753)
    }

    /// While the others go on: seven frames of sound, or three pictures a tenth of a second apart.
    @Test(arguments: [20, 100] as [Int64]) func aShortRowThatIsRepeatedIsDropped(length: Int64) {
        var rig = Rig()
        let track = length == 20 ? audio : video, other = length == 20 ? video : audio
        let repeated = length == 20 ? 7840..<7980 : 7600..<7900 as Range<Int64>
        for now in stride(from: Int64(0), to: 10_000, by: 20) {
            rig.take(other, now, at: now)
            let position = now - 8000
            if (0..<Int64(repeated.count)).contains(position), position % length == 0 {
                rig.take(track, repeated.lowerBound + position, at: now)
            } else if now % length == 0 {
                rig.take(track, now, at: now)
            }
        }
        #expect(Rig.shifts(of: track, in: rig.log) == [0])
        #expect(rig.log.count { $0.place == nil } == repeated.count / Int(length))
    }

    @Test func picturesInTheOrderOfTheirDecodingAreNotOfASteppedClock() {
        var rig = Rig()
        var shifts: Set<Int64> = []
        for group in 0..<Int64(100) {
            for picture in [4, 2, 1, 3] as [Int64] {
                let now = group * 160 + picture * 40
                for case .place(_, _, let shift) in rig.take(video, now, at: now) { shifts.insert(shift) }
            }
            for frame in 0..<Int64(8) { rig.take(audio, group * 160 + frame * 20, at: group * 160 + frame * 20) }
        }
        #expect(shifts == [0])
    }

    /// Missing media: half a second in which nothing of the track came.
    @Test(arguments: [300, 500, 960] as [Int64], [TimelineRig.video, TimelineRig.audio])
    func aTrackThatPausedHasAHole(length: Int64, track: Int) {
        var rig = Rig()
        rig.run(0..<8000)
        rig.run(8000..<8000 + length, video: track == video ? nil : 0, audio: track == audio ? nil : 0)
        let start = (8000 + length + 39) / 40 * 40
        expectUntouched(rig.run(start..<start + 2000), count: 150)
        #expect(rig.deadline == nil)
    }

    /// What a stall of the network held up comes at once: the others tell that half a second is missing.
    @Test(arguments: [TimelineRig.video, TimelineRig.audio]) func aHoleMayComeInLate(track: Int) {
        var rig = Rig()
        rig.run(0..<8000)
        for time in stride(from: Int64(8000), to: 10_000, by: 20) {
            let isMissing = (8520..<9000).contains(time)
            if time.isMultiple(of: 40), !isMissing || track != video {
                expectUntouched(rig.take(video, time, at: 10_000), count: 1)
            }
            if !isMissing || track != audio { expectUntouched(rig.take(audio, time, at: 10_000), count: 1) }
        }
    }

    /// The others come only after it: until they do, it cannot be known.
    @Test func aHoleThatTheOthersShowLaterIsNoSlip() {
        var rig = Rig()
        rig.run(0..<8000)
        for time in stride(from: Int64(8480), to: 9000, by: 40) { rig.take(video, time, at: 8020) }
        for time in stride(from: Int64(8000), to: 9000, by: 20) { rig.take(audio, time, at: 8020) }
        rig.run(9000..<11_000)
        #expect(Rig.shifts(of: video, in: rig.log) == [0] && Rig.shifts(of: audio, in: rig.log) == [0])
        #expect(rig.log.allSatisfy { $0.place != nil } && rig.deadline == nil)
    }

    @Test func picturesThatFellBehindMaySkip() {
        var rig = Rig()
        rig.run(0..<8000)
        // The encoder is too slow, until it leaves out what waits.
        for now in stride(from: Int64(8000), to: 12_000, by: 20) {
            if now.isMultiple(of: 50) { rig.take(video, 8000 + (now - 8000) * 4 / 5, at: now) }
            rig.take(audio, now, at: now)
        }
        expectUntouched(rig.run(12_000..<14_000), count: 150)
        #expect(Rig.shifts(of: video, in: rig.log) == [0])
    }

    @Test func allThatStepForwardALittleHaveAHole() {
        var rig = Rig()
        rig.run(0..<8000)
        expectUntouched(rig.run(8000..<10_000, video: 900, audio: 900), count: 150)
    }

    @Test func slipsWhileTheOthersAreSilentAreHoles() {
        var rig = Rig()
        rig.run(0..<8000)
        rig.run(8000..<8500, video: nil)
        rig.run(8500..<9400, video: nil, audio: 500)
        #expect(rig.settle(at: 9500).allSatisfy { $0.place != nil })
        #expect(Rig.shifts(of: audio, in: rig.log) == [0] && !rig.log.contains(.epoch))
    }
}
