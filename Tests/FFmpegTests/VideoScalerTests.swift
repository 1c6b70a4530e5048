import Clips
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// What is scaled is what ffmpeg makes of it.
@Suite(.timeLimit(.minutes(30))) struct VideoScalerTests {
    private let folder = TemporaryFolder()

    private func clip(_ format: String, _ options: String = "") throws -> Clip {
        try Clip(
            folder, "clip.mp4", from: "testsrc2=s=320x180:r=25:d=0.2",
            "-pix_fmt \(format) -c:v libx264 -preset ultrafast -qp 10 " + options)
    }

    private func scaler(
        _ width: Int, _ height: Int, _ change: (inout VideoScalerOptions) -> Void = { _ in }
    ) throws -> VideoScaler {
        var options = VideoScalerOptions(size: PictureSize(width, height))
        change(&options)
        return try VideoScaler(options)
    }

    /// The pictures of a file as ffmpeg filters them.
    private func theirs(_ path: String, _ filter: String, size: Int) throws -> [[UInt8]] {
        let raw = folder.path(of: "theirs.yuv")
        try Tool.run("ffmpeg", ["-v", "error", "-y", "-i", path, "-vf", filter, "-f", "rawvideo", raw])
        let bytes = try folder.bytes(of: "theirs.yuv")
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<($0 + size)]) }
    }

    @Test(arguments: ["yuv420p", "yuv422p", "yuv420p10le", "yuv422p10le", "yuv444p", "yuvj420p"], [1, 2])
    func sizeAndContentAreThoseOfFfmpeg(format: String, threads: Int) throws {
        let clip = try clip(format)
        let range = format == "yuvj420p" ? ":in_range=full:out_range=full" : ""
        let expected = try theirs(
            clip.path, "scale=160:90:flags=bicubic\(range),format=yuv420p", size: 160 * 90 * 3 / 2)
        let scaler = try scaler(160, 90) { $0.threads = threads }
        for (frame, picture) in zip(try clip.frames(), expected) {
            let scaled = try scaler.scale(frame)
            #expect((scaled.width, scaled.height) == (160, 90) && scaled.pixelFormat == .yuv420)
            #expect(scaled.presentationTime == frame.presentationTime)
            #expect(Frame.likeness(scaled.packed, picture) > 40)
        }
    }

    /// The same by the other library, and captions, range and times go along there, too.
    @Test(arguments: ["yuv420p", "yuv422p", "yuv422p10le", "yuvj420p"], [1, 2])
    func zimgDoesTheSame(format: String, threads: Int) throws {
        let clip = try clip(format)
        let expected = try theirs(
            clip.path, "zscale=160:90:filter=bicubic,format=yuv420p", size: 160 * 90 * 3 / 2)
        let scaler = try scaler(160, 90) { options in
            (options.library, options.threads) = (.zimg, threads)
        }
        let direct = try self.scaler(160, 90)
        for (frame, picture) in zip(try clip.frames(), expected) {
            let scaled = try scaler.scale(frame)
            #expect((scaled.width, scaled.height) == (160, 90) && scaled.pixelFormat == .yuv420)
            #expect(scaled.presentationTime == frame.presentationTime && scaled.colour == frame.colour)
            #expect(Frame.likeness(scaled.packed, picture) > 40)
            #expect(Frame.likeness(scaled.packed, try direct.scale(frame).packed) > 25)
        }
        let sharp = try self.scaler(160, 90) { options in
            (options.library, options.options) = (.zimg, [("param_a", "0"), ("param_b", "0.6")])
        }
        let frame = try #require(try clip.frames().first)
        #expect(try sharp.scale(frame).packed != scaler.scale(frame).packed)
    }

    /// Each rung is made of the one above, and is not far from what it would be from the top.
    @Test func aCascadeIsCloseToTheDirectWay() throws {
        let clip = try clip("yuv420p")
        let steps = [try scaler(240, 136), try scaler(160, 90), try scaler(80, 44)]
        let direct = try theirs(clip.path, "scale=80:44:flags=bicubic", size: 80 * 44 * 3 / 2)
        for (frame, picture) in zip(try clip.frames(), direct) {
            var frame = frame
            for step in steps { frame = try step.scale(frame) }
            #expect(Frame.likeness(frame.packed, picture) > 24)
        }
    }

    @Test func samplesBecomeSquare() throws {
        let clip = try clip("yuv420p", "-aspect 4:3")
        let frames = try clip.frames()
        let ratio = frames[0].sampleAspectRatio
        #expect(ratio == AspectRatio(3, 4))
        let scaled = try scaler(320, 240).scale(frames[0])
        #expect(scaled.sampleAspectRatio == AspectRatio(1, 1) && scaled.height == 240)
        // Of one size, but another shape: said anew.
        #expect(try scaler(320, 180).scale(frames[0]).sampleAspectRatio == AspectRatio(1, 1))
    }

    /// No work where there is none to do: it is the same picture.
    @Test func whatFitsIsPassedOn() throws {
        let frame = try #require(try clip("yuv420p").frames().first)
        let scaled = try scaler(320, 180).scale(frame)
        #expect(
            scaled.withPlane(0) { bytes, _ in bytes.baseAddress }
                == frame.withPlane(0) { bytes, _ in bytes.baseAddress })
    }

    @Test(arguments: [VideoScalerOptions.Library.swscale, .zimg])
    func theSourceMayChange(library: VideoScalerOptions.Library) throws {
        func scaler() throws -> VideoScaler { try self.scaler(80, 44) { $0.library = library } }
        let one = try scaler()
        for format in ["yuv420p", "yuv422p10le", "yuv420p"] {
            let frame = try #require(try clip(format).frames().first)
            #expect(try one.scale(frame).packed == scaler().scale(frame).packed)
        }
    }

    @Test func whatCannotBeIsRefused() throws {
        #expect(throws: CodecError.refused("libswscale")) { try scaler(0, 44) }
        let frame = try #require(try clip("yuv420p").frames().first)
        let unknown = try scaler(80, 44) { $0.algorithm = "wonderful" }
        #expect(throws: CodecError.unknownOption("sws_flags")) { try unknown.scale(frame) }
        let other = try scaler(80, 44) { ($0.library, $0.algorithm) = (.zimg, "wonderful") }
        #expect(throws: CodecError.refused("libavfilter")) { try other.scale(frame) }
        #expect(try PixelFormat(named: "yuv420p") == .yuv420 && (try PixelFormat(named: "nonsense")) == nil)
        #expect(PixelFormat.yuv420With10Bits.name == "yuv420p10le")
    }
}
