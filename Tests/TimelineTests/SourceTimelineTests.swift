import SeededRandom
import Testing
import Time
import Timeline

/// What is left alone of a source, and what its jumps become.
@Suite struct SourceTimelineTests {
    typealias Rig = TimelineRig
    private let video = TimelineRig.video
    private let audio = TimelineRig.audio

    // MARK: What is left alone

    @Test func aSourceThatGoesOnIsLeftAlone() {
        var rig = Rig()
        expectUntouched(rig.run(0..<20_000, video: 5_000_000, audio: 5_000_007), count: 1500)
        #expect(rig.deadline == nil)
    }

    @Test func oneTrackIsEnough() {
        var pictures = Rig(), sound = Rig()
        expectUntouched(pictures.run(0..<20_000, audio: nil), count: 500)
        expectUntouched(sound.run(0..<20_000, video: nil), count: 1000)
    }

    @Test func timesMayRepeatAndBeUneven() {
        var rig = Rig()
        var random = SeededGenerator(seed: 7)
        var time: Int64 = 0
        for _ in 0..<500 {
            time += [0, 3, 40, 950].randomElement(using: &random) ?? 0
            expectUntouched(rig.take(video, time, at: time), count: 1)
            expectUntouched(rig.take(audio, time, at: time), count: 1)
        }
    }

    @Test func aClockMayBeSlow() {
        var rig = Rig()
        for now in stride(from: Int64(0), to: 100_000, by: 40) {
            expectUntouched(rig.take(video, now / 2, at: now), count: 1)
            expectUntouched(rig.take(audio, now / 2, at: now), count: 1)
        }
    }

    @Test(arguments: [1000, 4000, 30_000] as [Int64]) func whatAStallHeldUpComesAtOnce(stall: Int64) {
        var rig = Rig()
        rig.run(0..<2000)
        for time in stride(from: Int64(2000), to: 2000 + stall, by: 40) {
            expectUntouched(rig.take(video, time, at: 2000 + stall), count: 1)
            expectUntouched(rig.take(audio, time, at: 2000 + stall), count: 1)
        }
        expectUntouched(rig.run(2000 + stall..<4000 + stall), count: 150)
    }

    @Test func aSmallHoleStays() {
        var rig = Rig()
        rig.run(0..<1000, audio: nil)
        expectUntouched(rig.take(video, 1960, at: 1000), count: 1)
    }

    @Test(arguments: [1500, 4000, 60_000] as [Int64]) func aTrackMayPause(pause: Int64) {
        var rig = Rig()
        rig.run(0..<4000)
        expectUntouched(rig.run(4000..<4000 + pause, audio: nil), count: Int(pause / 40) + (pause % 40 == 0 ? 0 : 1))
        expectUntouched(rig.run(4000 + pause..<8000 + pause), count: 300)
    }

    @Test func theWholeSourceMayPause() {
        var rig = Rig()
        rig.run(0..<4000)
        expectUntouched(rig.run(64_000..<68_000), count: 300)
    }

    @Test func aPauseMayComeInLate() {
        var rig = Rig()
        rig.run(0..<4000)
        // The network stalls, and two seconds of sound are missing from what it then lets through.
        for time in stride(from: Int64(4000), to: 8000, by: 20) {
            if time.isMultiple(of: 40) { expectUntouched(rig.take(video, time, at: 8000), count: 1) }
            if !(5000..<7000).contains(time) { expectUntouched(rig.take(audio, time, at: 8000), count: 1) }
        }
    }

    @Test func smallStepsBackAreDropped() {
        var rig = Rig()
        rig.run(0..<2000)
        #expect(rig.take(audio, 1979, at: 2000).isEmpty)
        #expect(rig.take(audio, 980, at: 2000) == [.drop(audio, 1979, .backwards)])
        #expect(rig.take(audio, 1980, at: 2000) == [.drop(audio, 980, .backwards), .place(audio, 1980, shift: 0)])
        #expect(rig.deadline == nil)
    }

