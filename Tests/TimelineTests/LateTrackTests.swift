import Testing

/// Tracks that a source begins late, or begins again.
@Suite struct LateTrackTests {
    typealias Rig = TimelineRig
    private let video = TimelineRig.video
    private let audio = TimelineRig.audio

    @Test(arguments: [0, 9000, -9000] as [Int64]) func aTrackThatBeginsLateStaysAtItsTimes(offset: Int64) {
        var rig = Rig()
        rig.run(0..<20_000, audio: nil)
        expectUntouched(rig.run(20_000..<24_000, audio: offset), count: 300)
    }

    @Test(arguments: [-20_000, 11_000] as [Int64])
    func aTrackThatBeginsLateByAnotherClockIsPutBesideTheOthers(offset: Int64) {
        var rig = Rig()
        rig.run(0..<20_000, audio: nil)
        let entries = rig.run(20_000..<24_000, audio: offset)
        #expect(entries.first { $0.isPlace(of: audio) }?.place == 20_000)
        #expect(Rig.shifts(of: audio, in: entries) == [-offset])
        #expect(entries.count == 300 && !entries.contains(.epoch))
    }

    @Test func aTrackThatBeginsAfterTheOthersStoppedIsComparedWithWhereTheyWouldBe() {
        var near = Rig(), far = Rig()
        near.run(0..<20_000, audio: nil)
        expectUntouched(near.run(80_000..<81_000, video: nil), count: 50)
        far.run(0..<20_000, audio: nil)
        let entries = far.run(80_000..<81_000, video: nil, audio: -80_000)
        #expect(entries.first == .epoch)
        expectUntouched(Array(entries.dropFirst()), count: 50)
    }

    @Test func aTrackThatComesAgainNearTheOthersStaysAtItsTimes() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.run(4000..<124_000, audio: nil)
        expectUntouched(rig.run(124_000..<126_000, audio: -6000), count: 150)
    }

    @Test func aTrackThatComesAgainBeforeItsEndIsPutBesideTheOthers() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.run(4000..<11_000, audio: nil)
        let entries = rig.run(11_000..<13_000, audio: -9000)
        #expect(Rig.shifts(of: audio, in: entries) == [9000])
        #expect(entries.count == 150)
    }

    @Test func aTrackThatComesAgainByAnotherClockIsPutBesideTheOthers() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.run(4000..<124_000, audio: nil)
        let entries = rig.run(124_000..<126_000, audio: -124_000)
        #expect(Rig.shifts(of: audio, in: entries) == [124_000])
        // The clock is the common one again after another pause.
        rig.run(126_000..<200_000, audio: nil)
        let back = rig.run(200_000..<202_000, audio: 3000)
        #expect(Rig.shifts(of: audio, in: back) == [0])
    }

    @Test func aTrackWhoseClockStoodWhileItWasAwayIsPutBesideTheOthers() {
        var rig = Rig()
        rig.run(0..<4000)
        rig.run(4000..<64_000, audio: nil)
        let entries = rig.run(64_000..<68_000, audio: -60_000)
        #expect(Rig.shifts(of: audio, in: entries) == [60_000])
        #expect(entries.count == 300)
    }

    @Test func aSourceThatBeginsAnewAfterAPauseBeginsOneEpoch() {
        for pause in [2000, 4980, 60_000] as [Int64] {
            var rig = Rig()
            rig.run(100_000..<104_000)
            let entries = rig.run(104_000 + pause..<108_000 + pause, video: -104_000 - pause, audio: -104_000 - pause)
            #expect(entries.first == .epoch)
            expectUntouched(Array(entries.dropFirst()), count: 300)
        }
    }

    @Test func tracksThatDriftTenSecondsApartAreBroughtTogether() {
        var rig = Rig()
        var worst: Int64 = 0, last: [Int: Int64] = [:]
        for now in stride(from: Int64(0), to: 300_000, by: 20) {
            let entries = rig.take(video, now, at: now) + rig.take(audio, now * 11 / 10, at: now)
            for case .place(let track, let time, let shift) in entries {
                let place = time + shift
                #expect(place >= last[track] ?? place)
                last[track] = place
            }
            if let sound = last[audio], let picture = last[video] { worst = max(worst, abs(sound - picture)) }
        }
        #expect(worst <= 10_100)
        #expect(Rig.shifts(of: audio, in: rig.log).count == 3)
        #expect(Rig.shifts(of: video, in: rig.log) == [0])
        #expect(!rig.log.contains(.epoch))
    }
}
