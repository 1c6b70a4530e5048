import Bytes
import Ingest
import Media
import Packaging
import Telemetry
import Testing
import Time

@testable import Channels

@Suite struct FeedAdviceTests {
    @Test(arguments: LatencyProfile.Name.allCases)
    func nothingIsSaidOfAGoodFeed(profile: LatencyProfile.Name) {
        #expect(FeedBench.advice(FeedBench.Encoder(), profile) == [])
    }

    // MARK: Key frames

    @Test func keyFramesFurtherApartThanSegmentsAreAProblem() throws {
        var bench = FeedBench(.low)
        bench.run(FeedBench.Encoder(groups: [5]))
        let advice = try #require(bench.report.advice.first)
        #expect(advice.code == .keyFramesRare && advice.severity == .problem)
        #expect(advice.text.contains("up to 5.0 s apart") && advice.text.contains("interval to 2 s"))
        #expect(FeedBench.advice(FeedBench.Encoder(groups: [5]), .standard) == [])
    }

    @Test func aKeyFrameThatDoesNotComeCountsBeforeItComes() {
        #expect(FeedBench.advice(FeedBench.Encoder(groups: [2, 60]), seconds: 10) == [.keyFramesRare])
        #expect(FeedBench.advice(FeedBench.Encoder(groups: [60]), seconds: 10) == [.keyFramesRare])
    }

    @Test func aFeedWithoutAnyKeyFrameIsTold() {
        var bench = FeedBench(.low)
        bench.run(FeedBench.Encoder(hasPictures: false), seconds: 1)
        let track = Track(
            codec: .h264, format: .video(VideoFormat(width: 16, height: 16)), decoderConfiguration: ByteChunk([1]),
            codecString: "avc1")
        bench.note(.track(track), at: 0)
        for number in 0..<500 {
            let time = MediaTime.milliseconds(Int64(number) * 40)
            bench.note(
                .video(
                    Sample(data: ByteChunk([1]), decodeTime: time, presentationTime: time, isSync: false)),
                at: time.seconds)
        }
        bench.run(FeedBench.Encoder(hasPictures: false), seconds: 19)
        #expect(bench.report.advice.map(\.code).contains(.keyFrameMissing))
    }

    @Test func keyFramesAtSceneChangesAreAHint() {
        #expect(FeedBench.advice(FeedBench.Encoder(groups: [2, 0.72, 1.28])) == [.keyFramesUneven])
    }

    @Test func aFrameMoreOrLessIsNoDifference() {
        #expect(FeedBench.advice(FeedBench.Encoder(groups: [2, 1.96, 2.04])) == [])
    }

    @Test func manyKeyFramesAreAHint() {
        #expect(FeedBench.advice(FeedBench.Encoder(groups: [0.2])) == [.keyFramesDense])
    }

    @Test func onlyTheLatestKeyFramesCount() {
        var bench = FeedBench(.low)
        bench.run(FeedBench.Encoder(groups: [8]), seconds: 16)
        #expect(bench.report.advice.map(\.code) == [.keyFramesRare])
        bench.run(FeedBench.Encoder(time: { 16_000 + Int64($0) * 40 }), seconds: 16)
        #expect(bench.report.advice == [])
    }

    // MARK: Rates

    @Test func bFramesAreAHintWhereDelayCounts() throws {
        let encoder = FeedBench.Encoder(reordering: 1)
        #expect(FeedBench.advice(encoder, .ultra) == [.bFrames])
        #expect(FeedBench.advice(encoder, .low) == [.bFrames])
        #expect(FeedBench.advice(encoder, .standard) == [])
        var bench = FeedBench()
        bench.run(encoder)
        #expect(bench.report.pictures?.reorderDelay == 0.08)
        #expect(bench.report.advice.first?.text.contains("by up to 80 ms") == true)
    }

    @Test func picturesThatAreAllShownLaterAreInOrder() {
        var bench = FeedBench(.ultra)
        bench.run(FeedBench.Encoder())
        let late = FeedBench.Encoder(time: { 20_000 + Int64($0) * 40 })
        bench.run(late)
        #expect(bench.report.pictures?.reorderDelay == 0)
    }

