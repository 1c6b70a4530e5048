import Media
import Packaging
import Schema
import Testing
import Transcoding

@Suite struct OutputProfileTests {
    static func faults(_ profile: OutputProfile, _ latency: LatencyProfile, hasVideo: Bool = true) -> [String] {
        var faults = FaultList()
        profile.check(OutputTerms(latency: latency, hasVideo: hasVideo), at: .root, into: &faults)
        return faults.faults.map { "\($0.path): \($0.message)" }
    }

    static func profile(gop: Int64? = nil, _ change: (inout Rendition) -> Void = { _ in }) -> OutputProfile {
        var rendition = Rendition(.lines(720), bitRate: .kilobits(3000))
        change(&rendition)
        return OutputProfile(.ladder([rendition]), keyFrameInterval: gop.map(MediaTime.milliseconds))
    }

    @Test(arguments: LatencyProfile.Name.allCases, OutputPreset.allCases)
    func whatHasANameIsRightOnAnyChannel(latency: LatencyProfile.Name, preset: OutputPreset) {
        for targetDuration in [nil, 1, 2, 30] {
            let profile = LatencyProfile(latency, targetDuration: targetDuration)
            #expect(Self.faults(OutputProfile(preset), profile).isEmpty)
            #expect(Self.faults(OutputProfile(.mixed(preset.renditions)), profile).isEmpty)
            #expect(Self.faults(.passthrough, profile, hasVideo: false).isEmpty)
        }
    }

    @Test func keyFramesComeEveryTwoSecondsAndEverySecondInUltra() {
        let profile = OutputProfile(.hd)
        #expect(profile.keyFrameInterval(for: LatencyProfile(.standard)) == .milliseconds(2000))
        #expect(profile.keyFrameInterval(for: LatencyProfile(.low)) == .milliseconds(2000))
        #expect(profile.keyFrameInterval(for: LatencyProfile(.ultra)) == .milliseconds(1000))
        #expect(profile.keyFrameInterval(for: LatencyProfile(.low, targetDuration: 1)) == .milliseconds(1000))
        #expect(Self.profile(gop: 1500).keyFrameInterval(for: LatencyProfile(.low)) == .milliseconds(1500))
    }

    @Test(
        arguments: [
            (.ultra, 2000, true), (.ultra, 2001, false), (.ultra, 500, true), (.low, 4000, true), (.low, 4001, false),
            (.low, 534, false), (.low, 535, true), (.standard, 6000, true), (.standard, 6001, false),
            (.standard, 500, false),
        ] as [(LatencyProfile.Name, Int64, Bool)])
    func keyFramesAreNoFurtherApartThanSegmentsAreLongNorCloserThanAPart(
        latency: LatencyProfile.Name, gop: Int64, isRight: Bool
    ) {
        let faults = Self.faults(Self.profile(gop: gop), LatencyProfile(latency))
        #expect(faults.isEmpty == isRight && faults.allSatisfy { $0.hasPrefix("gop: ") })
    }

    @Test func whereARungHasFewerFramesAKeyFrameMayComeLate() {
        let divided: (inout Rendition) -> Void = { $0.pace = .every(2) }
        #expect(Self.faults(Self.profile(gop: 2000, divided), LatencyProfile(.ultra)).count == 1)
        #expect(Self.faults(Self.profile(gop: 1750, divided), LatencyProfile(.ultra)).isEmpty)
        #expect(Self.faults(Self.profile(gop: 2000), LatencyProfile(.ultra)).isEmpty)
    }

    @Test(
        arguments: [
            (.ultra, 199, false), (.ultra, 200, true), (.ultra, 1000, true), (.ultra, 1001, false), (.low, 2000, true),
            (.low, 2001, false), (.standard, 4000, true), (.standard, 4001, false),
        ] as [(LatencyProfile.Name, Int64, Bool)])
    func theBufferHasRoomForAKeyFrameAndNoMoreThanTheLatencyAllows(
        latency: LatencyProfile.Name, buffer: Int64, isRight: Bool
    ) {
        let faults = Self.faults(Self.profile { $0.buffer = .milliseconds(buffer) }, LatencyProfile(latency))
        #expect(faults.isEmpty == isRight && faults.allSatisfy { $0.hasPrefix("renditions[0].buffer: ") })
    }

    @Test func theMostIsNoLessThanTheAverage() {
        let latency = LatencyProfile(.low)
        #expect(Self.faults(Self.profile { $0.maximumBitRate = .kilobits(3000) }, latency).isEmpty)
        #expect(Self.faults(Self.profile { $0.maximumBitRate = .kilobits(2999) }, latency).count == 1)
        #expect(Rendition(.lines(720), bitRate: .kilobits(3000)).peakBitRate == .kilobits(3300))
    }

    @Test func noMoreThanEightAreEncoded() {
        let renditions = (1...9).map { Rendition(.lines($0 * 100), bitRate: .kilobits($0 * 500)) }
        #expect(Self.faults(OutputProfile(.ladder(renditions.dropLast())), LatencyProfile(.low)).isEmpty)
        #expect(Self.faults(OutputProfile(.ladder(renditions)), LatencyProfile(.low)).count == 1)
    }

    @Test func noTwoRenditionsAreAlike() {
        let one = Rendition(.lines(720), bitRate: .kilobits(3000))
        var others = Array(repeating: one, count: 4)
        others[0].bitRate = .kilobits(2000)
        others[1].coding = .hevc
        others[2].pace = .every(2)
        others[3].extent = .lines(718)
        #expect(Self.faults(OutputProfile(.ladder([one] + others)), LatencyProfile(.low)).isEmpty)
        var twin = one
        twin.preset = "fast"
        let faults = Self.faults(OutputProfile(.ladder([one, others[0], twin])), LatencyProfile(.low))
        #expect(faults.count == 1 && faults[0].hasPrefix("renditions[2]: ") && faults[0].contains("as renditions[0]"))
    }

    @Test(arguments: [([1, 2, 4], true), ([4, 1], true), ([1, 3], true), ([2, 3], false), ([1, 3, 4], false)])
    func divisorsHaveFramesInCommon(divisors: [Int], isRight: Bool) {
        let renditions = divisors.enumerated().map { index, divisor in
            var rendition = Rendition(.lines(720 - index * 100), bitRate: .kilobits(3000))
            rendition.pace = .every(divisor)
            return rendition
        }
        let faults = Self.faults(OutputProfile(.ladder(renditions)), LatencyProfile(.standard))
        #expect(faults.isEmpty == isRight && faults.allSatisfy { $0.contains(".frameRateDivisor: ") })
    }

    @Test(arguments: VideoCoding.allCases)
    func whatIsUsualIsKnown(coding: VideoCoding) {
        #expect(coding.presets.contains(coding.usualPreset))
        for word in coding.presets {
            #expect(Self.faults(Self.profile { ($0.coding, $0.preset) = (coding, word) }, LatencyProfile(.low)).isEmpty)
        }
        for word in coding.profiles {
            #expect(
                Self.faults(Self.profile { ($0.coding, $0.profile) = (coding, word) }, LatencyProfile(.low)).isEmpty)
        }
        let odd = Self.profile { ($0.coding, $0.preset, $0.profile) = (coding, "quick", "high444") }
        #expect(Self.faults(odd, LatencyProfile(.low)).count == 2)
    }
}
