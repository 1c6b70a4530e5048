import Clips
import FFmpeg
import Media
import Packaging
import TestFolder
import Testing
import Transcoding

/// How the pictures of a rung are made of larger ones.
@Suite(.timeLimit(.minutes(30))) struct RungScalingTests {
    private let folder = TemporaryFolder()

    private func options(_ frame: Frame, _ coding: VideoCoding = .h264) throws -> (Ladder.Rung, VideoEncoderOptions) {
        var rendition = Rendition(.lines(90), bitRate: .kilobits(1000))
        rendition.coding = coding
        if coding == .hevc { rendition.profile = "main10" }
        let format = VideoFormat(width: 320, height: 180)
        let source = SourcePicture(frame, format: format, frameRate: 25)
        let rung = try #require(Ladder(OutputProfile(.ladder([rendition])), for: source).rungs.first)
        let encoding = VideoEncoderOptions(
            rung, latency: .ultra, source: frame, format: format, frameDuration: MediaTime(1, Timescale(25)))
        return (rung, encoding)
    }

    private func frame(_ further: String = "") throws -> Frame {
        let clip = try Clip(
            folder, "clip.mp4", from: "testsrc2=s=320x180:r=25:d=0.2",
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -qp 10 " + further)
        return try #require(try clip.frames().last)
    }

    @Test func picturesAreInTheEncodersForm() throws {
        let frame = try frame()
        for (coding, form) in [(VideoCoding.h264, PixelFormat.yuv420), (.hevc, .yuv420With10Bits)] {
            let (rung, encoding) = try options(frame, coding)
            for library in [VideoScalerOptions.Library.swscale, .zimg] {
                let scaled = try VideoScaler(rung.scalerOptions(for: encoding, by: library)).scale(frame)
                #expect(scaled.pixelFormat == form && (scaled.width, scaled.height) == (160, 90))
                #expect(try VideoEncoder(encoding).encode(scaled).isEmpty == false)
            }
        }
    }

    @Test func theQuickestIsTakenOfThoseThatAreThere() throws {
        let (rung, encoding) = try options(try frame())
        #expect(VideoScalerOptions.Library.zimg.isThere && VideoScalerOptions.Library.swscale.isThere)
        #expect(rung.scalerOptions(for: encoding).library == .zimg)
    }

    /// Whoever has no zimg sees the same.
    @Test func bothLibrariesGiveTheSamePicture() throws {
        let frame = try frame()
        let (rung, encoding) = try options(frame)
        let pictures = try [VideoScalerOptions.Library.swscale, .zimg].map {
            try VideoScaler(rung.scalerOptions(for: encoding, by: $0)).scale(frame).packed
        }
        // Brightness, and colour, which would be a quarter of a sample beside.
        let samples = 160 * 90
        #expect(Frame.likeness(Array(pictures[0][..<samples]), Array(pictures[1][..<samples])) > 61.5)
        #expect(Frame.likeness(Array(pictures[0][samples...]), Array(pictures[1][samples...])) > 50)
    }

    /// What a scaler takes for the place of colour says nothing of the picture.
    @Test(arguments: [VideoScalerOptions.Library.swscale, .zimg])
    func thePlaceOfColourIsSaidAsTheSourceSaysIt(library: VideoScalerOptions.Library) throws {
        let frame = try frame("-chroma_sample_location topleft")
        #expect(frame.chromaLocation == 2)
        let (rung, encoding) = try options(frame)
        let scaled = try VideoScaler(rung.scalerOptions(for: encoding, by: library)).scale(frame)
        #expect(scaled.chromaLocation == 2)
        let encoder = try VideoEncoder(encoding)
        let samples = try encoder.encode(scaled)
        #expect(try Clip.frames(encoder.track, samples).first?.chromaLocation == 2)
    }
}