    @Test func bitsAreCountedBySecondsOfTheSource() {
        var bench = FeedBench()
        bench.run()
        #expect(
            bench.report.pictures?.bitRate == FeedReport.BitRate(average: 2_000_000, peak: 2_000_000, latest: 2_000_000)
        )
        #expect(bench.report.sounds.first?.bitRate.map { (127_000...129_000).contains($0.average) } == true)
    }

    @Test func secondsOfManyBitsAreAHint() {
        let encoder = FeedBench.Encoder(pictureBytes: { $0 / 25 % 8 == 3 ? 60_000 : 10_000 })
        #expect(FeedBench.advice(encoder) == [.bitRateUneven])
    }

    @Test func aRateThatIsNotConstantIsAHint() {
        let encoder = FeedBench.Encoder(time: { Int64($0) * 40 + ($0 % 5 == 1 ? 25 : 0) })
        #expect(FeedBench.advice(encoder) == [.frameRateUneven])
        // RTMP knows whole milliseconds.
        #expect(FeedBench.advice(FeedBench.Encoder(time: { Int64((Double($0) * 1000 / 60).rounded()) })) == [])
    }

    @Test func theFrameRateIsMeasured() {
        var bench = FeedBench()
        bench.run(FeedBench.Encoder(time: { Int64((Double($0) * 1001 / 30).rounded()) }))
        let rate = bench.report.pictures?.frameRate?.average ?? 0
        #expect(abs(rate - 30_000 / 1001) < 0.01)
    }

    // MARK: Time

    @Test func aFeedThatFallsBehindIsAProblem() {
        #expect(FeedBench.advice(FeedBench.Encoder(arrival: { $0 * 1.1 })).first == .feedLate)
    }

    @Test func aLineThatStoodStillOnceIsAHint() {
        let encoder = FeedBench.Encoder(arrival: { (8.0..<9.0).contains($0) ? 9 : $0 })
        #expect(FeedBench.advice(encoder, .ultra) == [.feedUneven])
        #expect(FeedBench.advice(encoder, .low) == [.feedUneven])
        #expect(FeedBench.advice(encoder, .standard) == [])
    }

    @Test func whatHappenedHalfAMinuteAgoIsForgotten() {
        let encoder = FeedBench.Encoder(arrival: { (8.0..<9.0).contains($0) ? 9 : $0 })
        #expect(FeedBench.advice(encoder, seconds: 42) == [])
    }

    @Test(arguments: [(300.0, FeedAdvice.Severity.hint), (-1000, .problem), (100, nil)])
    func aClockThatIsOffIsTold(partsPerMillion: Double, severity: FeedAdvice.Severity?) {
        var bench = FeedBench()
        bench.run(FeedBench.Encoder(arrival: { $0 / (1 + partsPerMillion / 1e6) }), seconds: 90)
        #expect(bench.report.clockDrift.map { abs($0 - partsPerMillion) < 20 } == true)
        #expect(bench.report.advice.first?.code == (severity == nil ? nil : .clockDrift))
        #expect(bench.report.advice.first?.severity == severity)
    }

    @Test(arguments: [-500, -86_400_000, 3_600_000] as [Int64])
    func aClockThatIsSetIsAProblem(step: Int64) {
        var bench = FeedBench()
        bench.run(seconds: 10)
        bench.run(FeedBench.Encoder(time: { 10_000 + step + Int64($0) * 40 }), seconds: 10)
        #expect(bench.report.clockSteps == 1)
        #expect(bench.report.advice.map(\.code) == [.clockSet])
        bench.run(FeedBench.Encoder(time: { 20_000 + step + Int64($0) * 40 }), seconds: 31)
        #expect(bench.report.advice == [])
    }

    @Test func anEncoderThatPausesHasNotSetItsClock() {
        var bench = FeedBench()
        bench.run(seconds: 10)
        bench.run(FeedBench.Encoder(hasPictures: false, hasSound: false), seconds: 20)
        bench.run(FeedBench.Encoder(time: { 30_000 + Int64($0) * 40 }), seconds: 10)
        #expect(bench.report.clockSteps == 0)
    }

    @Test func soundFarFromItsPicturesIsAHint() throws {
        #expect(FeedBench.advice(FeedBench.Encoder(soundDelay: 0.5)) == [])
        var bench = FeedBench()
        bench.run(FeedBench.Encoder(soundDelay: 1.5))
        let advice = try #require(bench.report.advice.first { $0.code == .soundApart })
        #expect(advice.text.contains("1.5 s behind"))
    }

    // MARK: Tracks

    @Test func whatTheChannelHasAndTheFeedHasNotIsAProblem() {
        #expect(FeedBench.advice(FeedBench.Encoder(hasPictures: false)) == [.picturesMissing])
        #expect(FeedBench.advice(FeedBench.Encoder(hasSound: false)) == [.soundMissing])
        #expect(FeedBench.advice(FeedBench.Encoder(hasSound: false), tracks: .video) == [])
        #expect(FeedBench.advice(FeedBench.Encoder(hasPictures: false), tracks: .audio) == [])
        #expect(FeedBench.advice(FeedBench.Encoder(hasSound: false), seconds: 4) == [])
    }

    @Test func codecsOfFewPlayersAreAHint() {
        #expect(FeedBench.advice(FeedBench.Encoder(codec: .hevc)) == [.codecRare])
    }

    @Test func whatNothingCanBeMadeOfIsAProblem() {
        var bench = FeedBench()
        bench.run()
        for _ in 0..<3 { bench.note(.unusable(codecName: "MP3"), at: 20) }
        #expect(bench.report.advice.map(\.code) == [.codecUnusable])
        #expect(bench.report.advice.first?.text.contains("MP3") == true)
    }

    @Test func soundThatNoPlayerTakesIsNone() {
        var bench = FeedBench()
        bench.run(FeedBench.Encoder(hasSound: false))
        let layerTwo = Track(
            codec: .mp2, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1152)),
            decoderConfiguration: ByteChunk(), codecString: "mp4a.40.33")
        bench.note(.track(layerTwo), at: 0)
        #expect(bench.report.advice.map(\.code) == [.codecUnusable, .soundMissing])
        #expect(bench.report.sounds.isEmpty && bench.report.unusableCodecs == ["MP2"])
    }

    @Test func problemsComeFirst() {
        var bench = FeedBench(.low)
        bench.run(FeedBench.Encoder(groups: [5], reordering: 1, codec: .hevc, hasSound: false))
        #expect(bench.report.advice.map(\.code) == [.soundMissing, .keyFramesRare, .codecRare, .bFrames])
    }

    @Test func aFeedOfManyTracksIsKeptAccountOfInPart() {
        var bench = FeedBench()
        for index in 0..<1000 {
            var track = ChannelBench.audio
            track.index = index
            bench.note(.track(track), at: 0)
            bench.note(.unusable(codecName: "codec \(index)"), at: 0)
        }
        #expect(bench.report.sounds.count == 16 && bench.report.unusableCodecs.count == 16)
    }
}
