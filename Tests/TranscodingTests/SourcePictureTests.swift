import Clips
import FFmpeg
import Media
import TestFolder
import Testing
import Transcoding

/// What a ladder is told of a source, from its first picture.
@Suite(.timeLimit(.minutes(30))) struct SourcePictureTests {
    private let folder = TemporaryFolder()

    private func picture(_ options: String, source: String = "testsrc2=s=160x90:r=25:d=0.2") throws -> SourcePicture {
        let clip = try Clip(
            folder, "clip.mp4", from: source, "-pix_fmt yuv420p -c:v libx264 -preset ultrafast " + options)
        return SourcePicture(
            try #require(try clip.frames().first), format: VideoFormat(width: 0, height: 0), frameRate: 25)
    }

    /// 90 lines are 96 with what is cropped.
    @Test func itsSizeIsThatOfWhatIsShown() throws {
        let picture = try picture("")
        #expect(picture.size == PictureSize(160, 90) && picture.frameRate == 25)
        #expect(picture.sampleAspectRatio == AspectRatio(1, 1) && picture.rotation == .none)
        #expect(!picture.hasHighDynamicRange)
    }

    @Test func itsShapeIsThatOfTheSamples() throws {
        #expect(try picture("-aspect 4:3").sampleAspectRatio == AspectRatio(3, 4))
    }

    /// What is said is anticlockwise.
    @Test(
        arguments: [
            (0, .none), (90, .threeQuarters), (180, .half), (270, .quarter), (60, .threeQuarters), (350, .none),
        ]
            as [(Int, SourcePicture.Rotation)])
    func howPlayersTurnItIsRoundedToQuarters(degrees: Int, rotation: SourcePicture.Rotation) throws {
        #expect(
            try picture("-bsf:v h264_metadata=display_orientation=insert:rotate=\(degrees)").rotation == rotation)
    }

    @Test(arguments: [("smpte2084", true), ("arib-std-b67", true), ("bt709", false), ("bt2020-10", false)])
    func aHighDynamicRangeIsTold(transfer: String, isHigh: Bool) throws {
        #expect(try picture("-color_trc \(transfer)").hasHighDynamicRange == isHigh)
    }

    @Test func whatTheStreamDoesNotSayIsInTheTrack() throws {
        let clip = try Clip(
            folder, "clip.mp4", from: "testsrc2=s=160x90:r=25:d=0.2", "-pix_fmt yuv420p -c:v libx264 -preset ultrafast")
        let frame = try #require(try clip.frames().first)
        for (transfer, isHigh) in [(16, true), (18, true), (1, false), (14, false)] as [(UInt8, Bool)] {
            let colour = ColourDescription(primaries: 9, transfer: transfer, matrix: 9, isFullRange: false)
            let format = VideoFormat(width: 160, height: 90, colour: colour)
            #expect(SourcePicture(frame, format: format, frameRate: nil).hasHighDynamicRange == isHigh)
            #expect(SourcePicture(format).hasHighDynamicRange == isHigh)
        }
    }
}
