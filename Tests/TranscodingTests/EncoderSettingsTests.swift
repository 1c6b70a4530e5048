import Media
import Packaging
import Testing
import Transcoding

@Suite struct EncoderSettingsTests {
    static func settings(
        _ latency: LatencyProfile.Name, _ coding: VideoCoding = .h264, isHDR: Bool = false,
        _ change: (inout Rendition) -> Void = { _ in }
    ) throws -> EncoderSettings {
        var rendition = Rendition(.lines(720), bitRate: .kilobits(3000))
        rendition.coding = coding
        change(&rendition)
        let ladder = Ladder(OutputProfile(.ladder([rendition])), for: SourcePicture(PictureSize(1920, 1080)))
        let rung = try #require(ladder.rungs.first)
        return EncoderSettings(rung, latency: latency, hasHighDynamicRange: isHDR)
    }

    static func option(_ name: String, of settings: EncoderSettings) -> String? {
        settings.options.first { $0.name == name }?.value
    }

    /// The parameters that x264 and x265 are told in one option.
    static func parameters(_ settings: EncoderSettings) -> Set<String> {
        let text = option("x264-params", of: settings) ?? option("x265-params", of: settings) ?? ""
        return Set(text.split(separator: ":").map(String.init))
    }

    @Test func ultraHoldsNoPictureBack() throws {
        for coding in [VideoCoding.h264, .hevc] {
            let settings = try Self.settings(.ultra, coding)
            #expect(Self.option("tune", of: settings) == "zerolatency")
            #expect(settings.bFrames == 0 && settings.threads == .slices)
            #expect(Self.parameters(settings).isSuperset(of: ["bframes=0", "rc-lookahead=0"]))
        }
        #expect(Self.parameters(try Self.settings(.ultra)).contains("sliced-threads=1"))
        #expect(Self.parameters(try Self.settings(.ultra, .hevc)).contains("frame-threads=1"))
    }

    @Test func lowLooksALittleAheadAndStandardHasBFrames() throws {
        let low = try Self.settings(.low)
        #expect(Self.option("tune", of: low) == nil && low.bFrames == 0 && low.threads == .slices)
        #expect(Self.parameters(low).contains("rc-lookahead=5"))
        let standard = try Self.settings(.standard)
        #expect(Self.option("tune", of: standard) == nil && standard.bFrames == 2 && standard.threads == .frames)
        #expect(Self.parameters(standard).isSuperset(of: ["bframes=2", "rc-lookahead=20", "sliced-threads=0"]))
    }

    @Test(arguments: LatencyProfile.Name.allCases, [VideoCoding.h264, .hevc])
    func keyFramesComeFromTheGridAlone(latency: LatencyProfile.Name, coding: VideoCoding) throws {
        let settings = try Self.settings(latency, coding)
        #expect(Self.parameters(settings).isSuperset(of: ["scenecut=0", "open-gop=0"]))
        #expect(Self.option("forced-idr", of: settings) == "1")
    }

    @Test func captionsGoWithThePictures() throws {
        #expect(Self.option("a53cc", of: try Self.settings(.low)) == "1")
    }

    @Test func theBufferIsAStretchOfTheMost() throws {
        #expect(try Self.settings(.ultra).bufferSize == 1_650_000)
        #expect(try Self.settings(.low).bufferSize == 3_300_000)
        #expect(try Self.settings(.standard).bufferSize == 4_950_000)
        let own = try Self.settings(.low) { ($0.maximumBitRate, $0.buffer) = (.kilobits(4000), .milliseconds(250)) }
        #expect(own.bufferSize == 1_000_000 && own.peakBitRate == .kilobits(4000) && own.bitRate == .kilobits(3000))
    }

    @Test func whatIsChosenIsTaken() throws {
        let settings = try Self.settings(.standard) { ($0.preset, $0.profile) = ("slow", "baseline") }
        #expect(Self.option("preset", of: settings) == "slow" && Self.option("profile", of: settings) == "baseline")
        #expect(settings.bFrames == 0 && Self.parameters(settings).contains("bframes=0"), "baseline has none")
        let usual = try Self.settings(.standard)
        #expect(Self.option("preset", of: usual) == "veryfast" && Self.option("profile", of: usual) == "high")
    }

    @Test func aHighDynamicRangeTakesTenBitsWhereTheCodingHasThem() throws {
        #expect(try Self.settings(.low, .hevc, isHDR: true).profile == "main10")
        #expect(try Self.settings(.low, .hevc, isHDR: true).hasTenBits)
        #expect(try !Self.settings(.low, .hevc).hasTenBits)
        #expect(try Self.settings(.low, .av1, isHDR: true).hasTenBits)
        #expect(try !Self.settings(.low, .h264, isHDR: true).hasTenBits)
        #expect(try !Self.settings(.low, .hevc, isHDR: true) { $0.profile = "main" }.hasTenBits)
        for (transfer, isHigh) in [(16, true), (18, true), (1, false), (14, false)] as [(UInt8, Bool)] {
            var format = VideoFormat(width: 1920, height: 1080)
            format.colour = ColourDescription(primaries: 9, transfer: transfer, matrix: 9, isFullRange: false)
            #expect(SourcePicture(format).hasHighDynamicRange == isHigh)
        }
    }

    @Test func av1IsEncodedInRealTime() throws {
        let settings = try Self.settings(.standard, .av1) { $0.preset = "6" }
        #expect(settings.encoder == "libaom-av1" && settings.bFrames == 0)
        #expect(Self.option("usage", of: settings) == "realtime" && Self.option("cpu-used", of: settings) == "6")
        #expect(Self.option("lag-in-frames", of: settings) == "0")
    }
}