    @Test func smallStepsBackThatAddUpAreAJump() {
        var rig = Rig()
        rig.run(0..<2000, video: nil)
        #expect(rig.take(audio, 1100, at: 2000).isEmpty)
        #expect(
            rig.take(audio, 300, at: 2020) == [
                .drop(audio, 1100, .backwards), .epoch, .place(audio, 300, shift: 0),
            ])
    }

    // MARK: All jump

    @Test(arguments: [-3_000_000, -1500, 1500, 9000, 3_000_000] as [Int64])
    func whenAllJumpANewEpochBeginsForAll(step: Int64) {
        var rig = Rig()
        let start: Int64 = 4_000_000
        rig.run(start..<start + 8000)
        // Sound jumps 400 ms after the pictures, of which ten have come.
        let waiting = rig.run(start + 8000..<start + 8400, video: step, audio: 0)
        #expect(waiting.count == 20 && waiting.allSatisfy { $0.isPlace(of: audio) })
        let entries = rig.run(start + 8400..<start + 9400, video: step, audio: step)
        #expect(entries.first == .epoch)
        expectUntouched(Array(entries.dropFirst()), count: 10 + 75)
        #expect(entries.dropFirst().prefix(11).allSatisfy { $0.isPlace(of: video) })
        #expect(entries[11] == .place(video, start + 8400 + step, shift: 0) || entries[11].isPlace(of: audio))
    }

    @Test func heldSamplesFollowInTheOrderInWhichTheyCame() {
        var rig = Rig()
        rig.run(0..<2000)
        rig.take(2, 2000, at: 2000)
        rig.take(video, 102_000, at: 2001)
        rig.take(audio, 102_010, at: 2002)
        rig.take(video, 102_040, at: 2003)
        #expect(
            rig.take(2, 102_020, at: 2004) == [
                .epoch, .place(video, 102_000, shift: 0), .place(audio, 102_010, shift: 0),
                .place(video, 102_040, shift: 0), .place(2, 102_020, shift: 0),
            ])
    }

    @Test func theOnlyTrackThatIsLiveJumpsAtOnce() {
        var rig = Rig()
        rig.run(0..<2000, video: nil)
        #expect(rig.take(audio, 500, at: 2000) == [.epoch, .place(audio, 500, shift: 0)])
        #expect(rig.take(audio, 520, at: 2020) == [.place(audio, 520, shift: 0)])
        // The pictures stop; five seconds later they say nothing any more.
        rig.run(2040..<4000, video: -1500, audio: -1500)
        rig.run(4000..<9000, video: nil, audio: -1500)
        #expect(rig.take(audio, 100_000, at: 9000) == [.epoch, .place(audio, 100_000, shift: 0)])
        // And belong to the new epoch when they come again with its times.
        #expect(rig.take(video, 100_500, at: 9020) == [.place(video, 100_500, shift: 0)])
    }

    @Test func aTrackThatIsSilentSaysNothing() {
        var rig = Rig()
        rig.run(0..<4000)
        // Sound is silent while the pictures jump.
        #expect(rig.run(4000..<5000, video: 50_000, audio: nil).isEmpty)
        let entries = rig.run(5000..<7000, video: 50_000, audio: 50_000)
        #expect(entries.first == .epoch)
        expectUntouched(Array(entries.dropFirst()), count: 25 + 150)
    }

    // MARK: One jumps

    @Test(arguments: [-100_000, -1500, 1500, 30_000] as [Int64], [TimelineRig.video, TimelineRig.audio])
    func oneTrackThatJumpsGoesOnWhereItWas(step: Int64, track: Int) {
        var rig = Rig()
        let offsets = (video: track == video ? step : 0, audio: track == audio ? step : 0)
        rig.run(200_000..<208_000)
        let during = rig.run(208_000..<209_000, video: offsets.video, audio: offsets.audio)
        expectUntouched(during, count: track == video ? 50 : 25)
        #expect(during.allSatisfy { !$0.isPlace(of: track) })
        let after = rig.run(209_000..<220_000, video: offsets.video, audio: offsets.audio)
        #expect(Rig.shifts(of: track, in: after) == [-step])
        #expect(Rig.shifts(of: track == video ? audio : video, in: after) == [0])
        #expect(after.first { $0.isPlace(of: track) }?.place == 208_000)
        #expect(after.count == 12 * 75 - during.count && !after.contains(.epoch))
    }

    @Test func aTrackIsAnchoredAfterThePauseThatOurClockSaw() {
        for (pause, expected) in [(200, 8000), (1000, 9000), (3000, 11_000)] as [(Int64, Int64)] {
            var rig = Rig()
            rig.run(0..<8000)
            rig.run(8000..<8000 + pause, audio: nil)
            let after = rig.run(8000 + pause..<14_000, audio: 70_000)
            #expect(after.first { $0.isPlace(of: audio) }?.place == expected)
            #expect(!after.contains(.epoch))
        }
    }

    @Test func aStallOfTheNetworkIsNoPause() {
        var rig = Rig()
        rig.run(0..<8000)
        // A second later all of it comes at once, but sound has jumped.
        for time in stride(from: Int64(8000), to: 9000, by: 20) {
            if time.isMultiple(of: 40) { rig.take(video, time, at: 9000) }
            rig.take(audio, time + 70_000, at: 9000, duration: 20)
        }
        let after = rig.run(9000..<12_000, audio: 70_000)
        #expect(after.first { $0.isPlace(of: audio) }?.place == 8000)
    }

    @Test func whatJumpsToPlacesThatDoNotFitIsAnchoredOneByOne() {
        var rig = Rig()
        rig.run(0..<8000)
        let entries = rig.run(8000..<12_000, video: 100_000, audio: -500_000)
        #expect(Rig.shifts(of: video, in: entries) == [-100_000])
        #expect(Rig.shifts(of: audio, in: entries) == [500_000])
        #expect(entries.count == 300 && !entries.contains(.epoch))
    }

    @Test func twoOfThreeThatJumpAreAnchored() {
        var rig = Rig()
        for now in stride(from: Int64(0), to: 6000, by: 20) {
            let step: Int64 = now < 3000 ? 0 : 40_000
            rig.take(video, now + step, at: now)
            rig.take(audio, now + step, at: now)
            rig.take(1, now, at: now)
        }
        #expect(Rig.shifts(of: video, in: rig.log) == [0, -40_000])
        #expect(Rig.shifts(of: audio, in: rig.log) == [0, -40_000])
        #expect(Rig.shifts(of: 1, in: rig.log) == [0])
        #expect(rig.log.count == 900 && !rig.log.contains(.epoch))
    }

    @Test(arguments: [0, -60, 60, -140, 140] as [Int64])
    func aShiftEndsOnTheCommonTimeline(error: Int64) {
        var rig = Rig()
        rig.run(0..<8000)
        rig.run(8000..<12_000, audio: 70_000)
        let back = rig.run(12_000..<16_000, audio: error)
        let isNear = abs(error) <= 100
        #expect(Rig.shifts(of: audio, in: back) == [isNear ? 0 : -error])
        #expect(back.contains(.drop(audio, 12_000 - 60, .backwards)) == (error == -60))
        // It is known at once where the track belongs.
        #expect(back.prefix(4).contains { $0.isPlace(of: audio) } == (isNear && error >= 0))
    }

    @Test func aShiftEndsWithTheEpoch() {
        var rig = Rig()
        rig.run(0..<8000)
        rig.run(8000..<12_000, audio: 70_000)
        let entries = rig.run(12_000..<14_000, video: 30_000, audio: 30_010)
        let place = entries.firstIndex(of: .epoch)
        #expect(place == 0)
        #expect(Rig.shifts(of: audio, in: entries) == [0])
    }

    @Test func timesThatLeadNowhereAreDropped() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.take(audio, 900_000, at: 4000)
        rig.take(audio, 900_020, at: 4020)
        let back = rig.take(audio, 4040, at: 4040)
        #expect(
            back == [.drop(audio, 900_000, .astray), .drop(audio, 900_020, .astray), .place(audio, 4040, shift: 0)])
        #expect(rig.deadline == nil)
    }

    @Test func twoJumpsInARowEndAtTheSecond() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.take(audio, 900_000, at: 4000)
        #expect(rig.take(audio, 300_000, at: 4020) == [.drop(audio, 900_000, .astray)])
        let after = rig.run(4040..<6000, audio: 295_980)
        #expect(after.first { $0.isPlace(of: audio) } == .place(audio, 300_000, shift: -296_000))
    }

    @Test func aJumpIsAtMostTheSecondOfTheFirst() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.take(audio, 900_000, at: 4000)
        rig.take(audio, 300_000, at: 4500)
        #expect(rig.deadline == Instant(nanoseconds: 5_000_000_000))
    }

    @Test func smallStepsBackAmongWhatIsHeldAreDropped() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.take(audio, 900_000, at: 4000)
        #expect(rig.take(audio, 899_990, at: 4000) == [.drop(audio, 899_990, .backwards)])
        #expect(rig.take(audio, 900_000, at: 4000).isEmpty)
        rig.take(video, 4000, at: 4010)
        #expect(rig.settle(at: 5000).count == 2)
    }

    @Test func aHoleIsNotTheUsualLengthOfASample() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.run(4000..<4880, video: nil)
        rig.run(4880..<4920)
        let after = rig.run(4920..<7000, video: 50_000)
        let place = after.first { $0.isPlace(of: video) }?.place
        #expect((4915...4930).contains(place ?? 0))
    }

    @Test func aKnownLengthNeedNotBeMeasured() {
        var rig = Rig()
        rig.take(video, 0, at: 0)
        rig.take(audio, 0, at: 0, duration: 20)
        rig.take(audio, 70_000, at: 20, duration: 20)
        rig.take(video, 40, at: 40)
        #expect(rig.settle(at: 1020) == [.place(audio, 70_000, shift: -69_980)])
    }

    @Test func whatJumpsApartAfterAPauseIsAnchoredAfterIt() {
        var rig = Rig()
        rig.run(0..<8000)
        let entries = rig.run(10_000..<12_000, video: 100_000, audio: -500_000)
        #expect(entries.first { $0.isPlace(of: video) }?.place == 10_000)
        #expect(entries.first { $0.isPlace(of: audio) }?.place == 10_000)
    }
}
