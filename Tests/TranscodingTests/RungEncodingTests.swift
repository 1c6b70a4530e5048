import Bytes
import Clips
import FFmpeg
import Media
import Packaging
import TestFolder
import Testing
import Transcoding

/// How a rung is encoded, as its encoder is told, and as it then does.
@Suite(.timeLimit(.minutes(30))) struct RungEncodingTests {
    private static let folder = TemporaryFolder()
    private static let clip = Result {
        try Clip(
            folder, "plain.mp4", from: "testsrc2=s=320x180:r=25:d=0.8,negate=enable='mod(floor(t*5),2)'",
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency")
    }
    private static let pictures = Result { try clip.get().frames() }
    private static let highRange = ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false)

    static func rung(
        _ coding: VideoCoding = .h264, _ change: (inout Rendition) -> Void = { _ in }
    ) throws -> Ladder.Rung {
        var rendition = Rendition(.lines(180), bitRate: .kilobits(3000))
        rendition.coding = coding
        change(&rendition)
        let ladder = Ladder(OutputProfile(.ladder([rendition])), for: SourcePicture(PictureSize(320, 180)))
        return try #require(ladder.rungs.first)
    }

    private static func options(
        _ latency: LatencyProfile.Name, _ coding: VideoCoding = .h264, isHDR: Bool = false,
        _ change: (inout Rendition) -> Void = { _ in }
    ) throws -> VideoEncoderOptions {
        let format = VideoFormat(width: 320, height: 180, colour: isHDR ? highRange : nil)
        return VideoEncoderOptions(
            try rung(coding, change), latency: latency, source: try #require(try pictures.get().first),
            format: format, frameDuration: MediaTime(1, Timescale(25)))
    }

    private static func parameters(_ options: VideoEncoderOptions) -> [String] {
        options.options.flatMap { $0.value.split(separator: ":").map(String.init) }
    }

    /// The samples that each picture gives, and those that are left.
    private static func encoded(
        _ options: VideoEncoderOptions, _ frames: [Frame]
    ) throws -> (track: Track, samples: [[Sample]]) {
        let encoder = try VideoEncoder(options)
        let samples = try frames.map { try encoder.encode($0) }
        return (encoder.track, samples + [try encoder.finish()])
    }

    /// What x264 writes into the stream of how it was set.
    private static func settings(_ sample: Sample) -> Set<Substring> {
        let text = String(decoding: sample.data.array.filter { (0x20..<0x7F).contains($0) }, as: UTF8.self)
        return Set(text.split(separator: " "))
    }

    @Test(
        arguments: [
            (.ultra, ["threads=1", "sliced_threads=0", "rc_lookahead=0", "bframes=0", "vbv_bufsize=1650"]),
            (.low, ["threads=1", "sliced_threads=0", "rc_lookahead=5", "bframes=0", "vbv_bufsize=3300"]),
            (.standard, ["threads=1", "sliced_threads=0", "rc_lookahead=20", "bframes=2", "vbv_bufsize=4950"]),
        ] as [(LatencyProfile.Name, [Substring])])
    func x264IsSetForTheLatency(latency: LatencyProfile.Name, settings: [Substring]) throws {
        let (_, samples) = try Self.encoded(try Self.options(latency), try Self.pictures.get())
        let found = Self.settings(try #require(samples.joined().first))
        let common: [Substring] = ["keyint=infinite", "scenecut=0", "bitrate=3000", "vbv_maxrate=3300"]
        for word in common + settings { #expect(found.contains(word), "\(word) of \(found)") }
    }

    /// In slices, not one each: that would be a picture's delay.
    @Test(arguments: LatencyProfile.Name.allCases)
    func threadsShareALargePictureWhereItIsNeededSoon(latency: LatencyProfile.Name) throws {
        let tuning = EncoderTuning(latency)
        #expect(tuning.threads(for: PictureSize(1280, 720)) == 1)
        #expect(tuning.threads(for: PictureSize(1920, 1080)) == (latency == .ultra ? 2 : 1))
        let format = VideoFormat(width: 1920, height: 1080)
        let rendition = Rendition(.lines(1080), bitRate: .kilobits(5000))
        let rung = try #require(
            Ladder(OutputProfile(.ladder([rendition])), for: SourcePicture(PictureSize(1920, 1080))).rungs.first)
        let options = VideoEncoderOptions(
            rung, latency: latency, source: try #require(try Self.pictures.get().first), format: format,
            frameDuration: MediaTime(1, Timescale(25)))
        #expect(options.threads == (latency == .ultra ? 2 : 1))
        #expect(Self.parameters(options).last == "sliced-threads=\(latency == .ultra ? 1 : 0)")
    }

    @Test(arguments: [VideoCoding.h264, .hevc, .av1])
    func ultraHoldsNoPictureBack(coding: VideoCoding) throws {
        let frames = try Self.pictures.get()
        let (_, samples) = try Self.encoded(try Self.options(.ultra, coding), frames)
        #expect(samples.map { $0.map(\.presentationTime) } == frames.map { [$0.presentationTime] } + [[]])
    }

    @Test func hevcIsSetForTheLatency() throws {
        let ultra = try Self.options(.ultra, .hevc)
        #expect(ultra.tune == "zerolatency" && ultra.bidirectionalFrames == 0 && ultra.threads == 1)
        #expect(Self.parameters(ultra) == ["rc-lookahead=0"])
        let low = try Self.options(.low, .hevc)
        #expect(low.tune == nil && low.bidirectionalFrames == 0 && Self.parameters(low) == ["rc-lookahead=5"])
        let standard = try Self.options(.standard, .hevc)
        #expect(standard.bidirectionalFrames == 2 && Self.parameters(standard) == ["rc-lookahead=20"])
    }

    /// What waits for pictures waits as long as at the usual rates.
    @Test(
        arguments: [(25, 20, 2), (24, 20, 2), (12.5, 10, 2), (10, 8, 0), (5, 4, 0), (1, 0, 0)] as [(Double, Int, Int)])
    func wherePicturesAreFarApartFewerAreWaitedFor(frameRate: Double, lookAhead: Int, bFrames: Int) {
        let (tuning, distance) = (EncoderTuning(.standard), MediaTime.milliseconds(Int64(1000 / frameRate)))
        #expect(tuning.lookAhead(at: distance) == lookAhead && tuning.bFrames(at: distance) == bFrames)
    }

    /// The pictures change all at once five times a second.
    @Test(arguments: LatencyProfile.Name.allCases, VideoCoding.allCases)
    func keyFramesComeFromTheGridAlone(latency: LatencyProfile.Name, coding: VideoCoding) throws {
        let frames = try Self.pictures.get()
        let (track, samples) = try Self.encoded(try Self.options(latency, coding), frames)
        let all = samples.joined()
        #expect(all.count == frames.count && all.filter(\.isSync).count == 1 && track.codec == coding.codec)
    }

    @Test(arguments: VideoCoding.allCases)
    func captionsGoWithThePictures(coding: VideoCoding) throws {
        let clip = try Self.clip.get()
        let frames = Array(try Clip.frames(clip.track, clip.captioned).prefix(6))
        let (track, samples) = try Self.encoded(try Self.options(.standard, coding), frames)
        #expect(try Clip.frames(track, Array(samples.joined())).map(\.captions) == frames.map(\.captions))
    }

    @Test func theBufferIsAStretchOfTheMost() throws {
        let own = try Self.options(.low) { ($0.maximumBitRate, $0.buffer) = (.kilobits(4000), .milliseconds(250)) }
        #expect(own.bufferSize == 1_000_000 && own.maximumBitrate == 4_000_000 && own.bitrate == 3_000_000)
    }

    @Test func whatIsChosenIsTaken() throws {
        let options = try Self.options(.standard) { ($0.preset, $0.profile) = ("slow", "baseline") }
        #expect(options.preset == "slow" && options.profile == "baseline")
        #expect(options.bidirectionalFrames == 0, "baseline has none")
        let usual = try Self.options(.standard)
        #expect(usual.preset == "veryfast" && usual.profile == "high" && usual.encoder == "libx264")
        #expect(usual.size == PictureSize(320, 180) && usual.sampleAspectRatio == AspectRatio(1, 1))
    }

    @Test func aHighDynamicRangeTakesTenBitsWhereTheCodingHasThem() throws {
        #expect(try Self.options(.low, .hevc, isHDR: true).profile == "main10")
        #expect(try Self.options(.low, .hevc, isHDR: true).pixelFormat == .yuv420With10Bits)
        #expect(try Self.options(.low, .hevc).pixelFormat == .yuv420)
        #expect(try Self.options(.low, .hevc) { $0.profile = "main10" }.pixelFormat == .yuv420With10Bits)
        #expect(try Self.options(.low, .av1, isHDR: true).pixelFormat == .yuv420With10Bits)
        #expect(try Self.options(.low, .h264, isHDR: true).pixelFormat == .yuv420)
        #expect(try Self.options(.low, .hevc, isHDR: true) { $0.profile = "main" }.pixelFormat == .yuv420)
    }

    @Test func av1IsSetByItsPresetAlone() throws {
        let options = try Self.options(.standard, .av1) { $0.preset = "6" }
        #expect(options.encoder == "libaom-av1" && options.bidirectionalFrames == 0 && options.preset == "6")
        #expect(options.options.isEmpty && options.tune == nil && options.profile == nil && options.threads == 1)
    }

    /// Times are the source's own, and a rung that takes every second picture shows each for twice as long.
    @Test func timesAreThoseOfTheSource() throws {
        var frame = try #require(try Self.pictures.get().first)
        frame.presentationTime = MediaTime(1001, Timescale(60_000))
        let options = VideoEncoderOptions(
            try Self.rung { $0.pace = .every(2) }, latency: .low, source: frame,
            format: VideoFormat(width: 320, height: 180), frameDuration: MediaTime(1001, Timescale(60_000)))
        #expect(options.timescale == Timescale(60_000) && options.frameDuration == MediaTime(1001, Timescale(30_000)))
    }

    @Test func playersTurnItAsTheyTurnTheSource() throws {
        let clip = try Clip(
            Self.folder, "turned.mp4", from: "testsrc2=s=320x180:r=25:d=0.2",
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -bsf:v h264_metadata=display_orientation=insert:rotate=90")
        let options = VideoEncoderOptions(
            try Self.rung(), latency: .low, source: try #require(try clip.frames().first),
            format: VideoFormat(width: 320, height: 180), frameDuration: MediaTime(1, Timescale(25)))
        #expect(options.rotation == 270)
    }

    @Test func whatTheStreamSaysIsSaidAndElseWhatTheTrackSays() throws {
        let clip = try Clip(
            Self.folder, "grades.mp4", from: "testsrc2=s=320x180:r=25:d=0.2",
            "-pix_fmt yuv420p10le -c:v libx265 -preset ultrafast -color_primaries bt2020 -color_trc arib-std-b67"
                + " -colorspace bt2020nc -chroma_sample_location topleft -tag:v hvc1 -x265-params log-level=none:hdr10=1:"
                + "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
        )
        let display = MasteringDisplay(
            red: .init(x: 34_000, y: 16_000), green: .init(x: 13_250, y: 34_500), blue: .init(x: 7500, y: 3000),
            white: .init(x: 15_635, y: 16_450), maximumLuminance: 20_000_000, minimumLuminance: 50)
        var format = VideoFormat(width: 320, height: 180, colour: Self.highRange)
        format.mastering = display
        format.light = ContentLight(maximum: 2000, maximumAverage: 100)
        func options(_ frame: Frame?) throws -> VideoEncoderOptions {
            VideoEncoderOptions(
                try Self.rung(.hevc), latency: .low, source: try #require(frame), format: format,
                frameDuration: MediaTime(1, Timescale(25)))
        }
        let told = try options(try clip.frames().first)
        #expect(told.colour?.transfer == 18 && told.chromaLocation == 2 && told.profile == "main10")
        #expect(told.rotation == nil)
        #expect(told.mastering?.maximumLuminance == 10_000_000 && told.light?.maximum == 1000)
        let silent = try options(try Self.pictures.get().first)
        #expect(silent.colour == Self.highRange && silent.chromaLocation != 2 && silent.profile == "main10")
        #expect(silent.mastering == display && silent.light == format.light)
    }
}
