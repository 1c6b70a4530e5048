import Testing
import Timeline

/// Sources of which all tracks step back together by less than a second, and what looks like it.
@Suite struct StepBackTests {
    typealias Rig = TimelineRig
    private let video = TimelineRig.video
    private let audio = TimelineRig.audio

    // MARK: A source that begins anew

    @Test(arguments: [-1000, -900, -600, -300, -160, -120] as [Int64])
    func whenAllStepBackANewEpochBeginsForAll(step: Int64) {
        var rig = Rig()
        rig.run(0..<8000)
        let entries = rig.run(8000..<10_000, video: step, audio: step)
        #expect(entries.first == .epoch && rig.log.count(where: \.isEpoch) == 1)
        expectUntouched(Array(entries.dropFirst()), count: 150)
        #expect(entries[1] == .place(video, 8000 + step, shift: 0))
        #expect(rig.deadline == nil)
    }

    /// Sound is on its way for longer than its picture.
    @Test(arguments: [40, 120, 140] as [Int64]) func soundMayStepBackAfterThePictures(delay: Int64) {
        var rig = Rig()
        rig.run(0..<8000)
        for now in stride(from: Int64(8000), to: 10_000, by: 20) {
            if now.isMultiple(of: 40) { rig.take(video, now - 600, at: now) }
            rig.take(audio, now - (now < 8000 + delay ? 0 : 600), at: now, duration: 20)
        }
        #expect(rig.log.count(where: \.isEpoch) == 1)
        #expect(Rig.shifts(of: video, in: rig.log) == [0] && Rig.shifts(of: audio, in: rig.log) == [0])
        #expect(rig.log.count == 751 && rig.log.allSatisfy { $0.place != nil || $0.isEpoch }, "nothing is lost")
    }

    /// What comes later than that goes on as two clocks that were set anew, which loses nothing either.
    @Test func soundThatStepsBackLongAfterThePicturesStaysWithThem() {
        var rig = Rig()
        rig.run(0..<8000)
        rig.run(8000..<8400, video: -600)
        rig.run(8400..<10_000, video: -600, audio: -600)
        #expect(Rig.shifts(of: video, in: rig.log) == [0, 600] && Rig.shifts(of: audio, in: rig.log) == [0, 600])
        #expect(rig.log.count == 750 && rig.log.allSatisfy { $0.place != nil })
    }

    @Test(arguments: [TimelineRig.video, TimelineRig.audio]) func theOnlyTrackMayStepBack(track: Int) {
        var rig = Rig()
        let isPicture = track == video
        rig.run(0..<8000, video: isPicture ? 0 : nil, audio: isPicture ? nil : 0)
        let entries = rig.run(8000..<10_000, video: isPicture ? -600 : nil, audio: isPicture ? nil : -600)
        #expect(entries.first == .epoch && entries.count(where: \.isEpoch) == 1)
        expectUntouched(Array(entries.dropFirst()), count: isPicture ? 50 : 100)
    }

    /// By the time that another picture comes it would be where it was.
    @Test func picturesThatComeSeldomStepBackWithTheirSound() {
        var rig = Rig()
        for now in stride(from: Int64(0), to: 12_000, by: 20) {
            let step: Int64 = now < 8000 ? 0 : -300
            if now.isMultiple(of: 200) { rig.take(video, now + step, at: now) }
            rig.take(audio, now + step, at: now, duration: 20)
        }
        #expect(rig.log.count(where: \.isEpoch) == 1)
        #expect(Rig.shifts(of: video, in: rig.log) == [0] && Rig.shifts(of: audio, in: rig.log) == [0])
        #expect(rig.log.allSatisfy { $0.place != nil || $0.isEpoch })
    }

    /// One track sees a step that is a jump, the other one that is a little less.
    @Test(arguments: [-1030, -1010, -990, -970] as [Int64]) func aStepMayBeAJumpOfSomeTracksOnly(step: Int64) {
        var rig = Rig()
        rig.run(0..<8000)
        let entries = rig.run(8000..<10_000, video: step, audio: step)
        #expect(entries.first == .epoch)
        expectUntouched(Array(entries.dropFirst()), count: 150)
    }

    // MARK: What is none

    @Test func oneLateSampleOfEachTrackIsDropped() {
        var rig = Rig()
        rig.run(0..<8000)
        rig.take(video, 7500, at: 8000)
        rig.take(audio, 7500, at: 8000)
        rig.run(8000..<10_000)
        #expect(rig.log.count { $0.place == nil } == 2 && rig.log.contains(.drop(video, 7500, .backwards)))
        #expect(!rig.log.contains(.epoch) && Rig.shifts(of: video, in: rig.log) == [0])
    }

    @Test(arguments: [TimelineRig.video, TimelineRig.audio]) func aLateSampleOfTheOnlyTrackIsDropped(track: Int) {
        for late in [7920, 7500] as [Int64] {
            var rig = Rig()
            let isPicture = track == video
            rig.run(0..<8000, video: isPicture ? 0 : nil, audio: isPicture ? nil : 0)
            rig.take(track, late, at: 8000)
            rig.run(8000..<10_000, video: isPicture ? 0 : nil, audio: isPicture ? nil : 0)
            #expect(rig.log.filter { $0.place == nil } == [.drop(track, late, .backwards)])
            #expect(rig.deadline == nil)
        }
    }

    @Test func aLateSampleAfterWhichNothingComesIsDropped() {
        var rig = Rig()
        rig.run(0..<8000, audio: nil)
        #expect(rig.take(video, 7500, at: 8000).isEmpty)
        #expect(rig.settle(at: 9000) == [.drop(video, 7500, .backwards)] && rig.deadline == nil)
    }

    @Test func stepsWithinTheDisorderOfASourceAreDropped() {
        var rig = Rig()
        rig.run(0..<8000)
        rig.run(8000..<10_000, video: -80, audio: -80)
        #expect(!rig.log.contains(.epoch) && rig.log.count { $0.place == nil } <= 8)
        #expect(Rig.shifts(of: video, in: rig.log) == [0])
    }

    /// A relay that sends again what it had sent.
    @Test func whatAllRepeatIsDropped() {
        var rig = Rig()
        rig.repeats = true
        rig.run(0..<8000)
        let entries = rig.run(8000..<10_000, video: -520, audio: -520)
        let dropped = entries.filter { $0.place == nil }
        // But for the last one of each track, which is as old as the one before it.
        #expect(dropped.count == 12 + 25)
        #expect(dropped.allSatisfy { if case .drop(_, ..<8000, .repeated) = $0 { true } else { false } })
        expectUntouched(entries.filter { $0.place != nil }, count: 113)
        #expect(!rig.log.contains(.epoch) && entries.count == 150)
    }

    @Test func whatIsDroppedIsToldApartByWhetherItHadCome() {
        var rig = Rig()
        rig.repeats = true
        rig.run(0..<8000)
        rig.take(video, 7960, at: 8000)
        rig.take(video, 7920, at: 8000)
        rig.take(video, 7930, at: 8000)
        rig.run(8000..<8200)
        #expect(rig.log.contains(.drop(video, 7920, .repeated)) && rig.log.contains(.drop(video, 7930, .backwards)))
    }
}
