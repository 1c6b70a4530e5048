import Bytes
import Clips
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// What comes out of an encoder has key frames where they are asked for, the times that went in, and what else belongs to
/// the pictures.
@Suite(.timeLimit(.minutes(30))) struct VideoEncoderTests {
    private let folder = TemporaryFolder()

    private static let x264 = options("libx264", preset: "ultrafast")

    /// What each encoder is asked for here.
    static func options(
        _ encoder: String, preset: String, tune: String? = nil, bidirectional: Int = 0,
        _ further: [(name: String, value: String)] = []
    ) -> VideoEncoderOptions {
        var options = VideoEncoderOptions(
            encoder: encoder, size: PictureSize(160, 90), frameDuration: MediaTime(1, Timescale(25)), bitrate: 300_000)
        (options.preset, options.tune, options.bidirectionalFrames) = (preset, tune, bidirectional)
        (options.maximumBitrate, options.bufferSize) = (300_000, 300_000)
        options.options = further
        return options
    }

    private func source(_ picture: String = "testsrc2=s=160x90:r=25:d=2", _ format: String = "yuv420p") throws
        -> [Frame]
    {
        // Its own key frames are where nobody asks for one.
        try Clip(folder, "source.mp4", from: picture, "-pix_fmt \(format) -c:v libx264 -preset ultrafast -g 7").frames()
    }

    private func encoded(
        _ frames: [Frame], _ options: VideoEncoderOptions, keys: Set<Int> = []
    ) throws -> (Track, [Sample]) {
        let encoder = try VideoEncoder(options)
        var samples: [Sample] = []
        for (index, frame) in frames.enumerated() {
            samples += try encoder.encode(frame, asKey: keys.contains(index))
        }
        return (encoder.track, samples + (try encoder.finish()))
    }

    /// What ffprobe finds: the pictures in the order in which they are shown.
    private func shown(_ path: String) throws -> [(time: String, isKey: Bool, type: String)] {
        let output = try Tool.run(
            "ffprobe",
            ["-v", "error", "-select_streams", "v", "-show_entries", "frame=pts,key_frame,pict_type", "-of", "csv=p=0"]
                + [path])
        return output.standardOutput.split(separator: "\n").map { line in
            let fields = line.split(separator: ",")
            return (String(fields[1]), fields[0] == "1", String(fields[2]))
        }
    }

    private static let encoders = [
        options("libx264", preset: "ultrafast", tune: "zerolatency"),
        options("libx264", preset: "veryfast", bidirectional: 3),
        options("libx265", preset: "ultrafast", tune: "zerolatency"),
        options("libx265", preset: "ultrafast", bidirectional: 2),
        options("libaom-av1", preset: "8"),
    ]

    /// A scene that changes all the time: a cut at every tenth picture.
    private let cuts = "testsrc2=s=160x90:r=25:d=2,hue=h='floor(t*2.5)*90',negate=enable='mod(floor(t*2.5),2)'"

    @Test(arguments: encoders)
    func keyFramesAreWhereTheyAreAskedForAndNowhereElse(options: VideoEncoderOptions) throws {
        let frames = try source(cuts)
        let (track, samples) = try encoded(frames, options, keys: [0, 13, 14, 37])
        let path = try Clip.write(track, samples, to: folder, "out.mp4")
        let found = try shown(path)
        #expect(found.count == 50)
        #expect(found.indices.filter { found[$0].isKey } == [0, 13, 14, 37])
        let order = samples.sorted { $0.presentationTime < $1.presentationTime }
        #expect(order.indices.filter { order[$0].isSync } == [0, 13, 14, 37])
        if track.codec != .av1 {
            #expect(found.indices.filter { found[$0].type == "I" } == [0, 13, 14, 37])
        }
        // Groups are closed: each can be decoded alone, into the same pictures.
        let all = try Clip.frames(track, samples)
        let place = try #require(samples.firstIndex { $0.presentationTime == frames[14].presentationTime })
        let rest = try Clip.frames(track, Array(samples[place...]))
        #expect(rest.count == 36 && all.count == 50)
        for (left, right) in zip(all[14...], rest) { #expect(left.packed == right.packed) }
        // And they are what went in.
        for (left, right) in zip(frames, all) { #expect(Frame.likeness(left.packed, right.packed) > 25) }
    }

    /// Nobody's options move key frames, or open groups of pictures.
    @Test(arguments: ["libx264", "libx265"])
    func optionsDoNotMoveKeyFrames(encoder: String) throws {
        let parameters = "keyint=5:min-keyint=1:scenecut=100:open-gop=1"
        let options = Self.options(
            encoder, preset: "veryfast", bidirectional: 2,
            [("\(encoder.dropFirst(3))-params", parameters), ("forced-idr", "0")])
        let (_, samples) = try encoded(try source(cuts), options, keys: [20])
        #expect(samples.filter(\.isSync).map(\.presentationTime) == [0, 20].map { MediaTime($0, Timescale(25)) })
    }

    private static let rates: [(Timescale, @Sendable (Int64) -> Int64)] = [
        (Timescale(25), { $0 }), (Timescale(30_000), { $0 * 1001 }), (Timescale(50), { $0 }),
        (.video, { $0 * 3600 + $0 * $0 % 7 * 300 }), (.video, { $0 < 20 ? $0 * 3003 : 60_060 + ($0 - 20) * 9001 }),
    ]

    @Test(arguments: 0..<rates.count, [0, 3])
    func timesAreExact(rate: Int, bidirectional: Int) throws {
        let (timescale, time) = Self.rates[rate]
        var frames = try source()
        for index in frames.indices { frames[index].presentationTime = MediaTime(time(Int64(index)), timescale) }
        var options = Self.options("libx264", preset: "veryfast", bidirectional: bidirectional)
        options.timescale = timescale
        options.frameDuration = frames[1].presentationTime
        let (track, samples) = try encoded(frames, options, keys: [0, 25])
        #expect(samples.map(\.presentationTime).sorted() == frames.map(\.presentationTime))
        #expect(samples.allSatisfy { $0.decodeTime <= $0.presentationTime })
        for (left, right) in zip(samples, samples.dropFirst()) { #expect(left.decodeTime < right.decodeTime) }
        let found = try shown(try Clip.write(track, samples, to: folder, "out.mp4"))
        #expect(found.map(\.time) == frames.map { "\(($0.presentationTime + Clip.shift).ticks(in: .video))" })
        #expect(found.indices.filter { found[$0].isKey } == [0, 25])
    }

    /// With the settings of `ultra`, each picture comes out when it goes in.
    @Test func nothingIsHeldBackWithoutLookAhead() throws {
        for options in Self.encoders where options.bidirectionalFrames == 0 {
            let encoder = try VideoEncoder(options)
            for frame in try source().prefix(8) {
                let samples = try encoder.encode(frame)
                #expect(samples.map(\.presentationTime) == [frame.presentationTime], "\(options.encoder)")
                #expect(samples.allSatisfy { $0.decodeTime == $0.presentationTime })
            }
        }
    }

    /// The record is the one that ffmpeg writes for the same settings.
    @Test func theRecordIsThatOfFfmpeg() throws {
        let parameters = "keyint=infinite:min-keyint=1:scenecut=0:open-gop=0"
        let rates = "-b:v 300k -maxrate 300k -bufsize 300k -bf 0 -threads 1 -preset veryfast -profile:v high "
        let clip = try Clip(
            folder, "theirs.mp4", from: "testsrc2=s=160x90:r=25:d=1",
            "-pix_fmt yuv420p -c:v libx264 " + rates + "-x264-params " + parameters)
        var options = Self.options("libx264", preset: "veryfast")
        (options.profile, options.timescale) = ("high", Timescale(25))
        let (track, samples) = try encoded(try source(), options)
        #expect(track == clip.track && track.codecString.hasPrefix("avc1.6400"))
        // NAL units stand behind lengths, and parameter sets only in the record.
        for sample in samples {
            var place = 0
            let bytes = sample.data.array
            while place < bytes.count {
                #expect(![7, 8, 9].contains(bytes[place + 4] & 31))
                place += 4 + bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            }
            #expect(place == bytes.count)
        }
    }

    @Test(arguments: [
        options("libx264", preset: "ultrafast"), options("libx265", preset: "ultrafast", bidirectional: 2),
        options("libaom-av1", preset: "8"),
    ])
    func captionsGoAlong(options: VideoEncoderOptions) throws {
        let clip = try Clip(
            folder, "plain.mp4", from: "testsrc2=s=160x90:r=25:d=1",
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency")
        let frames = try Clip.frames(clip.track, clip.captioned)
        #expect(frames[3].captions == ByteChunk(Clip.captions(3)))
        let scaler = try VideoScaler(VideoScalerOptions(size: PictureSize(80, 44)))
        var small = options
        small.size = PictureSize(80, 44)
        for (frames, options) in [(frames, options), (try frames.map { try scaler.scale($0) }, small)] {
            let (track, samples) = try encoded(frames, options)
            let again = try Clip.frames(track, samples)
            #expect(again.map(\.captions) == frames.map(\.captions) && again.count == 25)
            var without = options
            without.passesCaptions = false
            let (other, bare) = try encoded(frames, without)
            #expect(try Clip.frames(other, bare).allSatisfy { $0.captions == nil })
        }
    }

    @Test(arguments: ["libx264", "libx265"])
    func colourGradingAndShapeGoAlong(encoder: String) throws {
        let frames = try source("testsrc2=s=160x90:r=25:d=1", "yuv420p10le")
        var options = Self.options(encoder, preset: "ultrafast")
        options.pixelFormat = .yuv420With10Bits
        options.sampleAspectRatio = AspectRatio(4, 3)
        options.colour = ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false)
        options.chromaLocation = 2
        options.mastering = VideoDecoderTests.display
        options.light = ContentLight(maximum: 1000, maximumAverage: 400)
        let (track, samples) = try encoded(frames, options)
        guard case .video(let format) = track.format else { return }
        #expect(format.colour == options.colour && format.sampleAspectRatio == AspectRatio(4, 3))
        #expect(format.mastering == options.mastering && format.light == options.light)
        let path = try Clip.write(track, samples, to: folder, "out.mp4")
        let said = try Tool.run(
            "ffprobe", ["-v", "error", "-show_streams", "-show_frames", "-read_intervals", "%+#1", path]
        ).standardOutput
        for line in [
            "color_space=bt2020nc", "color_transfer=smpte2084", "color_primaries=bt2020", "color_range=tv",
            "sample_aspect_ratio=4:3", "pix_fmt=yuv420p10le", "max_luminance=10000000/10000", "max_content=1000",
            "red_x=34000/50000", "green_y=34500/50000",
        ] { #expect(said.contains(line), "\(line)") }
        // Not only the boxes tell it, but the stream, too.
        let frame = try #require(try Clip.frames(track, samples).first)
        #expect(frame.colour == options.colour && frame.sampleAspectRatio == AspectRatio(4, 3))
        #expect(frame.chromaLocation == 2)
        if encoder == "libx265" { #expect(frame.mastering == options.mastering && frame.light == options.light) }
        // mastering_display_colour_volume begins with green; libavcodec 59 does not read it in H.264.
        let bytes = try #require(samples.first).data.array
        #expect(bytes.contains([137, 24, 0x33, 0xC2, 0x86, 0xC4]) && bytes.contains([144, 4, 0x03, 0xE8]))
    }

    @Test func fullRangeStaysFullRange() throws {
        let frames = try source("testsrc2=s=160x90:r=25:d=1", "yuvj420p")
        var options = Self.x264
        options.colour = frames[0].colour
        #expect(options.colour?.isFullRange == true)
        let scaler = try VideoScaler(VideoScalerOptions(size: PictureSize(160, 90)))
        let (track, samples) = try encoded(try frames.map { try scaler.scale($0) }, options)
        let again = try #require(try Clip.frames(track, samples).first)
        #expect(again.colour?.isFullRange == true && Frame.likeness(again.packed, frames[0].packed) > 25)
    }

    @Test func whatCannotBeIsRefusedByName() throws {
        func encoder(_ change: (inout VideoEncoderOptions) -> Void) throws -> VideoEncoder {
            var options = Self.x264
            change(&options)
            return try VideoEncoder(options)
        }
        #expect(throws: CodecError.encoderMissing("libx266")) { try encoder { $0.encoder = "libx266" } }
        // It is there, but nobody knows what comes out of it.
        #expect(throws: CodecError.encoderUnfit("mpeg2video")) { try encoder { $0.encoder = "mpeg2video" } }
        #expect("\(CodecError.encoderMissing("libx266"))" == "this build of libavcodec has no encoder libx266")
        #expect(throws: CodecError.unknownOption("nonsense")) { try encoder { $0.options = [("nonsense", "1")] } }
        #expect(throws: CodecError.refused("libx264")) { try encoder { $0.preset = "fastest" } }
        #expect(throws: CodecError.refused("libx264")) { try encoder { $0.size = PictureSize(161, 90) } }
        let frames = try source()
        let small = try encoder { $0.size = PictureSize(320, 180) }
        #expect(throws: CodecError.otherFormat) { try small.encode(frames[0]) }
        let deep = try encoder { $0.pixelFormat = .yuv420With10Bits }
        #expect(throws: CodecError.otherFormat) { try deep.encode(frames[0]) }
        let twice = try encoder { _ in }
        _ = try twice.encode(frames[1])
        #expect(throws: CodecError.timesGoBack) { try twice.encode(frames[1]) }
        #expect(throws: CodecError.timesGoBack) { try twice.encode(frames[0]) }
        #expect(try twice.encode(frames[2]).isEmpty == false || (try twice.finish().isEmpty) == false)
    }

    @Test func theBuildIsAskedForItsEncoders() throws {
        #expect(try FFmpeg.encoders(of: .h264) == ["libx264"])
        #expect(try FFmpeg.encoders(of: .hevc) == ["libx265"])
        #expect(try FFmpeg.encoders(of: .aac).contains("aac"))
        #expect(try FFmpeg.encoders(of: .vp9).isEmpty)
        for name in try FFmpeg.encoders(of: .av1) { #expect(try FFmpeg.hasEncoder(name)) }
        let list = try Tool.run("ffmpeg", ["-hide_banner", "-encoders"]).standardOutput
        for name in ["libx264", "libx265", "libaom-av1", "aac", "libfdk_aac"] {
            #expect(try FFmpeg.hasEncoder(name) == list.contains(" \(name) "), "\(name)")
        }
        // Key frames cannot be asked of the one, and nobody knows what comes out of the other.
        #expect(try FFmpeg.hasEncoder("libsvtav1") == false && FFmpeg.hasEncoder("mpeg2video") == false)
        #expect(try FFmpeg.canDecode(.av1) && FFmpeg.canDecode(.ac3))
    }
}
